package client

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// Item is what Events tells: an Event, CaughtUp, Reset, Removed, Connected,
// Disconnected, or one of the signals Presence, Typing and ReadMark.
type Item interface{ item() }

type (
	// Event is a durable fact in a joined room. Its Kind may be one that this package
	// does not know.
	Event struct{ protocol.Event }

	// CaughtUp follows the last event that was there when the room was joined, or
	// joined again.
	CaughtUp struct {
		Room string
		Seq  protocol.Seq
	}

	// Reset says that the events of a room don't go on where they broke off: its log
	// is another one, or what was missed is no longer kept. What was told of the room
	// before counts no longer; the events from From on follow.
	Reset struct {
		Room   protocol.RoomState
		Reason protocol.Reset
		From   protocol.Seq
	}

	// Removed says that the server does not let the client back into a room that it
	// was in.
	Removed struct {
		Room string
		Err  error
	}

	// Connected says that there is a connection. If nobody reads Events, only the
	// newest of Connected and Disconnected is kept.
	Connected struct{ protocol.Welcome }

	// Disconnected says that there is none: why, and when it is tried again.
	Disconnected struct {
		Err   error
		Retry time.Duration
	}

	// Presence is a signal: who came into a room and who went. With All, what was
	// known before counts no longer.
	Presence struct{ protocol.Presence }

	// Typing is a signal: who is writing something in a room. It may be skipped: who
	// shows it forgets it after the Welcome's TypingMS.
	Typing struct{ protocol.TypingNow }

	// ReadMark is a signal: the user's read mark moved, here or in another session. It
	// may be skipped.
	ReadMark struct{ protocol.ReadNow }
)

func (Event) item()        {}
func (CaughtUp) item()     {}
func (Reset) item()        {}
func (Removed) item()      {}
func (Connected) item()    {}
func (Disconnected) item() {}
func (Presence) item()     {}
func (Typing) item()       {}
func (ReadMark) item()     {}

var errTwoReaders = errors.New("events are read elsewhere already")

// Events tells what happens, in order, until ctx or Run ends; then it yields that
// error, and stops. Whoever stops reading may go on later where they stopped. An
// item counts as handled, and is not told again to a program that comes back, when
// the next one is asked for or the loop is left.
//
// The loop may call any method, as long as it likes: what finds no place meanwhile
// waits at the server.
func (c *Client) Events(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		if err := c.listen(true); err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = c.listen(false) }()
		for {
			x, err := c.nextItem(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			more := yield(x.Item, nil)
			c.handled(&x)
			if !more {
				return
			}
		}
	}
}

func (c *Client) listen(begin bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if begin && c.listening {
		return errTwoReaders
	}
	c.listening = begin
	return nil
}

func (c *Client) nextItem(ctx context.Context) (queued, error) {
	for {
		c.mu.Lock()
		x, ok := c.queue.pop()
		err := c.err
		if (c.paused || c.behind) && c.queue.roomy() {
			poke(c.readable)
			poke(c.wake)
		}
		c.mu.Unlock()
		switch {
		case ok:
			return x, nil
		case err != nil:
			return x, err
		}
		select {
		case <-c.ready:
		case <-c.ended:
		case <-ctx.Done():
			return x, context.Cause(ctx)
		}
	}
}

// handled notes that the reader has done with an item.
func (c *Client) handled(x *queued) {
	if x.room == nil {
		return
	}
	c.mu.Lock()
	x.room.handled, c.dirty = x.at, true
	c.mu.Unlock()
}
