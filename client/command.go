package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/protocol"
)

// command is something asked of the server. mu guards it.
type command struct {
	number    uint64 // its place in the order of all, and its id on the wire; 0 before it is put into todo
	name      string
	body      func() []byte // its fields as an object of JSON, when it is sent
	paced     bool          // the rate of messages holds for it
	patient   bool          // sent again after unavailable, too
	early     bool          // goes before all that is not
	once      bool          // of no use on another connection: it is done when this one ends
	tries     int           // refusals that are to be waited out, in a row
	notBefore time.Time

	// answered is called once with the answer's frame, or with why there is none.
	// Nil for nobody who wants to know.
	answered func(frame []byte, err error)
}

func (cmd *command) finish(frame []byte, err error) {
	if f := cmd.answered; f != nil {
		cmd.answered = nil
		f(frame, err)
	}
}

func (cmd *command) id() string { return strconv.FormatUint(cmd.number, 36) }

func emptyBody() []byte { return []byte("{}") }

// enqueue puts a command into todo, at its place in the order. The caller holds mu.
func (c *Client) enqueue(cmd *command) {
	if c.err != nil {
		cmd.finish(nil, c.err)
		return
	}
	if cmd.number == 0 {
		c.numbers++
		cmd.number = c.numbers
	}
	at, _ := slices.BinarySearchFunc(c.todo, cmd, inOrder)
	c.todo = slices.Insert(c.todo, at, cmd)
	poke(c.wake)
}

func inOrder(a, b *command) int {
	if a.early != b.early {
		if a.early {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.number, b.number)
}

// choose is the first command that may be sent now; if there is none, due is how
// long that takes, 0 for nobody knows. The caller holds mu.
func (c *Client) choose(now time.Time) (cmd *command, due time.Duration) {
	for _, cmd := range c.todo {
		wait := cmd.notBefore.Sub(now)
		if cmd.paced {
			pause := c.pace.wait(now)
			if pause < 0 {
				continue
			}
			wait = max(wait, pause)
		}
		if wait <= 0 {
			return cmd, 0
		}
		if due == 0 || wait < due {
			due = wait
		}
	}
	return nil, due
}

// dispatch takes a command out of todo, and writes its frame. The caller holds mu.
func (c *Client) dispatch(cmd *command) []byte {
	c.forget(cmd)
	c.sent[cmd.id()] = cmd
	if cmd.paced {
		c.pace.begin()
	}
	poke(c.readable) // its answer is wanted
	return frameOf(cmd.name, cmd.id(), cmd.body())
}

// frameOf puts a type and an id in front of a body.
func frameOf(name, id string, body []byte) []byte {
	frame := append(make([]byte, 0, len(body)+len(name)+len(id)+24), `{"type":"`...)
	frame = append(frame, name...)
	frame = append(frame, `","id":"`...)
	frame = append(frame, id...)
	frame = append(frame, '"')
	if len(body) > len("{}") {
		frame = append(frame, ',')
	}
	return append(frame, body[1:]...)
}

// forget takes a command out of todo. The caller holds mu.
func (c *Client) forget(cmd *command) {
	c.todo = slices.DeleteFunc(c.todo, func(other *command) bool { return other == cmd })
}

// answer sees to the answer to a command; refusal is nil where it was done. The
// caller holds mu.
func (c *Client) answer(id string, frame []byte, refusal *protocol.Error) {
	cmd := c.sent[id]
	if cmd == nil {
		return
	}
	delete(c.sent, id)
	now := time.Now()
	limited := refusal != nil && refusal.Code == protocol.CodeRateLimited
	if cmd.paced {
		c.pace.end(now, !limited)
		poke(c.wake)
	}
	if refusal == nil {
		cmd.finish(frame, nil)
		return
	}
	if limited || cmd.patient && (refusal.Code == protocol.CodeUnavailable || refusal.Code == protocol.CodeDraining) {
		cmd.notBefore = now.Add(max(refusal.Retry, patience(cmd.tries)))
		cmd.tries++
		if cmd.paced {
			c.pace.pause(cmd.notBefore)
		}
		c.enqueue(cmd)
		return
	}
	cmd.finish(nil, refusal)
}

// patience is the least pause after so many refusals in a row: at most 30 a minute,
// of which the server stands 100.
func patience(tries int) time.Duration {
	return min(250*time.Millisecond<<min(tries, 3), 2*time.Second)
}

// encode writes a command's fields, within what the server takes.
func encode(name string, fields any) ([]byte, error) {
	body, err := json.Marshal(fields)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case len(body)+len(name)+40 > protocol.MaxMessageBytes:
		return nil, fmt.Errorf("%s: %w", name, &protocol.Error{Code: protocol.CodeTooLarge, Text: "a command is at most 64 KiB"})
	}
	return body, nil
}

type outcome struct {
	frame []byte
	err   error
}

// do sends a command, and waits for its answer.
func do[A any](ctx context.Context, c *Client, name string, fields any) (answer A, err error) {
	body, err := encode(name, fields)
	if err != nil {
		return answer, err
	}
	cmd := &command{name: name, paced: name == "edit", body: func() []byte { return body }}
	return wait[A](ctx, c, cmd)
}

// wait puts a command into todo, and waits for its answer.
func wait[A any](ctx context.Context, c *Client, cmd *command) (answer A, err error) {
	done := make(chan outcome, 1)
	cmd.answered = func(frame []byte, err error) { done <- outcome{frame, err} }
	c.mu.Lock()
	c.enqueue(cmd)
	c.mu.Unlock()
	select {
	case o := <-done:
		if o.err == nil && o.frame != nil {
			o.err = json.Unmarshal(o.frame, &answer, lenient)
		}
		if o.err != nil {
			return answer, fmt.Errorf("%s: %w", cmd.name, o.err)
		}
		return answer, nil
	case <-ctx.Done():
		c.mu.Lock()
		cmd.answered = nil
		c.forget(cmd)
		c.mu.Unlock()
		return answer, fmt.Errorf("%s: %w", cmd.name, context.Cause(ctx))
	}
}

// refused is the refusal that an error is of, nil for none.
func refused(err error) *protocol.Error {
	refusal, _ := errors.AsType[*protocol.Error](err)
	return refusal
}
