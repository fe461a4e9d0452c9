package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/protocol"
)

// Help is what /help says.
const Help = `/join ROOM        go to another room
/rooms            list the rooms
/who              who is here
/topic [TEXT]     say what the room is about, or change it
/search WORDS     find messages in this room
/more             show earlier messages
/numbers          show the newest messages with their numbers, such as #42
/reply [#N] TEXT  answer a message; without #N, the newest of somebody else
/edit [#N] TEXT   change a message; without #N, your newest
/delete [#N]      delete a message; without #N, your newest
/react [#N] EMOJI, /unreact [#N] EMOJI
                  put an emoji on a message, and take it off; without #N, the
                  newest of somebody else
/name NAME        go by another name
/leave            leave the room, and stay connected
/quit             end (Ctrl-D does too)
//text            send a text that begins with /`

// command sees to a line that a person typed: a text to send, or a command to
// this program.
func (c *chat) command(ctx context.Context, line string) error {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "/") || strings.HasPrefix(line, "//") {
		return c.say(ctx, strings.TrimPrefix(line, "/"), 0)
	}
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "/join":
		return c.goTo(ctx, strings.TrimPrefix(rest, "#"))
	case "/quit":
		return c.quit()
	case "/help":
		return c.view.say(Help)
	case "/rooms":
		c.listRooms(ctx)
		return nil
	case "/name":
		c.rename(ctx, rest)
		return nil
	}
	do, known := inRoom[verb]
	switch {
	case !known:
		return c.view.say(fmt.Sprintf("no command %s: /help lists them; to send it as a text, write /%s", visibleLine(verb), visibleLine(line)))
	case c.here.name == "":
		return c.view.say("you are in no room: /join ROOM")
	}
	return do(c, ctx, rest)
}

// inRoom are the commands that need a room.
var inRoom = map[string]func(c *chat, ctx context.Context, words string) error{
	"/leave":   (*chat).leaveHere,
	"/who":     func(c *chat, _ context.Context, _ string) error { return c.view.say(c.here.who()) },
	"/topic":   (*chat).topic,
	"/search":  (*chat).search,
	"/more":    (*chat).more,
	"/numbers": (*chat).numbers,
	"/reply":   (*chat).reply,
	"/edit":    (*chat).edit,
	"/delete":  (*chat).delete,
	"/react":   (*chat).react,
	"/unreact": (*chat).unreact,
}

// say sends what a person typed.
func (c *chat) say(ctx context.Context, text string, replyTo protocol.Seq) error {
	switch {
	case c.waiting >= maxTyped:
		return c.view.say(fmt.Sprintf("not sent, as %d messages wait already: %s", c.waiting, visible(text)))
	case c.here.name == "":
		return c.view.say("you are in no room: /join ROOM")
	}
	return c.post(ctx, text, replyTo)
}

func (c *chat) quit() error {
	if c.waiting == 0 || c.why != nil {
		return errQuit
	}
	c.lines, c.quitting = nil, time.After(lastWords)
	return nil
}

func (c *chat) goTo(ctx context.Context, name string) error {
	if name == "" {
		return c.view.say("which room? /join ROOM")
	}
	clean, err := room.CleanRoom(name)
	if err != nil {
		return c.view.say(fmt.Sprintf("#%s can't be joined: %s", visibleLine(name), reason(err)))
	}
	if clean != c.here.name {
		c.join(ctx, clean)
	}
	return nil
}

func (c *chat) leaveHere(ctx context.Context, _ string) error {
	c.leave(ctx, c.here.name)
	c.enter(place{})
	return nil
}

func (c *chat) reply(ctx context.Context, words string) error {
	seq, text := numberAt(words)
	if seq == 0 {
		seq = c.here.newest(c.me.ID, false)
	}
	switch {
	case seq == 0:
		return c.view.say("which message? /reply #N TEXT; /numbers shows their numbers")
	case text == "":
		return c.view.say("what is the answer? /reply [#N] TEXT")
	}
	return c.say(ctx, text, seq)
}

func (c *chat) edit(ctx context.Context, words string) error {
	seq, text := numberAt(words)
	if seq == 0 {
		seq = c.here.newest(c.me.ID, true)
	}
	switch {
	case seq == 0:
		return c.view.say("which message? /edit #N TEXT; /numbers shows their numbers")
	case text == "":
		return c.view.say("what is the new text? /edit [#N] TEXT")
	}
	name := c.here.name
	c.write(ctx, number(seq)+" is not changed", func() error {
		_, err := c.client.Edit(ctx, name, seq, text)
		return err
	})
	return nil
}

func (c *chat) delete(ctx context.Context, words string) error {
	seq, rest := numberAt(words)
	if seq == 0 {
		seq = c.here.newest(c.me.ID, true)
	}
	if seq == 0 || rest != "" {
		return c.view.say("which message? /delete #N; /numbers shows their numbers")
	}
	name := c.here.name
	c.write(ctx, number(seq)+" is not deleted", func() error {
		_, err := c.client.Delete(ctx, name, seq)
		return err
	})
	return nil
}

func (c *chat) react(ctx context.Context, words string) error {
	return c.emoji(ctx, words, "/react", c.client.React)
}

func (c *chat) unreact(ctx context.Context, words string) error {
	return c.emoji(ctx, words, "/unreact", c.client.Unreact)
}

func (c *chat) emoji(ctx context.Context, words, verb string,
	do func(ctx context.Context, room string, message protocol.Seq, emoji string) (protocol.Written, error),
) error {
	seq, emoji := numberAt(words)
	if seq == 0 {
		seq = c.here.newest(c.me.ID, false)
	}
	if seq == 0 || emoji == "" {
		return c.view.say(fmt.Sprintf("what, and on which message? %s [#N] EMOJI; /numbers shows their numbers", verb))
	}
	name := c.here.name
	c.write(ctx, fmt.Sprintf("%s stays as it is", number(seq)), func() error {
		_, err := do(ctx, name, seq, emoji)
		return err
	})
	return nil
}

func (c *chat) topic(ctx context.Context, text string) error {
	name := c.here.name
	switch {
	case text != "":
		c.write(ctx, "the topic is not changed", func() error {
			_, err := c.client.Topic(ctx, name, text)
			return err
		})
		return nil
	case c.here.topic == "":
		return c.view.say("#" + visibleLine(name) + " has no topic: /topic TEXT sets one")
	}
	return c.view.say("the topic of #" + visibleLine(name) + ": " + visibleLine(c.here.topic))
}

// write changes something. If it comes to be, the room's events tell.
func (c *chat) write(ctx context.Context, otherwise string, do func() error) {
	c.ask(ctx, func() func() error {
		err := do()
		return func() error {
			if err == nil {
				return nil
			}
			return c.view.say(otherwise + ": " + reason(err))
		}
	})
}
