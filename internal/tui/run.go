package tui

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/user"
	"sync/atomic"

	"golang.org/x/term"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/protocol"
)

// Options are what one chat needs.
type Options struct {
	Target Target
	Room   string // empty: the target's, else room.DefaultRoom
	Name   string // a guest's; empty: the system's name for who runs this
	Last   *int   // messages to begin with; nil: some for a person, none for a pipe

	// Token is asked for before each connection; nil for a guest.
	Token func() (string, error)

	// If In and Out are both terminals, a person chats on them. Else In is lines
	// to send, and Out gets a line for each message.
	In       io.Reader
	Out, Err io.Writer
}

// Run chats until the input ends, the person quits or ctx is done. The error is
// for the person; nil means that all was sent.
func Run(ctx context.Context, o Options) error {
	c, err := newChat(&o)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // for who reads the input
	if in, out, ok := terminals(o.In, o.Out); ok {
		return c.on(ctx, in, out, &o)
	}
	in, ok := o.In.(*os.File)
	c.typed = ok && isTerminal(in)
	c.view = plain{o.Out, o.Err}
	lines := make(chan string)
	c.lines = lines
	var failed atomic.Pointer[error]
	go func() {
		if err := readPipe(ctx, o.In, lines); err != nil {
			failed.Store(&err)
		}
		close(lines)
	}()
	if err := c.run(ctx, c.begin(&o)); err != nil {
		return err
	}
	if err := failed.Load(); err != nil {
		return fmt.Errorf("read the input: %w", *err)
	}
	return nil
}

func newChat(o *Options) (*chat, error) {
	c := &chat{target: o.Target, guest: o.Token == nil}
	options := client.Options{UserAgent: "parley join"}
	if c.guest {
		options.Name = o.Name
		if options.Name == "" {
			options.Name = ownName()
		}
		options.Storage = keptPass(o.Target, options.Name)
	} else {
		options.Token = func(context.Context) (string, error) { return o.Token() }
	}
	var err error
	c.client, err = client.New(o.Target.URL, options)
	return c, err
}

// begin is the room to begin with. It settles how much of it is shown.
func (c *chat) begin(o *Options) string {
	switch {
	case o.Last != nil:
		c.last = *o.Last
	case c.typed:
		c.last = protocol.DefaultLast
	}
	name := o.Room
	if name == "" {
		name = o.Target.Room
	}
	if name == "" {
		name = room.DefaultRoom
	}
	if clean, err := room.CleanRoom(name); err == nil { // else the server says what is wrong
		name = clean
	}
	return name
}

// ownName is the system's name for who runs this.
func ownName() string {
	u, err := user.Current()
	if err != nil {
		return room.DefaultName
	}
	return nameFrom(u.Username)
}

// on chats with a person at a terminal.
func (c *chat) on(ctx context.Context, in, out *os.File, o *Options) error {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return fmt.Errorf("prepare the terminal: %w", err)
	}
	defer func() { _ = term.Restore(int(in.Fd()), before) }()
	s := newScreen(in, out, os.Getenv("NO_COLOR") == "")
	defer s.leave()
	stop := s.follow(out)
	defer stop()
	lines := make(chan string)
	c.typed, c.view, c.lines = true, s, lines
	go s.readLines(ctx, lines)
	return c.run(ctx, c.begin(o))
}
