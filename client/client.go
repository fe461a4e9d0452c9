package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/parley-chat/parley/protocol"
)

// Options are who a client is, and what it needs. The zero value is a guest whom
// the server calls Anonymous, and who is forgotten when the program ends.
type Options struct {
	// Name is a guest's. Whoever has a token goes by the token's name.
	Name string

	// Token gives the token that vouches for the user. It is asked before each
	// connection, and when a token was refused or has expired: if it gives the same
	// one then, Run ends. Nil for a guest.
	Token func(context.Context) (string, error)

	// Storage keeps what must outlive the program. Nil for nothing.
	Storage Storage

	// HTTPClient makes the upgrade; nil is http.DefaultClient.
	HTTPClient *http.Client

	// UserAgent is the header of that name, for the server's operator.
	UserAgent string
}

// Client is one user's connection to a server.
type Client struct {
	// Fixed after New.
	url     *url.URL // ws or wss
	options Options

	wake     chan struct{} // capacity 1: there may be something to write
	readable chan struct{} // capacity 1: there may be a reason to read on
	ready    chan struct{} // capacity 1: there may be an item for Events
	ended    chan struct{} // closed when Run has ended

	token string // of the newest connection; owned by Run

	saving sync.Mutex // held while the Storage saves; taken before mu

	mu sync.Mutex
	// Guarded by mu.
	started   bool
	err       error // of Run, once ended is closed
	name      string
	pass      string
	stranger  bool       // the pass is a new guest's, and was not saved yet
	numbers   uint64     // of commands
	todo      []*command // not sent on this connection, in order
	sent      map[string]*command
	rooms     map[string]*room
	stored    map[string]protocol.Cursor // of rooms that are not joined
	lanes     map[string][]*Outgoing     // the outbox, by room
	unsent    int                        // in all lanes
	pace      pace
	queue     queue
	listening bool      // Events has a reader
	connected bool      // and welcomed
	paused    bool      // the socket is not read now
	behind    bool      // some room is
	heard     time.Time // when anything last came
	pinged    time.Time // when the ping under way went out; zero for none
	dirty     bool      // there is something to save
}

// New makes a client of the server at address: that of its page (http, https) or
// of its WebSocket (ws, wss). It reads the Storage, and connects nowhere yet.
func New(address string, o Options) (*Client, error) {
	u, err := socketURL(address)
	if err != nil {
		return nil, err
	}
	c := &Client{
		url:      u,
		options:  o,
		wake:     make(chan struct{}, 1),
		readable: make(chan struct{}, 1),
		ready:    make(chan struct{}, 1),
		ended:    make(chan struct{}),
		name:     o.Name,
		sent:     map[string]*command{},
		rooms:    map[string]*room{},
		stored:   map[string]protocol.Cursor{},
		lanes:    map[string][]*Outgoing{},
	}
	if o.Storage == nil {
		return c, nil
	}
	state, err := o.Storage.Load()
	if err != nil {
		return nil, fmt.Errorf("load what was stored: %w", err)
	}
	c.pass = state.Pass
	maps.Copy(c.stored, state.Cursors)
	for _, m := range state.Outbox {
		c.put(&Outgoing{Send: m, done: make(chan struct{})})
	}
	return c, nil
}

// Run connects, and stays connected until ctx ends or trying again is of no use.
// Its error says which: the cause of ctx, a *HandshakeError, a *CloseError, or what
// else is wrong with the address. It can be called once.
func (c *Client) Run(ctx context.Context) error {
	c.mu.Lock()
	again := c.started
	c.started = true
	c.mu.Unlock()
	if again {
		return errors.New("a client runs once")
	}
	stopSaving := c.keepSaving()
	err := c.stayConnected(ctx)
	if saveErr := stopSaving(); saveErr != nil {
		err = errors.Join(err, fmt.Errorf("store: %w", saveErr))
	}
	c.end(err)
	return err
}

// stayConnected makes one connection after the other.
func (c *Client) stayConnected(ctx context.Context) error {
	for failures := 0; ; {
		start := time.Now()
		err := c.connect(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if time.Since(start) > longestPause {
			failures = 0
		}
		pause, again := plan(err, failures)
		if !again && !c.mayRenew(ctx, err) {
			return err
		}
		failures++
		c.mu.Lock()
		c.queue.say(Disconnected{Err: err, Retry: pause})
		c.mu.Unlock()
		poke(c.ready)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// end tells everybody who waits that Run has ended.
func (c *Client) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	close(c.ended)
	for _, cmd := range c.todo {
		cmd.finish(nil, err)
	}
	c.todo = nil
	for _, lane := range c.lanes {
		for _, m := range lane {
			m.finish(protocol.Written{}, err) // the Storage keeps it
		}
	}
}

// poke puts a token into a channel of capacity 1, unless it has one.
func poke(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// roomName is a room's name as the server writes it.
func roomName(name string) string { return norm.NFC.String(name) }
