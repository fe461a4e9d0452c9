package engine

import (
	"context"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Do does a command that came without a session, and gives its answer, a frame as
// one with a session would get it. The caller counts a refusal.
func (e *Engine) Do(ctx context.Context, by auth.Identity, name string, payload []byte) ([]byte, *protocol.Error) {
	done, ok := e.call()
	if !ok {
		return nil, &protocol.Error{Code: protocol.CodeUnavailable, Text: "this node is going away: try again", Retry: minRetry}
	}
	defer done()
	fields, id, err := e.do(ctx, &by, name, payload)
	if err != nil {
		e.storeFails("a command could not be done", err)
		return nil, e.refusal(err)
	}
	return doneFrame(id, fields), nil
}

func (e *Engine) do(ctx context.Context, by *auth.Identity, name string, payload []byte) (fields any, id string, err error) {
	head, err := decode[struct {
		ID *string `json:"id"`
	}](payload)
	switch {
	case err != nil:
		return nil, "", err
	case head.ID == nil:
	case !idIsGood(*head.ID):
		return nil, "", &protocol.Error{Code: protocol.CodeInvalidID}
	default:
		id = *head.ID
	}
	c := commands[name]
	if c.look != nil {
		fields, err = c.look(ctx, e, by, payload)
		return fields, id, err
	}
	if c.write == nil {
		return nil, id, &protocol.Error{Code: protocol.CodeUnknownType}
	}
	draft, err := c.write(by, payload)
	if err != nil {
		return nil, id, err
	}
	r, err := e.write(ctx, draft)
	return protocol.Written{Seq: r.Event.Seq, TS: r.Event.TS, Repeated: !r.New}, id, err
}

// write has a draft written, and waits for what becomes of it.
func (e *Engine) write(ctx context.Context, d store.Draft) (store.Result, error) {
	u, done := e.users.call(d.User.ID)
	defer func() { done(time.Now()) }()
	r := e.rooms.open(d.Room)
	err := e.awaitReaders(ctx, r)
	if err == nil {
		err = e.mayWrite(u, r, d.Kind, time.Now())
	}
	if err != nil {
		e.rooms.close(r)
		return store.Result{}, err
	}
	by := &waiter{room: r, engine: e, done: make(chan struct{})}
	e.writer.Propose(roomlog.Proposal{Log: r.log, Draft: d, By: by})
	select {
	case <-by.done:
		return by.result, by.err
	case <-ctx.Done(): // it may be written all the same
		return store.Result{}, ctx.Err()
	}
}

// waiter waits for one proposal.
type waiter struct {
	engine *Engine
	room   *liveRoom
	done   chan struct{}

	// Set before done is closed.
	result store.Result
	err    error
}

// Appended implements roomlog.Proposer.
func (w *waiter) Appended(_ *roomlog.Proposal, r *store.Result, err error) {
	w.result, w.err = *r, err
	if err == nil && r.Err != nil {
		w.err = r.Err
	}
	w.engine.rooms.close(w.room)
	close(w.done)
}
