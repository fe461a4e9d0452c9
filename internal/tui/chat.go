package tui

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/protocol"
)

const (
	// maxTyped bounds what a person may type ahead of the rate limit.
	maxTyped = 100
	// soon is after how long a person is told why a message is not there yet.
	soon = time.Second
	// lastWords is how long the end waits for what is on its way.
	lastWords = 2 * time.Second
	// farewell is how long the server has to say goodbye.
	farewell = time.Second
	// markEvery is how often the read mark follows what was shown.
	markEvery = 2 * time.Second
)

// chat is one `parley join`. Only run's goroutine touches it.
type chat struct {
	client *client.Client
	target Target
	guest  bool
	typed  bool // lines come from a person: they may be commands
	last   int  // messages to begin a room with
	view   view
	lines  <-chan string // closed at the end of input; nil once that was seen
	held   string        // of a pipe: its next line; empty for none

	items  chan client.Item
	failed chan error        // capacity 1: of Events, which has ended
	done   chan func() error // what comes of a command that was asked for

	me      protocol.User
	limits  protocol.WelcomeLimits
	reached bool  // some room was, once
	why     error // there is no connection; nil while there is

	here  place         // that we are in, or want to be in
	left  string        // the room to leave once here is joined; empty for none
	moved chan struct{} // closed when the newest move is done; nil before the first

	waiting  int // messages that have no answer
	unsent   int // messages that were refused for good
	late     *time.Timer
	quitting <-chan time.Time // when to wait no longer; nil while nobody quits
	marking  *time.Timer      // until the read mark follows; nil if it does not have to
}

// errQuit ends run in peace.
var errQuit = errors.New("quit")

// run chats until the input ends and all of it has been answered, the person
// quits, or something happens that trying again can't mend.
func (c *chat) run(ctx context.Context, first string) error {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.client.Run(ctx) // Events tells its error, too
	}()
	defer func() {
		cancel()
		select {
		case <-ended: // the server was told
		case <-time.After(farewell): // it does not answer
		}
	}()
	c.items, c.failed, c.done = make(chan client.Item), make(chan error, 1), make(chan func() error)
	go c.pump(ctx)
	c.late = time.NewTimer(soon)
	c.late.Stop()
	c.join(ctx, first)
	for {
		err := c.step(ctx)
		if err == nil && c.held != "" && c.reached {
			line := c.held
			c.held = ""
			err = c.post(ctx, line, 0)
		}
		if err == nil {
			err = c.over()
		}
		if err != nil {
			return c.end(err)
		}
	}
}

// pump hands on what Events tells. It waits until each is taken, so that the server
// is read only as fast as it is shown.
func (c *chat) pump(ctx context.Context) {
	for item, err := range c.client.Events(ctx) {
		if err != nil {
			c.failed <- err
			return
		}
		select {
		case c.items <- item:
		case <-ctx.Done():
		}
	}
}

// step waits for one thing to happen and sees to it.
func (c *chat) step(ctx context.Context) error {
	lines := c.lines
	if !c.typed && (c.waiting > 0 || c.held != "") {
		lines = nil // a pipe is read only as fast as it is sent
	}
	var mark <-chan time.Time
	if c.marking != nil {
		mark = c.marking.C
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
			return c.command(ctx, line)
		}
		c.held = line
		return nil
	case item := <-c.items:
		return c.item(item)
	case err := <-c.failed:
		return explain(c.target, c.guest, err)
	case then := <-c.done:
		return then()
	case <-c.late.C:
		return c.sayWhyLate()
	case <-mark:
		c.marking = nil
		c.mark(ctx)
		return nil
	case <-c.quitting:
		return errQuit
	}
}

// over is errQuit once there is nothing more to wait for, or why waiting is in vain.
func (c *chat) over() error {
	sent := c.lines == nil && c.held == "" && c.waiting == 0
	switch {
	case c.why != nil && !c.reached && (c.typed || sent):
		// A person sees at once that an address is wrong. A pipe waits for its server,
		// which may have been started later, but only with something to send.
		return c.why
	case sent && c.reached && (c.why != nil || c.here.echoed()):
		return errQuit
	}
	return nil
}

// end makes of the reason to end what run returns.
func (c *chat) end(err error) error {
	if !errors.Is(err, errQuit) {
		return err
	}
	if n := c.waiting + c.unsent; n > 0 {
		return fmt.Errorf("messages that were not sent: %d", n)
	}
	return nil
}

// ask has f ask the server, without anything else waiting for it. What f returns is
// done by run.
func (c *chat) ask(ctx context.Context, f func() func() error) {
	go func() {
		then := f()
		select {
		case c.done <- then:
		case <-ctx.Done():
		}
	}()
}

