package tui

import (
	"fmt"
	"time"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/protocol"
)

// item shows what the client tells.
func (c *chat) item(item client.Item) error {
	switch item := item.(type) {
	case client.Connected:
		return c.connected(item.Welcome)
	case client.Disconnected:
		return c.disconnected(item)
	case client.Event:
		return c.event(&item.Event)
	case client.CaughtUp:
		return c.caughtUp(item)
	case client.Presence:
		return c.presence(&item.Presence)
	case client.Reset:
		return c.reset(item)
	case client.Removed:
		if item.Room != c.here.name {
			return nil
		}
		c.enter(place{})
		return c.notJoined(item.Room, item.Err)
	}
	return nil // who is typing would make the line under one's own restless
}

func (c *chat) connected(w protocol.Welcome) error {
	before := c.why
	c.me, c.limits, c.why = w.User, w.Limits, nil
	switch {
	case before == nil:
		return nil
	case c.here.arrived:
		c.here.back, c.here.missed = true, 0
		return nil
	}
	return c.view.say("connected")
}

func (c *chat) disconnected(d client.Disconnected) error {
	c.why = explain(c.target, c.guest, d.Err)
	if c.over() == nil { // else run ends, and why is all there is to say
		return c.view.say(fmt.Sprintf("%v; trying again in %s", c.why, d.Retry.Round(100*time.Millisecond)))
	}
	return nil
}

func (c *chat) caughtUp(s client.CaughtUp) error {
	p := &c.here
	switch {
	case s.Room != p.name:
	case !p.arrived:
		p.arrived, c.reached = true, true
		c.view.inRoom(visibleLine(p.name))
		return c.view.notice(time.Now(), visibleLine(c.me.Name)+" joined #"+visibleLine(p.name))
	case p.back && p.missed == 0:
		p.back = false
		return c.view.say("back: caught up, nothing missed")
	case p.back:
		p.back = false
		return c.view.say(fmt.Sprintf("back: caught up with %s", plural(p.missed, "message")))
	}
	return nil
}

func (c *chat) reset(r client.Reset) error {
	p := &c.here
	if r.Room.Name != p.name {
		return nil
	}
	p.recent, p.oldest, p.shown, p.sent, p.topic = nil, 0, r.From-1, 0, r.Room.Topic
	if r.Reason == protocol.ResetPurged {
		return c.view.say("some of what was said is no longer kept; the newest follows")
	}
	return c.view.say("the room's history is another one now; the newest of it follows")
}

// event shows a durable fact of the room that we are in, or are still in.
func (c *chat) event(e *protocol.Event) error {
	p := &c.here
	if e.Room != p.name {
		if e.Room == c.left && e.Kind == protocol.KindMessage {
			return c.view.message(time.UnixMilli(e.TS), visibleLine(e.User.Name), visible(e.Text))
		}
		return nil
	}
	if p.oldest == 0 {
		p.oldest = e.Seq
	}
	p.shown = max(p.shown, e.Seq)
	if c.typed && c.marking == nil {
		c.marking = time.NewTimer(markEvery)
	}
	at, name := time.UnixMilli(e.TS), visibleLine(e.User.Name)
	switch e.Kind {
	case protocol.KindMessage:
		p.missed++
		p.remember(e)
		return c.view.message(at, name, c.textOf(e))
	case protocol.KindTopic:
		p.topic = e.Text
		if e.Text == "" {
			return c.view.notice(at, name+" took the topic away")
		}
		return c.view.notice(at, name+" set the topic: "+visibleLine(e.Text))
	}
	return c.change(at, name, e)
}

// change shows what became of a message, unless that was shown with it.
func (c *chat) change(at time.Time, name string, e *protocol.Event) error {
	m := c.here.message(e.Target)
	of := number(e.Target)
	if m != nil && m.user.ID != e.User.ID {
		of += " of " + visibleLine(m.user.Name)
	}
	switch e.Kind {
	case protocol.KindEdit:
		if e.Deleted || m != nil && (m.deleted || m.text == e.Text) {
			return nil
		}
		if m != nil {
			m.text = e.Text
		}
		return c.view.notice(at, fmt.Sprintf("%s changed %s: %s", name, of, visible(e.Text)))
	case protocol.KindDelete:
		if m != nil {
			if m.deleted {
				return nil
			}
			m.deleted, m.text = true, ""
		}
		return c.view.notice(at, fmt.Sprintf("%s deleted %s", name, of))
	case protocol.KindReact:
		return c.view.notice(at, fmt.Sprintf("%s put %s on %s", name, visibleLine(e.Emoji), of))
	case protocol.KindUnreact:
		return c.view.notice(at, fmt.Sprintf("%s took %s off %s", name, visibleLine(e.Emoji), of))
	}
	return nil // newer servers may say more
}

// textOf is a message as it is shown.
func (c *chat) textOf(e *protocol.Event) string {
	text := visible(e.Text)
	switch {
	case e.Deleted:
		return "(deleted)"
	case e.Edited > 0:
		text += " (edited)"
	}
	if e.ReplyTo == 0 {
		return text
	}
	to := number(e.ReplyTo)
	if m := c.here.message(e.ReplyTo); m != nil {
		to = visibleLine(m.user.Name) + " " + to
	}
	return "(to " + to + ") " + text
}

// presence shows who came and who went. What All tells is no news.
func (c *chat) presence(s *protocol.Presence) error {
	p := &c.here
	if s.Room != p.name {
		return nil
	}
	p.count = s.Count
	if s.All {
		p.users = nil
	}
	var came, went []string
	for _, u := range s.Joined {
		before, known := p.come(u)
		switch {
		case s.All || u.ID == c.me.ID || known && before.Name == u.Name:
		case known:
			if err := c.view.notice(time.Now(), visibleLine(before.Name)+" is "+visibleLine(u.Name)+" now"); err != nil {
				return err
			}
		default:
			came = append(came, visibleLine(u.Name))
		}
	}
	for _, u := range s.Left {
		delete(p.users, u.ID)
		went = append(went, visibleLine(u.Name))
	}
	for _, news := range []struct {
		who  []string
		what string
	}{{came, " joined #"}, {went, " left #"}} {
		if len(news.who) == 0 {
			continue
		}
		if err := c.view.notice(time.Now(), some(news.who)+news.what+visibleLine(p.name)); err != nil {
			return err
		}
	}
	return nil
}

// some names a few of many.
func some(names []string) string {
	switch n := len(names); n {
	case 1:
		return names[0]
	case 2:
		return names[0] + " and " + names[1]
	default:
		return names[0] + ", " + names[1] + " and " + plural(n-2, "other")
	}
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
