package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/parley-chat/parley/protocol"
)

const (
	welcomeTimeout = 15 * time.Second // from the upgrade to the first frame
	writeTimeout   = 30 * time.Second
	pingEvery      = 25 * time.Second // nothing was heard
	pingTimeout    = 10 * time.Second // and still nothing is
)

// ErrLost says that a connection ended without a word.
var ErrLost = errors.New("the connection was lost")

var (
	errSilent = errors.New("the server does not answer")
	errSkips  = errors.New("the server leaves out events")
)

// connect makes one connection, and serves it until it ends. It returns why.
func (c *Client) connect(ctx context.Context) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.CloseNow() //nolint:errcheck // often closed already
	// A read is never cancelled, which would cost something each time: whoever wants
	// it to end closes the connection.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close(websocket.StatusNormalClosure, "") })
	defer stop()
	w, err := c.welcome(conn)
	if err != nil {
		return err
	}
	if err := c.online(w); err != nil {
		return err
	}
	defer c.offline()
	broken := make(chan struct{})
	writing := make(chan error, 1)
	go func() {
		writing <- c.write(conn, broken)
	}()
	err = c.read(conn, ctx.Done())
	close(broken)
	_ = conn.CloseNow()
	if writeErr := <-writing; errors.Is(writeErr, errSilent) {
		return writeErr // and err is only that it was closed for that
	}
	return err
}

// welcome reads the first frame.
func (c *Client) welcome(conn *websocket.Conn) (w protocol.Welcome, err error) {
	late := time.AfterFunc(welcomeTimeout, func() { _ = conn.CloseNow() })
	data, err := receive(conn)
	switch {
	case !late.Stop():
		return w, errSilent
	case err != nil:
		return w, err
	}
	if err := json.Unmarshal(data, &w, lenient); err != nil || w.Type != protocol.TypeWelcome {
		return w, ErrNotParley
	}
	return w, nil
}

// online begins a connection that was welcomed.
func (c *Client) online(w protocol.Welcome) error {
	c.mu.Lock()
	if w.Pass != "" && w.Pass != c.pass {
		c.stranger = c.stranger || c.pass == ""
		c.pass, c.dirty = w.Pass, true
	}
	stranger := c.stranger
	c.mu.Unlock()
	// What is in the outbox becomes this guest's, so a program that is killed in a
	// moment has to be the same guest again.
	if err := c.save(); err != nil && stranger {
		return fmt.Errorf("store the pass: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connected, c.stranger = true, false
	c.heard, c.pinged = time.Now(), time.Time{}
	c.pace.limit(w.Limits.RateCount, time.Duration(w.Limits.RateMS)*time.Millisecond)
	for _, r := range c.rooms {
		c.rejoin(r)
	}
	c.queue.say(Connected{w})
	poke(c.ready)
	return nil
}

// offline ends a connection: what it had not answered is to be sent again.
func (c *Client) offline() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connected, c.behind = false, false
	for _, r := range c.rooms {
		r.live, r.behind = false, false
	}
	now := time.Now()
	for id, cmd := range c.sent {
		delete(c.sent, id)
		if cmd.paced {
			c.pace.end(now, true) // it may have counted
		}
		if cmd.once {
			cmd.finish(nil, nil)
			continue
		}
		c.enqueue(cmd)
	}
}

// read sees to what comes until the connection ends.
func (c *Client) read(conn *websocket.Conn, stopped <-chan struct{}) error {
	for {
		if !c.mayRead(stopped) {
			return context.Canceled
		}
		data, err := receive(conn)
		if err != nil {
			return err
		}
		if err := c.frame(data); err != nil {
			return err
		}
	}
}

// mayRead waits until there is a place for what comes, or a command waits for its
// answer. False: stopped meanwhile.
func (c *Client) mayRead(stopped <-chan struct{}) bool {
	for {
		c.mu.Lock()
		may := !c.queue.full() || len(c.sent) > 0
		if c.paused && may {
			c.heard = time.Now() // nobody listened: it was not the server that was silent
			poke(c.wake)
		}
		c.paused = !may
		c.mu.Unlock()
		if may {
			return true
		}
		select {
		case <-c.readable:
		case <-stopped:
			return false
		}
	}
}

func receive(conn *websocket.Conn) ([]byte, error) {
	_, data, err := conn.Read(context.Background())
	var closed websocket.CloseError
	if errors.As(err, &closed) {
		return nil, &CloseError{protocol.CloseCode(closed.Code), closed.Reason}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	return data, nil
}

// write sends what there is to send until the connection is broken. It breaks it
// when a write fails, or the server has gone silent.
func (c *Client) write(conn *websocket.Conn, broken <-chan struct{}) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		frame, wait, err := c.next(time.Now())
		if err == nil && frame != nil {
			ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
			err = conn.Write(ctx, websocket.MessageText, frame)
			cancel()
			if err == nil {
				continue
			}
		}
		if err != nil {
			_ = conn.CloseNow()
			return err
		}
		timer.Reset(wait)
		select {
		case <-c.wake:
		case <-timer.C:
		case <-broken:
			return nil
		}
	}
}

// next is the frame to send now; if there is none, wait is when to ask again.
func (c *Client) next(now time.Time) (frame []byte, wait time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait = c.ping(now)
	if wait < 0 {
		return nil, 0, errSilent
	}
	c.rejoinBehind()
	if cmd, due := c.choose(now); cmd != nil {
		return c.dispatch(cmd), 0, nil
	} else if due > 0 {
		wait = min(wait, due)
	}
	return nil, wait, nil
}

// ping asks for a sign of life where none came of itself. It returns when to look
// again; less than 0: the line is dead.
func (c *Client) ping(now time.Time) time.Duration {
	if c.paused {
		return pingEvery
	}
	if !c.pinged.IsZero() && c.heard.Before(c.pinged) {
		if left := c.pinged.Add(pingTimeout).Sub(now); left > 0 {
			return left
		}
		return -1
	}
	if left := c.heard.Add(pingEvery).Sub(now); left > 0 {
		return left
	}
	c.pinged = now
	c.enqueue(&command{name: "ping", once: true, body: emptyBody})
	return pingTimeout
}

// lenient reads what a server writes: what it is not sure of is no reason to stop.
var lenient = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
