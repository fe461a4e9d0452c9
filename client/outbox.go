package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/protocol"
)

// maxOutbox bounds how many messages wait to be sent.
const maxOutbox = 1000

// ErrOutboxFull says that a message was not taken: 1,000 wait to be sent.
var ErrOutboxFull = errors.New("the outbox is full")

// Outgoing is a message in the outbox, or one that was there.
type Outgoing struct {
	protocol.Send // as it is sent, with its key

	done chan struct{}
	// Fixed before done is closed.
	written protocol.Written
	err     error
}

// Send says something in a room, and waits until the server has stored it. If ctx
// ends first, the message is sent all the same; Post is for those who want to know.
func (c *Client) Send(ctx context.Context, send protocol.Send) (protocol.Written, error) {
	m, err := c.Post(send)
	if err != nil {
		return protocol.Written{}, err
	}
	return m.Wait(ctx)
}

// Post puts a message into the outbox, under a new key if it has none, and does not
// wait. With a Storage, it is stored there first. The message comes with the room's
// events, too; Key tells which it is.
func (c *Client) Post(send protocol.Send) (*Outgoing, error) {
	send.Room = roomName(send.Room)
	if send.Key == "" {
		send.Key = newKey()
	}
	if _, err := encode("send", send); err != nil {
		return nil, err
	}
	m := &Outgoing{Send: send, done: make(chan struct{})}
	c.saving.Lock() // so that no other message comes between what is stored and what is not
	defer c.saving.Unlock()
	c.mu.Lock()
	err := c.err
	if err == nil && c.unsent >= maxOutbox {
		err = ErrOutboxFull
	}
	state := c.state()
	c.mu.Unlock()
	if err == nil && c.options.Storage != nil {
		state.Outbox = append(state.Outbox, send)
		err = c.options.Storage.Save(state)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.dirty = true
		return nil, fmt.Errorf("send: %w", err)
	}
	c.put(m)
	return m, nil
}

// Outbox is what has no answer yet; of each room, the oldest first.
func (c *Client) Outbox() []*Outgoing {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*Outgoing, 0, c.unsent)
	for _, name := range slices.Sorted(maps.Keys(c.lanes)) {
		all = append(all, c.lanes[name]...)
	}
	return all
}

// Wait waits until the message is stored, or refused for good with a
// *protocol.Error. If ctx or Run ends first, it may still be sent: by Run, or by the
// next program with the same Storage.
func (m *Outgoing) Wait(ctx context.Context) (protocol.Written, error) {
	select {
	case <-m.done:
		return m.written, m.err
	case <-ctx.Done():
		return protocol.Written{}, fmt.Errorf("send: %w", context.Cause(ctx))
	}
}

// Done is closed when Wait needs no waiting.
func (m *Outgoing) Done() <-chan struct{} { return m.done }

func (m *Outgoing) finish(w protocol.Written, err error) {
	if err != nil {
		err = fmt.Errorf("send: %w", err)
	}
	m.written, m.err = w, err
	close(m.done)
}

// put puts a message behind those of its room. Only the first of a room is sent, so
// that none can overtake another. The caller holds mu.
func (c *Client) put(m *Outgoing) {
	if c.err != nil {
		m.finish(protocol.Written{}, c.err)
		return
	}
	c.lanes[m.Room] = append(c.lanes[m.Room], m)
	c.unsent++
	if len(c.lanes[m.Room]) == 1 {
		c.sendFirst(m.Room)
	}
}

// sendFirst has the first message of a room sent. The caller holds mu.
func (c *Client) sendFirst(room string) {
	m := c.lanes[room][0]
	body, err := encode("send", m.Send)
	if err != nil {
		panic(fmt.Sprintf("a message that was encoded before: %v", err))
	}
	c.enqueue(&command{
		name: "send", paced: true, patient: true,
		body:     func() []byte { return body },
		answered: func(frame []byte, err error) { c.settle(m, frame, err) },
	})
}

// settle sees to the answer to the first message of a room. The caller holds mu.
func (c *Client) settle(m *Outgoing, frame []byte, err error) {
	if c.err != nil {
		return // end sees to the whole outbox, and the Storage keeps it
	}
	var w protocol.Written
	if err == nil {
		err = json.Unmarshal(frame, &w, lenient)
	}
	m.finish(w, err)
	c.unsent--
	c.dirty = true
	if lane := c.lanes[m.Room][1:]; len(lane) > 0 {
		c.lanes[m.Room] = lane
		c.sendFirst(m.Room)
	} else {
		delete(c.lanes, m.Room)
	}
}
