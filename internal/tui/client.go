package tui

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/room"
)

const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 30 * time.Second
	// answerTimeout is for the echo of a message and the notice of a join. A
	// server of another kind gives none.
	answerTimeout = 15 * time.Second
	// maxTyped bounds what a person may type ahead of the rate limit.
	maxTyped = 100
)

// client is one chat. Only run's goroutine touches it.
type client struct {
	target Target
	token  string
	name   string // asked for
	typed  bool   // lines come from a person: they may be commands
	view   view
	lines  <-chan string // closed at the end of input; nil once that was seen

	conn     *websocket.Conn // nil while there is none
	dialled  chan dialResult // capacity 1
	received chan received
	since    time.Time // when conn was made
	attempts int       // to connect, since a connection last lasted
	timer    *time.Timer

	me      string // the name that the server gives us; empty while unknown
	room    string // that we are in, or want to be back in; empty: none
	here    bool   // conn has joined it
	welcome bool   // some server has answered a join of ours
	users   []string
	count   int

	outbox  []command // what has no answer yet, oldest first
	waiting bool      // the first of them is sent
	pace    pace
	unsent  int // messages that the server refused for good
}

type dialResult struct {
	conn *websocket.Conn
	err  error
}

// errQuit ends run in peace.
var errQuit = errors.New("quit")

// run chats until the input ends and all of it has been answered, the person
// quits, or something happens that trying again can't mend.
func (c *client) run(ctx context.Context) error {
	// What c started ends with it: dial, listen, and who reads the input.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.dialled = make(chan dialResult, 1)
	c.received = make(chan received)
	c.timer = time.NewTimer(0) // the first dial
	defer c.timer.Stop()
	for {
		err := c.step(ctx)
		if err == nil && c.finished() {
			err = errQuit
		}
		if err == nil {
			err = c.next(ctx)
		}
		if err != nil {
			return c.end(err)
		}
	}
}

// step waits for one thing to happen and sees to it.
func (c *client) step(ctx context.Context) error {
	lines := c.lines
	if !c.typed && (len(c.outbox) > 0 || !c.here) {
		lines = nil // a pipe is read only as fast as it is sent
	}
	select {
	case <-ctx.Done():
		return errQuit
	case line, ok := <-lines:
		if !ok {
			c.lines = nil
			return nil
		}
		if c.typed {
			return c.command(line)
		}
		c.queueText(line)
		return nil
	case d := <-c.dialled:
		return c.connected(ctx, d)
	case r := <-c.received:
		if r.conn != c.conn {
			return nil
		}
		if r.err != nil {
			return c.lost(explainEnd(r.err))
		}
		return c.frame(r.data)
	case <-c.timer.C:
		return c.timeout(ctx)
	}
}

// next sends the oldest command, if it may go now.
func (c *client) next(ctx context.Context) error {
	if c.conn == nil || c.waiting || len(c.outbox) == 0 {
		return nil
	}
	head := c.outbox[0]
	if head.Type == "chat" {
		if wait := c.pace.wait(time.Now()); wait > 0 {
			c.timer.Reset(wait)
			return nil
		}
	}
	if send(ctx, c.conn, head) != nil {
		_ = c.conn.CloseNow() // listen's end comes, and knows why: it gets the close code
	} else if head.Type == "leave" { // it has no answer
		c.outbox = c.outbox[1:]
		c.enter("")
		return c.next(ctx)
	}
	c.waiting = true
	c.timer.Reset(answerTimeout)
	return nil
}

// timeout: what the timer was set for depends on where c is.
func (c *client) timeout(ctx context.Context) error {
	switch {
	case c.conn == nil:
		go func() {
			conn, err := dial(ctx, c.target, c.token)
			c.dialled <- dialResult{conn, err}
		}()
	case c.waiting && !c.welcome:
		return &refusal{fmt.Sprintf("%s opens WebSockets, but gave no answer to a join within %s: is it a Parley server?",
			c.target.page(), answerTimeout)}
	case c.waiting:
		return c.lost(errors.New("the server does not answer"))
	}
	return nil // the pause that pace asked for is over
}

// finished reports whether the input has ended and been answered. Input of
// nothing still wants to know that the room was reached.
func (c *client) finished() bool {
	return c.lines == nil && len(c.outbox) == 0 && c.welcome
}

// end closes the connection, and makes of the reason to end what run returns.
func (c *client) end(err error) error {
	if c.conn != nil {
		_ = c.conn.Close(websocket.StatusNormalClosure, "")
	}
	if !errors.Is(err, errQuit) {
		return err
	}
	n := c.unsent
	for _, command := range c.outbox {
		if command.Type == "chat" {
			n++
		}
	}
	if n > 0 {
		return fmt.Errorf("messages that were not sent: %d", n)
	}
	return nil
}

// queueText puts a line into the outbox, as one message or several.
func (c *client) queueText(line string) {
	for _, text := range messages(line) {
		c.outbox = append(c.outbox, command{Type: "chat", Text: text})
	}
}

// connected takes the outcome of a dial, and joins the room.
func (c *client) connected(ctx context.Context, d dialResult) error {
	if d.err != nil {
		// A person sees at once that an address is wrong. A pipe waits for its
		// server: it may have been started first.
		if c.typed && !c.welcome {
			return d.err
		}
		return c.lost(d.err)
	}
	if c.attempts > 0 {
		_ = c.view.say("connected")
	}
	c.conn, c.since = d.conn, time.Now()
	go listen(ctx, c.conn, c.received)
	if c.room != "" {
		c.outbox = append([]command{c.join(c.room)}, c.outbox...)
	}
	return nil
}

func (c *client) join(room string) command {
	return command{Type: "join", Username: c.name, Room: room}
}

// lost plans the next attempt to connect, unless why is a *refusal.
func (c *client) lost(why error) error {
	var refused *refusal
	if errors.As(why, &refused) {
		return why
	}
	if c.conn != nil {
		_ = c.conn.CloseNow()
		if time.Since(c.since) > maxBackoff {
			c.attempts = 0
		}
	}
	c.conn, c.waiting, c.here, c.users, c.count = nil, false, false, nil, 0
	// A join of before goes with its connection: connected sends it anew, and
	// one that the person still waits for becomes the room to come back to.
	kept := c.outbox[:0]
	for i, command := range c.outbox {
		if command.Type == "join" && i == 0 {
			c.room = command.Room
			continue
		}
		kept = append(kept, command)
	}
	c.outbox = kept
	pause := backoff(c.attempts)
	c.attempts++
	c.timer.Reset(pause)
	return c.view.say(fmt.Sprintf("%v; trying again in %s", why, pause.Round(100*time.Millisecond)))
}

// backoff is the pause before an attempt: doubled each time up to maxBackoff,
// of which a random half, so that a crowd does not come back all at once.
func backoff(attempts int) time.Duration {
	d := min(firstBackoff<<min(attempts, 16), maxBackoff)
	return d/2 + rand.N(d/2) //nolint:gosec // jitter is no secret
}

// enter notes that c is in a room now; empty: in none.
func (c *client) enter(room string) {
	c.room, c.here = room, room != ""
	c.users, c.count = nil, 0
	c.view.inRoom(visibleLine(room))
}

// ownJoin is the name in the notice of a join of ours: "U joined #R".
func (c *client) ownJoin(text, wanted string) (name string, ok bool) {
	clean, err := room.CleanRoom(wanted)
	if err != nil {
		clean = wanted
	}
	name, ok = strings.CutSuffix(text, " joined #"+clean)
	return name, ok && (c.me == "" || name == c.me)
}
