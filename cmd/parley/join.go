package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/tui"
	"github.com/parley-chat/parley/protocol"
)

type joinCommand struct {
	URL string `arg:"" optional:"" help:"Address of the server, with or without #room; ${default} unless given." default:"http://localhost:8080"`

	Name  string `placeholder:"NAME" help:"Name to chat under; your user name here without it."`
	Room  string `placeholder:"ROOM" help:"Room to join; general without it."`
	Token string `placeholder:"TOKEN" help:"Token that vouches for you, or @FILE, which is read before each connection."`
	Last  *int   `placeholder:"N" help:"Show the newest N messages first, at most 200; 50 in a terminal and none in a pipe without it."`
}

// Help is printed by kong.
func (joinCommand) Help() string {
	return `In a terminal: type to chat; /help lists the commands. In a pipe: each line of the input becomes a
message, and the room's messages are printed, a line each, with their time.

A pipe is sent as fast as the server's rate allows. Each line of it is stored once and in order,
across lost connections and restarts of the server. A pipe with something to send waits for its
server as long as it takes, trying at least every 30 s; a person, and an input of nothing, are told
at once. The command exits with 0 once the server has stored the whole input, with 1 if it can't, with
2 for a wrong command.

A guest's pass is kept in the folder of your settings (on Linux ~/.config/parley), so that you are the
same guest next time, and may edit and delete what you said.

Examples:

    parley join
    parley join https://chat.example/#support --name ada
    tail -f build.log | parley join --room builds
    echo "deployed" | parley join --token @token.jwt wss://chat.example/ws
    parley join --room builds --last 200 < /dev/null`
}

func (c *joinCommand) run(s streams) int {
	target, err := tui.ParseTarget(c.URL)
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return usage(s, "join", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := tui.Options{
		Target: target, Room: strings.TrimPrefix(c.Room, "#"), Name: c.Name, Last: c.Last,
		In: s.in, Out: s.out, Err: s.err,
	}
	if c.Token != "" {
		o.Token = c.token
	}
	if err := tui.Run(ctx, o); err != nil {
		fmt.Fprintf(s.err, "parley: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// check complains of what no server would take.
func (c *joinCommand) check() error {
	_, tokenErr := c.token()
	var wrong []error
	if c.Name != "" {
		if _, err := room.CleanName(c.Name); err != nil {
			wrong = append(wrong, fmt.Errorf("--name is %q: want 1 to %d visible characters", c.Name, protocol.MaxNameRunes))
		}
	}
	if name := strings.TrimPrefix(c.Room, "#"); name != "" {
		if _, err := room.CleanRoom(name); err != nil {
			wrong = append(wrong, fmt.Errorf("--room is %q: want 1 to %d visible characters", name, protocol.MaxRoomRunes))
		}
	}
	if c.Last != nil && (*c.Last < 0 || *c.Last > protocol.MaxLast) {
		wrong = append(wrong, fmt.Errorf("--last is %d: want 0 to %d", *c.Last, protocol.MaxLast))
	}
	return errors.Join(append(wrong, tokenErr)...)
}

func (c *joinCommand) token() (string, error) {
	path, ok := strings.CutPrefix(c.Token, "@")
	if !ok {
		return c.Token, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("--token: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}
