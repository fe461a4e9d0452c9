package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// pageSize is how many messages /more and /search show at once.
const pageSize = 20

func (c *chat) listRooms(ctx context.Context) {
	c.ask(ctx, func() func() error {
		rooms, err := c.client.Rooms(ctx)
		return func() error {
			if err != nil {
				return c.view.say("the rooms can't be listed: " + reason(err))
			}
			if len(rooms) == 0 {
				return c.view.say("there is no room yet: /join ROOM makes one")
			}
			var text strings.Builder
			text.WriteString("rooms:")
			for _, r := range rooms {
				fmt.Fprintf(&text, "\n#%s  %d here", visibleLine(r.Name), r.Count)
				if r.Unread > 0 {
					fmt.Fprintf(&text, ", %d unread", r.Unread)
				}
				if r.Mentions > 0 {
					fmt.Fprintf(&text, ", %s of you", plural(r.Mentions, "mention"))
				}
				if r.Topic != "" {
					fmt.Fprintf(&text, "  %s", visibleLine(r.Topic))
				}
			}
			return c.view.say(text.String())
		}
	})
}

func (c *chat) rename(ctx context.Context, name string) {
	c.ask(ctx, func() func() error {
		user, err := c.client.Rename(ctx, name)
		return func() error {
			if err != nil {
				return c.view.say("your name stays: " + reason(err))
			}
			return c.renamed(user)
		}
	})
}

// renamed takes up one's own new name at once: that the room knows of it, too, may
// be told only after the answer.
func (c *chat) renamed(me protocol.User) error {
	c.me = me
	if _, known := c.here.users[me.ID]; known {
		c.here.users[me.ID] = me
	}
	return c.view.say("you are " + visibleLine(me.Name) + " now")
}

func (c *chat) search(ctx context.Context, words string) error {
	if words == "" {
		return c.view.say("for what? /search WORDS")
	}
	name := c.here.name
	c.ask(ctx, func() func() error {
		found, err := c.client.Search(ctx, protocol.Search{Text: words, Room: name, Limit: new(pageSize)})
		return func() error {
			switch {
			case err != nil:
				return c.view.say("it can't be searched: " + reason(err))
			case len(found.Events) == 0:
				return c.view.say("nothing was found in #" + visibleLine(name))
			}
			slices.Reverse(found.Events) // the newest stands next to the line that is typed on
			head := "found in #" + visibleLine(name)
			if found.Cursor != "" {
				head += fmt.Sprintf(", the newest %d", len(found.Events))
			}
			return c.view.say(list(head, found.Events))
		}
	})
	return nil
}

// more shows the messages before the oldest that was shown.
func (c *chat) more(ctx context.Context, _ string) error {
	name, before := c.here.name, c.here.oldest
	if before <= 1 {
		return c.view.say("there is nothing before this")
	}
	c.ask(ctx, func() func() error {
		page, err := c.client.History(ctx, protocol.History{Room: name, Before: &before, Limit: new(pageSize)})
		return func() error {
			switch {
			case err != nil:
				return c.view.say("it can't be shown: " + reason(err))
			case c.here.name != name:
				return nil
			case len(page.Events) == 0:
				return c.view.say("there is nothing before this")
			}
			c.here.oldest = page.Events[0].Seq
			return c.view.say(list("earlier in #"+visibleLine(name), page.Events))
		}
	})
	return nil
}

// numbers shows the newest messages with their numbers.
func (c *chat) numbers(_ context.Context, _ string) error {
	recent := c.here.recent
	recent = recent[max(0, len(recent)-pageSize):]
	if len(recent) == 0 {
		return c.view.say("nothing was said here yet")
	}
	var text strings.Builder
	text.WriteString("the newest messages:")
	for i := range recent {
		fmt.Fprintf(&text, "\n%s %s", number(recent[i].seq), recent[i].brief())
	}
	return c.view.say(text.String())
}

// list is messages as lines, with their numbers and times.
func list(head string, events []protocol.Event) string {
	var text strings.Builder
	text.WriteString(head + ":")
	for i := range events {
		e := &events[i]
		if e.Kind == protocol.KindMessage {
			m := message{e.Seq, e.User, e.Text, e.Deleted}
			fmt.Fprintf(&text, "\n%s %s %s", number(e.Seq), time.UnixMilli(e.TS).Format("2006-01-02 15:04"), m.brief())
		}
	}
	return text.String()
}
