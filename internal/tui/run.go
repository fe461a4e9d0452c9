package tui

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/user"

	"golang.org/x/term"

	"github.com/parley-chat/parley/internal/room"
)

// Options are what one chat needs.
type Options struct {
	Target Target
	Room   string // empty: the target's, else room.DefaultRoom
	Name   string // empty: the system's name for who runs this
	Token  string // empty: a guest

	// If In and Out are both terminals, a person chats on them. Else In is lines
	// to send, and Out gets a line for each message.
	In       io.Reader
	Out, Err io.Writer
}

// Run chats until the input ends, the person quits or ctx is done. The error is
// for the person; nil means that all was sent.
func Run(ctx context.Context, o Options) error {
	c := newClient(o)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // for who reads the input
	if in, out, ok := terminals(o.In, o.Out); ok {
		return c.chatOn(ctx, in, out)
	}
	in, ok := o.In.(*os.File)
	c.typed = ok && isTerminal(in)
	c.view = plain{o.Out, o.Err}
	lines := make(chan string)
	c.lines = lines
	failed := make(chan error, 1)
	go func() { failed <- readPipe(ctx, o.In, lines) }()
	if err := c.run(ctx); err != nil {
		return err
	}
	if c.lines != nil {
		return nil // stopped before the input ended
	}
	if err := <-failed; err != nil {
		return fmt.Errorf("read the input: %w", err)
	}
	return nil
}

func newClient(o Options) *client {
	c := &client{target: o.Target, token: o.Token, name: o.Name, room: o.Room}
	if c.room == "" {
		c.room = o.Target.Room
	}
	if c.room == "" {
		c.room = room.DefaultRoom
	}
	if c.name == "" {
		c.name = room.DefaultName
		if u, err := user.Current(); err == nil {
			c.name = nameFrom(u.Username)
		}
	}
	if c.token == "" { // with one, its name stands, and the first notice tells it
		c.me = c.name
		if clean, err := room.CleanName(c.name); err == nil {
			c.me = clean
		}
	}
	return c
}

// chatOn chats with a person at a terminal.
func (c *client) chatOn(ctx context.Context, in, out *os.File) error {
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
	return c.run(ctx)
}
