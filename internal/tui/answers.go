package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// frame sees to one message of the server. What is no frame of the dialect is
// passed over: newer servers may say more.
func (c *client) frame(data []byte) error {
	f, ok := parseFrame(data)
	if !ok {
		return nil
	}
	switch f.Type {
	case "chat":
		return c.chat(f)
	case "system":
		return c.system(f)
	case "error":
		return c.refused(f.Text)
	}
	return nil
}

func (c *client) chat(f frame) error {
	if c.waiting && c.outbox[0].Type == "chat" && f.Username == c.me && f.Text == c.outbox[0].Text {
		c.answered()
		c.pace.accept(time.Now())
	}
	return c.view.message(f.at(), visibleLine(f.Username), visible(f.Text))
}

func (c *client) system(f frame) error {
	if c.waiting && c.outbox[0].Type == "join" {
		if name, ok := c.ownJoin(f.Text, c.outbox[0].Room); ok {
			c.me, c.welcome = name, true
			c.enter(c.outbox[0].Room)
			c.answered()
		}
	}
	if c.here {
		c.users, c.count = f.Users, max(f.Count, len(f.Users))
	}
	return c.view.notice(time.Now(), visibleLine(f.Text))
}

// answered takes the first command out of the outbox.
func (c *client) answered() {
	c.waiting = false
	c.timer.Stop()
	c.outbox = slices.Delete(c.outbox, 0, 1)
}

// refused sees to an error. The dialect does not say what it is about: it is
// about the command under way, as there is only one.
func (c *client) refused(reason string) error {
	if !c.waiting {
		return c.view.say("the server says: " + visibleLine(reason))
	}
	head := c.outbox[0]
	if head.Type == "chat" && (strings.HasPrefix(reason, "Slow down") || reason == "Not saved, try again") {
		if c.pace.refusals == 0 && c.typed {
			_ = c.view.say("waiting: " + visibleLine(reason))
		}
		c.waiting = false
		c.pace.refuse(time.Now(), reason) // and next sends that very message again
		return nil
	}
	c.answered()
	switch {
	case head.Type == "join" && !c.welcome:
		return &refusal{fmt.Sprintf("%s does not let %q into #%s: %s",
			c.target.page(), head.Username, visibleLine(head.Room), visibleLine(reason))}
	case head.Type == "join":
		if !c.here { // after a cut: back in no room
			c.enter("")
		}
		return c.notJoined(head.Room, reason)
	}
	c.unsent++
	return c.view.say(fmt.Sprintf("not sent (%s): %s", visibleLine(reason), visible(head.Text)))
}

// notJoined: without its room, a pipe has nowhere to write to.
func (c *client) notJoined(room, reason string) error {
	text := fmt.Sprintf("#%s can't be joined: %s", visibleLine(room), visibleLine(reason))
	if !c.typed {
		return &refusal{text}
	}
	return c.view.say(text)
}
