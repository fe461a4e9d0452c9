package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/parley-chat/parley/internal/tui"
)

type joinCommand struct {
	URL string `arg:"" optional:"" help:"Address of the server, with or without #room; ${default} unless given." default:"http://localhost:8080"`

	Name  string `placeholder:"NAME" help:"Name to chat under; your user name here without it."`
	Room  string `placeholder:"ROOM" help:"Room to join; general without it."`
	Token string `placeholder:"TOKEN" help:"Token that vouches for you, or @FILE."`
}

// Help is printed by kong.
func (joinCommand) Help() string {
	return `In a terminal: type to chat; /help lists the commands. In a pipe: each line of the input becomes a
message, and the room's messages are printed, a line each, with their time.

A pipe is sent as fast as the server's rate allows. Nothing of it is lost or reordered; what had no
echo when a connection broke is sent again, and may then stand in the room twice. A pipe waits for
its server as long as it takes, trying at least every 30 s; a person is told at once. The command
exits with 0 once the whole input stands in the room, with 1 if it can't, with 2 for a wrong command.

Examples:

    parley join
    parley join https://chat.example/#support --name ada
    tail -f build.log | parley join --room builds
    echo "deployed" | parley join --token @token.jwt wss://chat.example/ws`
}

func (c *joinCommand) run(s streams) int {
	target, err := tui.ParseTarget(c.URL)
	if err != nil {
		return usage(s, "join", err)
	}
	token, err := c.token()
	if err != nil {
		return usage(s, "join", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = tui.Run(ctx, tui.Options{
		Target: target, Room: strings.TrimPrefix(c.Room, "#"), Name: c.Name, Token: token,
		In: s.in, Out: s.out, Err: s.err,
	})
	if err != nil {
		fmt.Fprintf(s.err, "parley: %v\n", err)
		return exitFailed
	}
	return exitOK
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