// post sends a line as one message or several, in answer to another one or to none.
func (c *chat) post(ctx context.Context, line string, replyTo protocol.Seq) error {
	for _, text := range messages(line) {
		m, err := c.client.Post(protocol.Send{Room: c.here.name, Text: text, ReplyTo: replyTo})
		if err != nil {
			c.unsent++
			return c.view.say(fmt.Sprintf("not sent (%s): %s", reason(err), visible(text)))
		}
		if c.waiting++; c.waiting == 1 {
			c.late.Reset(soon)
		}
		c.ask(ctx, func() func() error {
			w, err := m.Wait(ctx)
			return func() error { return c.answered(m, w, err) }
		})
	}
	return nil
}

// answered sees to the answer to a message. Where there is none, as Run has ended, it
// goes on waiting, and is counted at the end.
func (c *chat) answered(m *client.Outgoing, w protocol.Written, err error) error {
	refusal := refusalOf(err)
	if err != nil && refusal == nil {
		return nil
	}
	if c.waiting--; c.waiting == 0 {
		c.late.Stop()
	}
	if refusal != nil {
		c.unsent++
		return c.view.say(fmt.Sprintf("not sent (%s): %s", reason(refusal), visible(m.Text)))
	}
	if m.Room == c.here.name {
		c.here.sent = max(c.here.sent, w.Seq)
	}
	return nil
}

// sayWhyLate tells a person once what their message waits for.
func (c *chat) sayWhyLate() error {
	switch {
	case !c.typed:
		return nil
	case c.why != nil:
		return c.view.say("not sent yet: there is no connection")
	case c.limits.RateCount > 0:
		return c.view.say(fmt.Sprintf("waiting: the server takes %d messages in %s",
			c.limits.RateCount, time.Duration(c.limits.RateMS)*time.Millisecond))
	}
	return c.view.say("waiting: the server has not answered yet")
}

// mark has the read mark follow what was shown.
func (c *chat) mark(ctx context.Context) {
	name, seq := c.here.name, c.here.shown
	if name == "" || seq == 0 || c.why != nil {
		return
	}
	c.ask(ctx, func() func() error {
		_, _ = c.client.Read(ctx, name, seq) // the next one comes soon
		return func() error { return nil }
	})
}

// move is ask for what goes from room to room: one after the other.
func (c *chat) move(ctx context.Context, f func() func() error) {
	before, done := c.moved, make(chan struct{})
	c.moved = done
	c.ask(ctx, func() func() error {
		defer close(done)
		if before != nil {
			<-before
		}
		return f()
	})
}

// join goes to another room. The one before is left once the new one is joined.
func (c *chat) join(ctx context.Context, name string) {
	before := c.here
	if before.arrived {
		c.left = before.name
	}
	c.enter(place{name: name})
	c.move(ctx, func() func() error {
		joined, err := c.client.Join(ctx, protocol.Join{Room: name, Last: &c.last})
		return func() error { return c.joined(ctx, &before, name, &joined, err) }
	})
}

func (c *chat) joined(ctx context.Context, before *place, name string, joined *protocol.Joined, err error) error {
	switch {
	case c.here.name != name:
		if err == nil && c.left != name {
			c.leave(ctx, name) // the person has gone on meanwhile
		}
		return nil
	case err != nil && refusalOf(err) == nil:
		return nil // Run has ended, and says why
	case err == nil:
		c.here.topic, c.here.count = joined.Room.Topic, joined.Count
	case before.arrived:
		c.left = "" // and stay there
		c.enter(*before)
	default:
		c.enter(place{})
	}
	if c.left != "" {
		c.leave(ctx, c.left)
		c.left = ""
	}
	if err != nil {
		return c.notJoined(name, err)
	}
	return nil
}

func (c *chat) leave(ctx context.Context, name string) {
	c.move(ctx, func() func() error {
		_ = c.client.Leave(ctx, name) // it fails with the connection, which ends the presence, too
		return func() error { return nil }
	})
}

// notJoined: without its room, a pipe has nowhere to write to.
func (c *chat) notJoined(name string, err error) error {
	text := fmt.Sprintf("#%s can't be joined: %s", visibleLine(name), reason(err))
	if !c.typed || !c.reached {
		return errors.New(text)
	}
	return c.view.say(text)
}

// enter notes where we are now, or are to be.
func (c *chat) enter(p place) {
	c.here = p
	if c.reached {
		c.view.inRoom(visibleLine(p.name))
	}
}
