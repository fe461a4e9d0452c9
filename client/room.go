package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/protocol"
)

var errLeft = errors.New("the room was left, or joined anew")

// room is one that was joined, or is to be. mu guards it.
type room struct {
	request protocol.Join        // as asked for
	told    func(answer outcome) // who waits for the first join; nil for nobody
	cursor  protocol.Cursor      // of the last event that was queued; no epoch before the first join
	handled protocol.Cursor      // of the last one that the reader of Events has done with
	joining *command             // the join under way; nil for none
	live    bool                 // joined on this connection
	behind  bool                 // something found no place: to be joined again once there is some
	stuck   bool                 // joined again for a hole, and nothing has come since
}

// Join comes into a room. Its events follow: those after join.Since, else those
// after what the Storage knows to have been read, else the last few; then whatever
// comes, across lost connections, until Leave. A room that was joined begins anew.
//
// If ctx ends first, the room is not joined.
func (c *Client) Join(ctx context.Context, join protocol.Join) (joined protocol.Joined, err error) {
	join.Room = roomName(join.Room)
	if _, err := encode("join", join); err != nil {
		return joined, err
	}
	done := make(chan outcome, 1)
	r := &room{request: join, told: func(answer outcome) { done <- answer }}
	c.mu.Lock()
	c.unjoin(join.Room)
	r.cursor = c.stored[join.Room]
	if join.Since != nil {
		r.cursor = *join.Since
	}
	r.handled = r.cursor
	delete(c.stored, join.Room)
	c.rooms[join.Room] = r
	c.join(r)
	c.mu.Unlock()
	select {
	case answer := <-done:
		if err = answer.err; err == nil {
			err = json.Unmarshal(answer.frame, &joined, lenient)
		}
	case <-ctx.Done():
		c.mu.Lock()
		if c.rooms[join.Room] == r {
			c.withdraw(r)
		}
		c.mu.Unlock()
		err = context.Cause(ctx)
	}
	if err != nil {
		return joined, fmt.Errorf("join: %w", err)
	}
	return joined, nil
}

// join asks for a room's events after its cursor, unless that is under way. The
// caller holds mu.
func (c *Client) join(r *room) {
	if r.joining == nil {
		r.joining = c.joinOf(r)
		c.enqueue(r.joining)
	}
}

// rejoin is join on a new connection: before the outbox, so that what is sent now is
// told even if the room begins anew. The caller holds mu.
func (c *Client) rejoin(r *room) {
	if r.joining == nil {
		r.joining = c.joinOf(r)
		r.joining.early = true
		c.enqueue(r.joining)
	}
}

func (c *Client) joinOf(r *room) *command {
	return &command{
		name:     "join",
		patient:  r.told == nil,
		body:     r.body,
		answered: func(frame []byte, err error) { c.joined(r, frame, err) },
	}
}

// body is the join as it is sent now.
func (r *room) body() []byte {
	join := r.request
	join.Since = nil
	if r.cursor.Epoch != "" {
		join.Since = &r.cursor
	}
	body, err := json.Marshal(join)
	if err != nil {
		panic(fmt.Sprintf("a join that was encoded before: %v", err))
	}
	return body
}

// joined sees to the answer to a join. The caller holds mu.
func (c *Client) joined(r *room, frame []byte, err error) {
	r.joining = nil
	told := r.told
	r.told = nil
	var answer protocol.Joined
	if err == nil {
		err = json.Unmarshal(frame, &answer, lenient)
	}
	if told != nil {
		told(outcome{frame, err})
	}
	if err != nil {
		c.drop(r)
		if told == nil && c.err == nil {
			c.queue.say(Removed{Room: r.request.Room, Err: err})
			poke(c.ready)
		}
		return
	}
	r.live = true
	begin := protocol.Cursor{Epoch: answer.Room.Epoch, Seq: answer.From - 1}
	switch {
	case answer.Reset != "":
		r.cursor, r.stuck = begin, false
		c.queue.reset(r, Reset{Room: answer.Room, Reason: answer.Reset, From: answer.From})
		poke(c.ready)
	case r.cursor.Epoch == "":
		r.cursor = begin
	}
}

// drop takes a room out, and keeps how far its reader has come. The caller holds mu.
func (c *Client) drop(r *room) {
	delete(c.rooms, r.request.Room)
	if r.handled.Epoch != "" {
		c.stored[r.request.Room] = r.handled
	}
}

// unjoin ends what is under way for a room. The caller holds mu.
func (c *Client) unjoin(name string) {
	r := c.rooms[name]
	if r == nil {
		return
	}
	c.drop(r)
	if r.joining != nil {
		r.joining.answered = nil
		c.forget(r.joining)
	}
	if r.told != nil {
		r.told(outcome{err: errLeft})
		r.told = nil
	}
}

// withdraw takes back a join that nobody waits for any more. The caller holds mu.
func (c *Client) withdraw(r *room) {
	cmd := r.joining
	r.told = nil
	c.unjoin(r.request.Room)
	if r.live || cmd != nil && c.sent[cmd.id()] == cmd { // the server has it, or will
		c.enqueue(leave(r.request.Room))
	}
}

// leave ends the presence in a room. Another connection does not have it.
func leave(room string) *command {
	body, err := json.Marshal(protocol.Leave{Room: room})
	if err != nil {
		panic(fmt.Sprintf("a room that was joined: %v", err))
	}
	return &command{name: "leave", once: true, body: func() []byte { return body }}
}

// event takes an event that came. The caller holds mu.
func (c *Client) event(e protocol.Event, size int) error {
	r := c.rooms[e.Room]
	if r == nil || !r.live {
		return nil
	}
	switch next := r.cursor.Seq + 1; {
	case e.Seq < next: // it is there already
	case e.Seq > next:
		return c.hole(r)
	case c.queue.full():
		c.fallBehind(r)
	default:
		r.cursor.Seq, r.stuck = e.Seq, false
		c.tell(r, Event{e}, size)
	}
	return nil
}

// hole joins a room again from where its events broke off. The caller holds mu.
func (c *Client) hole(r *room) error {
	switch {
	case r.behind, r.joining != nil: // that is known
		return nil
	case r.stuck:
		return errSkips // asking again did not help
	}
	r.stuck = true
	c.join(r)
	return nil
}

// fallBehind notes that something of a room found no place. The caller holds mu.
func (c *Client) fallBehind(r *room) { r.behind, c.behind = true, true }

// rejoinBehind joins the rooms again of which something found no place, now that
// there is some. The caller holds mu.
func (c *Client) rejoinBehind() {
	if !c.behind || !c.queue.roomy() {
		return
	}
	c.behind = false
	for _, r := range c.rooms {
		if r.behind {
			r.behind = false
			c.join(r)
		}
	}
}
