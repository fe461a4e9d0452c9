package engine

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/cluster"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// revoke is the command without a session.
func revoke(ctx context.Context, e *Engine, by *auth.Identity, payload []byte) (any, error) {
	r, err := e.revoke(ctx, by, payload)
	if err != nil {
		return nil, err
	}
	e.tellRevoked(by, r)
	return protocol.Nothing{}, nil
}

// revoke has its answer come first where it ends the session itself.
func (v *v1) revoke(id string, payload []byte, now time.Time) {
	s := v.session
	by := s.identity // as it is now
	payload = bytes.Clone(payload)
	var r store.Revocation
	var fields any = protocol.Nothing{}
	var err error
	run := func(ctx context.Context) { r, err = s.engine.revoke(ctx, &by, payload) }
	answer := v.looked(id, &fields, &err)
	s.inOrder(now, func(time.Time) {
		s.ask(run, func(now time.Time) {
			answer(now)
			if err == nil {
				s.engine.tellRevoked(&by, r)
			}
		})
	})
}

// revoke has what a command revokes be kept, if by may ask that.
func (e *Engine) revoke(ctx context.Context, by *auth.Identity, payload []byte) (store.Revocation, error) {
	c, err := decode[protocol.Revoke](payload)
	if err != nil {
		return store.Revocation{}, err
	}
	r, whose, err := e.revocationOf(ctx, &c)
	switch {
	case err != nil:
		return r, err
	case whose != by.User && by.Role != store.RoleAdmin:
		return r, &protocol.Error{Code: protocol.CodeForbidden, Text: "only an admin may revoke somebody else"}
	case by.Guest && e.revoked.full():
		return r, &protocol.Error{Code: protocol.CodeUnavailable, Text: "there are too many revocations for those of guests", Retry: time.Hour}
	}
	return r, e.revoked.keep(ctx, r)
}

// revocationOf is what a command asks for, and of whom that is.
func (e *Engine) revocationOf(ctx context.Context, c *protocol.Revoke) (r store.Revocation, whose string, err error) {
	invalid := func(text string) error { return &protocol.Error{Code: protocol.CodeInvalidField, Text: text} }
	r = store.Revocation{User: c.User, At: time.Now().UnixMilli()}
	switch {
	case (c.User == "") == (c.Token == ""):
		return r, "", invalid("user, token: want one of them")
	case len(c.User) > protocol.MaxIDBytes:
		return r, "", room.TooLarge("user", protocol.MaxIDBytes, "bytes")
	case strings.ContainsFunc(c.User, unicode.IsControl):
		return r, "", invalid("user: want no control characters")
	case c.User != "":
		return r, c.User, nil
	case len(c.Token) > protocol.MaxTokenBytes:
		return r, "", room.TooLarge("token", protocol.MaxTokenBytes, "bytes")
	case e.vouch == nil:
		return r, "", invalid("token: no token holds here")
	}
	who, err := e.vouch(ctx, c.Token)
	switch {
	case errors.Is(err, auth.ErrUnavailable):
		return r, "", &protocol.Error{Code: protocol.CodeUnavailable, Text: "token: " + err.Error(), Retry: minRetry}
	case err != nil: // or anybody could fill the store
		return r, "", invalid("token: it does not hold: " + err.Error())
	case who.Guest:
		r.User = who.User // all of whose passes are as good
	default:
		r.Token = who.Terms.Token.String()
	}
	return r, who.User, nil
}

// tellRevoked has a revocation that is kept hold here, and be looked for elsewhere.
func (e *Engine) tellRevoked(by *auth.Identity, r store.Revocation) {
	what := slog.String("what", "a token")
	if r.User != "" {
		what = slog.String("what", "a user")
	}
	if r.User != "" && r.User != by.User {
		what = slog.String("user", r.User)
	}
	e.lines.say("revoked", []any{what, slog.String("by", by.User)})
	e.revoked.learn(r)
	if e.peers != nil {
		e.peers.cluster.TellAll(cluster.KindRevoked, nil)
	}
}
