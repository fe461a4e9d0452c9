package tui

import (
	"fmt"
	"strings"
)

// Help is what /help says.
const Help = `/join ROOM   go to another room
/leave       leave the room, and stay connected
/who         who is here
/quit        end (Ctrl-D does too)
//text       send a text that begins with /`

// command sees to a line that a person typed: a text to send, or a command to
// this program.
func (c *client) command(line string) error {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "/") || strings.HasPrefix(line, "//") {
		line = strings.TrimPrefix(line, "/")
		if len(c.outbox) >= maxTyped {
			return c.view.say(fmt.Sprintf("not sent, as %d messages wait already: %s", len(c.outbox), visible(line)))
		}
		if c.room == "" && len(c.outbox) == 0 {
			return c.view.say("you are in no room: /join ROOM")
		}
		c.queueText(line)
		return nil
	}
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "/join":
		name := strings.TrimPrefix(rest, "#")
		if name == "" {
			return c.view.say("which room? /join ROOM")
		}
		c.outbox = append(c.outbox, c.join(name))
	case "/leave":
		c.outbox = append(c.outbox, command{Type: "leave"})
	case "/who":
		return c.who()
	case "/quit":
		return errQuit
	case "/help":
		return c.view.say(Help)
	default:
		return c.view.say(fmt.Sprintf("no command %s: /help lists them; to send it as a text, write /%s", visibleLine(verb), visibleLine(line)))
	}
	return nil
}

func (c *client) who() error {
	if !c.here {
		return c.view.say("you are in no room")
	}
	names := make([]string, len(c.users))
	for i, name := range c.users {
		names[i] = visibleLine(name)
	}
	text := fmt.Sprintf("%d in #%s: %s", c.count, visibleLine(c.room), strings.Join(names, ", "))
	if more := c.count - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return c.view.say(text)
}
