package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/alecthomas/kong"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/node"
	"github.com/parley-chat/parley/internal/store/sqlite"
	"github.com/parley-chat/parley/internal/tui"
	"github.com/parley-chat/parley/protocol"
)

// tokenCommand is what there is to do about tokens.
type tokenCommand struct {
	Revoke revokeCommand `cmd:"" help:"End what lets a user in, or one token, and the sessions of it."`
}

type revokeCommand struct {
	User string `arg:"" optional:"" help:"Id of the user: the token's sub, or guest.…"`
	// No variable: PARLEY_TOKEN is who one is, and not what is to be revoked.
	Token string `env:"-" placeholder:"TOKEN" help:"The token, or a guest's pass, in place of a user; @FILE keeps it off the command line."`

	Server string `placeholder:"URL" help:"The server to ask; http://localhost:8080 unless given."`
	As     string `env:"PARLEY_TOKEN" placeholder:"TOKEN" help:"Token of an admin to ask it with, or @FILE."`
	Store  string `placeholder:"STORE" help:"Ask no server, and write it into this store: postgres://… or redis://…, or @FILE; or sqlite, in --data."`
	Data   string `env:"-" placeholder:"FOLDER" help:"The same, into the folder of a server that is stopped."`

	typed map[string]bool // flags that stand on the command line, and not in the environment
}

// AfterApply is called by kong with the words that were given.
func (c *revokeCommand) AfterApply(ctx *kong.Context) error { //nolint:unparam // kong wants an error
	c.typed = map[string]bool{}
	for _, given := range ctx.Path {
		if given.Flag != nil && !given.Resolved {
			c.typed[given.Flag.Name] = true
		}
	}
	return nil
}

// Help is printed by kong.
func (revokeCommand) Help() string {
	return `What was issued to the user until now, tokens and passes, lets nobody in from then on, on any node, and
sessions of it are closed within two seconds; tokens that are made later do. With --token, it is that
one token. A guest is gone for good. A revocation is kept for 400 days.

A server is asked with the token of an admin ("role":"admin"); one's own user and tokens anybody may revoke. Without
one, it can be written where several nodes look: into the store that they share. The folder of
a single server belongs to that, while it runs.

It exits with 0 once it is kept, with 1 if it isn't, with 2 for a wrong command.

Examples:

    parley token revoke u7 --as @admin.jwt
    parley token revoke --token @stolen.jwt --as @admin.jwt --server https://chat.example
    parley token revoke guest.3q7hx0v2k9bt64mc5nwzr8pydf --store @postgres-url
    parley token revoke u7 --data /var/lib/parley`
}

func (c *revokeCommand) run(s streams) int {
	token, err := secretOf("--token", c.Token)
	if err == nil {
		err = c.check(token)
	}
	if err != nil {
		return usage(s, "token revoke", err)
	}
	revoke, err := c.way(s, token)
	if err != nil {
		return usage(s, "token revoke", err)
	}
	return keepHouse(s, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, revokeTimeout)
		defer cancel()
		where, err := revoke(ctx)
		if err != nil {
			return err
		}
		what := "the token"
		if c.User != "" {
			what = c.User
		}
		_, err = fmt.Fprintf(s.out, "%s is revoked (%s)\n", what, where)
		return err
	})
}

// revokeTimeout is for a store that has to be opened first.
const revokeTimeout = time.Minute

// check complains of what no server would take.
func (c *revokeCommand) check(token string) error {
	asks, writes := c.sides()
	isID := len(c.User) <= protocol.MaxIDBytes && !strings.ContainsFunc(c.User, unicode.IsControl)
	switch {
	case (c.User == "") == (token == ""):
		return errors.New("name a user, or give --token: one of them")
	case auth.IsPass(c.User) || strings.HasPrefix(c.User, "eyJ") && strings.Count(c.User, ".") == 2:
		return errors.New("that is no id but a token: give it by --token")
	case !isID: // not shown: it may be what we don't see for a token
		return fmt.Errorf("the user's id has %d bytes: want 1 to %d, without control characters", len(c.User), protocol.MaxIDBytes)
	case len(token) > protocol.MaxTokenBytes:
		return fmt.Errorf("--token has %d bytes: a token has at most %d", len(token), protocol.MaxTokenBytes)
	case token != "" && !auth.IsPass(token) && strings.Count(token, ".") != 2:
		return errors.New("--token is neither a JWT nor a guest's pass")
	case asks && writes:
		return errors.New("--as and --server ask a server, --store and --data ask none: give one or the other")
	}
	return nil
}

// sides reports what the command line wants: that a server is asked, or that none is.
func (c *revokeCommand) sides() (asks, writes bool) {
	return c.typed["as"] || c.typed["server"], c.typed["store"] || c.typed["data"]
}

// asksServer reports whether a server is asked. What was typed weighs more than what the
// environment holds.
func (c *revokeCommand) asksServer() bool {
	if asks, writes := c.sides(); asks != writes {
		return asks
	}
	return c.Server != "" || c.Store == ""
}

// way is how the revocation comes to where it is kept. It says where that is.
func (c *revokeCommand) way(s streams, token string) (func(context.Context) (string, error), error) {
	if c.asksServer() {
		if c.Server == "" {
			c.Server = tui.DefaultURL
		}
		as, err := secretOf("--as", c.As)
		if err != nil {
			return nil, err
		}
		ask, err := newAsking(c.Server, as)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context) (string, error) {
			return ask.page, ask.do(ctx, "revoke", protocol.Revoke{User: c.User, Token: token})
		}, nil
	}
	kept, err := c.kept()
	if err != nil {
		return nil, err
	}
	where := kept.StoreName()
	if kept.StoreKind() == config.SQLite {
		where = kept.Data
	}
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelError}))
	return func(ctx context.Context) (string, error) {
		err := node.Revoke(ctx, kept, c.User, token, log)
		if errors.Is(err, sqlite.ErrInUse) {
			err = fmt.Errorf("a server runs on %s: ask it, with --server URL and the token of an admin in --as; or stop it first", where)
		}
		return where, err
	}, nil
}

// kept are the settings that name where it is kept.
func (c *revokeCommand) kept() (*config.Serve, error) {
	kept := &config.Serve{Store: config.SQLite, Data: c.Data}
	if c.Store != "" {
		value, err := config.ReadStore(c.Store)
		if err != nil {
			return nil, err
		}
		kept.Store = value
	}
	switch {
	case kept.Store == config.Memory:
		return nil, errors.New("--store is memory, which is its server's alone: ask that, with --server URL and the token of an admin in --as")
	case kept.Shared() && c.Data != "":
		return nil, fmt.Errorf("--data is the folder of --store sqlite, but --store is %s: give one of them", kept.StoreName())
	case kept.Store == config.SQLite && c.Data == "" && !c.typed["store"]:
		return nil, errors.New("PARLEY_STORE is sqlite, whose folder is not named: give it with --data, or ask a server, with --server URL and the token of an admin in --as")
	case c.Data == "":
		kept.Data = "./parley-data"
	}
	return kept, nil
}

// secretOf is the value of a flag that takes a secret or @FILE. What is wrong is said
// without it.
func secretOf(flag, given string) (string, error) {
	value, err := readToken(given)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", flag, errors.Unwrap(err))
	case given != "" && value == "":
		return "", fmt.Errorf("%s: that file is empty", flag)
	}
	return value, nil
}
