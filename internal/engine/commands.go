package engine

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// command is how a command of protocol.Commands is done: in one of three ways.
type command struct {
	// write turns it into something to be written.
	write func(by *auth.Identity, payload []byte) (store.Draft, error)

	// look answers it, away from any session.
	look func(ctx context.Context, e *Engine, by *auth.Identity, payload []byte) (answer any, err error)

	kind kind // of look

	// own does it with the session's turn, and answers.
	own func(v *v1, id string, payload []byte, now time.Time)
}

// commands has every command of protocol.Commands.
var commands = map[string]command{
	"join":    {own: (*v1).join},
	"leave":   {own: (*v1).leaveRoom},
	"typing":  {own: (*v1).typing},
	"rename":  {own: (*v1).rename, look: renamed},
	"revoke":  {own: (*v1).revoke, look: revoke},
	"ping":    {look: pong},
	"send":    {write: send},
	"edit":    {write: edit},
	"delete":  {write: deleteMessage},
	"react":   {write: react(protocol.KindReact)},
	"unreact": {write: react(protocol.KindUnreact)},
	"topic":   {write: topic},
	"read":    {look: read, kind: long},
	"history": {look: history, kind: pages},
	"search":  {look: search, kind: long},
	"rooms":   {look: listRooms, kind: long},
}

// cleanRoom checks a command's room, and that its sender may know of it.
func cleanRoom(by *auth.Identity, name string) (string, error) {
	name, err := room.CleanRoom(name)
	if err != nil {
		return "", err
	}
	if !by.MayJoin(name) {
		return "", &protocol.Error{Code: protocol.CodeForbidden, Text: "room: your token doesn't allow it"}
	}
	return name, nil
}

func userOf(by *auth.Identity) protocol.User {
	return protocol.User{ID: by.User, Name: by.Name, Role: by.Role}
}

func send(by *auth.Identity, payload []byte) (d store.Draft, err error) {
	c, err := decode[protocol.Send](payload)
	if err != nil {
		return d, err
	}
	d = store.Draft{Kind: protocol.KindMessage, User: userOf(by), Key: c.Key, ReplyTo: c.ReplyTo}
	if d.Room, err = cleanRoom(by, c.Room); err != nil {
		return d, err
	}
	if d.Text, err = cleanText(c.Text); err != nil {
		return d, err
	}
	switch {
	case len(c.Key) > protocol.MaxIDBytes:
		err = room.TooLarge("key", protocol.MaxIDBytes, "bytes")
	case strings.ContainsFunc(c.Key, unicode.IsControl):
		err = &protocol.Error{Code: protocol.CodeInvalidField, Text: "key: want no control characters"}
	}
	return d, err
}

func edit(by *auth.Identity, payload []byte) (d store.Draft, err error) {
	c, err := decode[protocol.Edit](payload)
	if err != nil {
		return d, err
	}
	if d, err = change(protocol.KindEdit, by, c.Room, c.Seq); err == nil {
		d.Text, err = cleanText(c.Text)
	}
	return d, err
}

func deleteMessage(by *auth.Identity, payload []byte) (d store.Draft, err error) {
	c, err := decode[protocol.Delete](payload)
	if err != nil {
		return d, err
	}
	return change(protocol.KindDelete, by, c.Room, c.Seq)
}

func react(kind protocol.Kind) func(*auth.Identity, []byte) (store.Draft, error) {
	return func(by *auth.Identity, payload []byte) (d store.Draft, err error) {
		c, err := decode[protocol.React](payload)
		if err != nil {
			return d, err
		}
		if d, err = change(kind, by, c.Room, c.Seq); err == nil {
			d.Emoji, err = room.CleanEmoji(c.Emoji)
		}
		return d, err
	}
}

// change is the draft of an event about a message.
func change(kind protocol.Kind, by *auth.Identity, roomName string, target protocol.Seq) (d store.Draft, err error) {
	d = store.Draft{Kind: kind, User: userOf(by), Target: target}
	if d.Room, err = cleanRoom(by, roomName); err != nil {
		return d, err
	}
	if target == 0 {
		err = &protocol.Error{Code: protocol.CodeInvalidField, Text: "seq: want the message's, from 1"}
	}
	return d, err
}

func topic(by *auth.Identity, payload []byte) (d store.Draft, err error) {
	c, err := decode[protocol.Topic](payload)
	if err != nil {
		return d, err
	}
	d = store.Draft{Kind: protocol.KindTopic, User: userOf(by)}
	if d.Room, err = cleanRoom(by, c.Room); err != nil {
		return d, err
	}
	d.Text, err = room.CleanTopic(c.Text)
	return d, err
}

// mayWrite counts a draft against its user's rate, unless it can't be taken at all.
func (e *Engine) mayWrite(u *user, r *liveRoom, kind protocol.Kind, now time.Time) error {
	if err := e.mayTake(r); err != nil {
		return err
	}
	may := e.users.mayAct
	if kind == protocol.KindMessage || kind == protocol.KindEdit {
		may = e.users.mayChat
	}
	if wait := may(u, now); wait > 0 {
		return &protocol.Error{Code: protocol.CodeRateLimited, Retry: (wait + time.Millisecond - 1).Truncate(time.Millisecond)}
	}
	return nil
}
