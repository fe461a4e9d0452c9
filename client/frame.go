package client

import (
	"bytes"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/protocol"
)

// frame sees to a frame that came. One that is not understood is passed over. The
// error ends the connection.
func (c *Client) frame(data []byte) error {
	if bytes.HasPrefix(data, []byte(`{"type":"event",`)) { // nearly all: read at once
		var e protocol.Event
		if json.Unmarshal(data, &e, lenient) != nil {
			return nil
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.heard = time.Now()
		return c.event(e, len(data))
	}
	var head protocol.Refusal // which has the fields of all that is answered to
	err := json.Unmarshal(data, &head, lenient)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = time.Now()
	if err != nil {
		return nil
	}
	switch head.Type {
	case protocol.TypeOK:
		c.answer(head.ID, data, nil)
	case protocol.TypeError:
		c.answer(head.ID, data, &protocol.Error{Code: head.Code, Text: head.Text, Retry: time.Duration(head.RetryMS) * time.Millisecond})
	case protocol.TypeEvent:
		var e protocol.Event
		if json.Unmarshal(data, &e, lenient) == nil {
			return c.event(e, len(data))
		}
	case protocol.TypeCaughtUp:
		var s protocol.CaughtUp
		if json.Unmarshal(data, &s, lenient) == nil {
			return c.caughtUp(s, len(data))
		}
	default:
		c.signal(head.Type, data)
	}
	return nil
}

// signal takes what is true only now. The caller holds mu.
func (c *Client) signal(kind string, data []byte) {
	switch kind {
	case protocol.TypePresence:
		var s protocol.Presence
		if json.Unmarshal(data, &s, lenient) == nil {
			c.present(s, len(data))
		}
	case protocol.TypeTyping:
		var s protocol.TypingNow
		if json.Unmarshal(data, &s, lenient) == nil && c.rooms[s.Room] != nil && !c.queue.full() {
			c.tell(nil, Typing{s}, len(data))
		}
	case protocol.TypeRead:
		var s protocol.ReadNow
		if json.Unmarshal(data, &s, lenient) == nil && !c.queue.full() {
			c.tell(nil, ReadMark{s}, len(data))
		}
	}
}

func (c *Client) caughtUp(s protocol.CaughtUp, size int) error {
	r := c.rooms[s.Room]
	switch {
	case r == nil || !r.live || r.behind:
		return nil
	case s.Seq > r.cursor.Seq: // the last ones are missing
		return c.hole(r)
	case c.queue.full():
		c.fallBehind(r)
	default:
		c.tell(r, CaughtUp{Room: s.Room, Seq: s.Seq}, size)
	}
	return nil
}

func (c *Client) present(s protocol.Presence, size int) {
	r := c.rooms[s.Room]
	switch {
	case r == nil || !r.live || r.behind:
	case c.queue.full():
		c.fallBehind(r) // joined again, it is told who is there
	default:
		c.tell(nil, Presence{s}, size)
	}
}

// tell queues an item, which moves r, if there is one, to its cursor.
func (c *Client) tell(r *room, item Item, size int) {
	c.queue.push(r, item, size)
	poke(c.ready)
}
