package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// maxPageBytes is about how long a page of events gets: one of long texts ends
// early.
const maxPageBytes = 64 << 10

// count is how many a command asks for, if it says so.
func count(asked *int, usual, most int, field string) (int, error) {
	switch {
	case asked == nil:
		return usual, nil
	case *asked < 0:
		return 0, &protocol.Error{Code: protocol.CodeInvalidField, Text: field + ": want a whole number from 0"}
	case *asked > most:
		return 0, room.TooLarge(field, most, "events")
	}
	return *asked, nil
}

func history(ctx context.Context, e *Engine, by *auth.Identity, payload []byte) (any, error) {
	c, err := decode[protocol.History](payload)
	if err != nil {
		return nil, err
	}
	name, err := cleanRoom(by, c.Room)
	if err != nil {
		return nil, err
	}
	limit, err := count(c.Limit, protocol.DefaultPage, protocol.MaxPage, "limit")
	if err != nil {
		return nil, err
	}
	if c.Before != nil && c.After != nil {
		return nil, &protocol.Error{Code: protocol.CodeInvalidField, Text: "before, after: want one of them"}
	}
	for {
		r, err := e.store.Room(ctx, name)
		if err != nil {
			return nil, err
		}
		cursor, n, back := span(&c, &r, limit)
		page := protocol.Page{Events: []protocol.Event{}, First: r.First, Head: r.Head}
		if n == 0 {
			return page, nil
		}
		events, err := e.store.Read(ctx, name, cursor, n)
		if errors.Is(err, store.ErrNotKept) {
			continue // purged meanwhile: where it begins now is another place
		}
		if err != nil {
			return nil, err
		}
		page.Events = fit(events, back)
		return page, nil
	}
}

// span is what a page holds: n events after cursor; back says that the newest of
// them matter most.
func span(c *protocol.History, r *store.Room, limit int) (cursor protocol.Seq, n int, back bool) {
	oldest := r.First - 1 // a cursor that all that is kept comes after
	if r.First == 0 {
		oldest = 0
	}
	if c.After != nil {
		cursor = max(*c.After, oldest)
		if cursor >= r.Head {
			return cursor, 0, false
		}
		return cursor, min(limit, int(r.Head-cursor)), false
	}
	end := r.Head // the last one
	if c.Before != nil && *c.Before <= r.Head {
		end = max(*c.Before, 1) - 1
	}
	if end <= oldest {
		return oldest, 0, true
	}
	n = int(min(protocol.Seq(limit), end-oldest))
	return end - protocol.Seq(n), n, true
}

// fit takes as many events as a page holds: the last ones if back, else the first.
func fit(events []protocol.Event, back bool) []protocol.Event {
	size := func(e *protocol.Event) int { return len(e.Text) + len(e.User.Name) + len(e.Room) + 200 }
	bytes := 0
	if back {
		for i := len(events) - 1; i >= 0; i-- {
			if bytes += size(&events[i]); bytes > maxPageBytes && i < len(events)-1 {
				return events[i+1:]
			}
		}
		return events
	}
	for i := range events {
		if bytes += size(&events[i]); bytes > maxPageBytes && i > 0 {
			return events[:i]
		}
	}
	return events
}

// maxSlow is how many ask the store at once for what may take it long, such as all
// that is unread: few, so that it has time for those who join and catch up.
const maxSlow = 2

// slowly asks for something that may take long, once there are few who do.
func (e *Engine) slowly(ctx context.Context, ask func() error) error {
	select {
	case e.slow <- struct{}{}:
		defer func() { <-e.slow }()
		return ask()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func search(ctx context.Context, e *Engine, by *auth.Identity, payload []byte) (any, error) {
	c, err := decode[protocol.Search](payload)
	if err != nil {
		return nil, err
	}
	q := store.Query{Text: c.Text, Rooms: by.Rooms(), Cursor: c.Cursor}
	if c.Room != "" {
		name, err := cleanRoom(by, c.Room)
		if err != nil {
			return nil, err
		}
		q.Rooms = []string{name}
	}
	switch n := utf8.RuneCountInString(c.Text); {
	case n > protocol.MaxTopicRunes:
		return nil, room.TooLarge("text", protocol.MaxTopicRunes, "code points")
	case strings.TrimSpace(c.Text) == "":
		return nil, &protocol.Error{Code: protocol.CodeInvalidText, Text: "text: want words to look for"}
	}
	if q.Limit, err = count(c.Limit, protocol.DefaultPage, protocol.MaxPage, "limit"); err != nil {
		return nil, err
	}
	var found store.Found
	err = e.slowly(ctx, func() error {
		for {
			if found, err = e.store.Search(ctx, q); err != nil {
				return err
			}
			n := len(fit(found.Events, false))
			if n == len(found.Events) {
				return nil
			}
			q.Limit = n // so that the cursor is that of the last one that fits
		}
	})
	if errors.Is(err, store.ErrBadCursor) {
		return nil, &protocol.Error{Code: protocol.CodeInvalidField, Text: "cursor: want one that an answer to this search gave"}
	}
	if err != nil {
		return nil, err
	}
	if found.Events == nil {
		found.Events = []protocol.Event{}
	}
	return protocol.Found(found), nil
}

// maxRoomList is how many rooms one answer names.
const maxRoomList = 1000

func listRooms(ctx context.Context, e *Engine, by *auth.Identity, payload []byte) (any, error) {
	if _, err := decode[protocol.Rooms](payload); err != nil {
		return nil, err
	}
	list := protocol.RoomList{Rooms: []protocol.RoomSummary{}}
	err := e.slowly(ctx, func() error {
		kept, err := e.store.Rooms(ctx)
		if err != nil {
			return err
		}
		list.Rooms = e.summaries(by, kept)
		return e.countUnread(ctx, by, list.Rooms)
	})
	return list, err
}

// summaries are of the rooms that hold events or people, by name.
func (e *Engine) summaries(by *auth.Identity, kept []store.Room) []protocol.RoomSummary {
	present := e.elsewhere().present() // but of rooms where somebody is here, we know better
	for _, r := range e.rooms.all() {
		if n, known := r.count(); known {
			present[r.name] = n
		}
	}
	maps.DeleteFunc(present, func(_ string, n int) bool { return n == 0 })
	list := []protocol.RoomSummary{}
	add := func(s protocol.RoomSummary) {
		if by.MayJoin(s.Name) && len(list) < maxRoomList {
			list = append(list, s)
		}
	}
	for _, r := range kept {
		n := present[r.Name]
		delete(present, r.Name)
		if n > 0 || r.First <= r.Head { // else all of it was purged
			add(protocol.RoomSummary{Name: r.Name, Topic: r.Topic, Head: r.Head, Count: n})
		}
	}
	for name, n := range present {
		add(protocol.RoomSummary{Name: name, Count: n})
	}
	slices.SortFunc(list, func(a, b protocol.RoomSummary) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (e *Engine) countUnread(ctx context.Context, by *auth.Identity, rooms []protocol.RoomSummary) error {
	names := make([]string, len(rooms))
	for i := range rooms {
		names[i] = rooms[i].Name
	}
	counts, err := e.store.Unread(ctx, userOf(by), names)
	for i, c := range counts {
		rooms[i].Read, rooms[i].Unread, rooms[i].Mentions = c.Read, c.Messages, c.Mentions
	}
	return err
}

// read moves a read mark, which is written like an event, and tells all sessions of
// its user.
func read(ctx context.Context, e *Engine, by *auth.Identity, payload []byte) (any, error) {
	c, err := decode[protocol.Read](payload)
	if err != nil {
		return nil, err
	}
	name, err := cleanRoom(by, c.Room)
	if err != nil {
		return nil, err
	}
	if _, err := e.write(ctx, store.Draft{Room: name, Kind: store.KindRead, User: userOf(by), Target: c.Seq}); err != nil {
		return nil, err
	}
	now := []protocol.RoomSummary{{Name: name}}
	if err := e.slowly(ctx, func() error { return e.countUnread(ctx, by, now) }); err != nil {
		return nil, err
	}
	marked := protocol.Marked{Seq: now[0].Read, Unread: now[0].Unread, Mentions: now[0].Mentions}
	e.tellRead(by.User, name, marshal(protocol.ReadNow{
		Type: protocol.TypeRead, Room: name, Seq: marked.Seq, Unread: marked.Unread, Mentions: marked.Mentions,
	}))
	return marked, nil
}

func pong(_ context.Context, _ *Engine, _ *auth.Identity, payload []byte) (any, error) {
	if _, err := decode[protocol.Ping](payload); err != nil {
		return nil, err
	}
	return protocol.Pong{Time: time.Now().UnixMilli()}, nil
}

// rename gives a guest without a session a pass with another name.
func renamed(_ context.Context, e *Engine, by *auth.Identity, payload []byte) (any, error) {
	name, err := newName(by, payload)
	if err != nil {
		return nil, err
	}
	return e.renamed(by, name), nil
}

// newName checks a rename.
func newName(by *auth.Identity, payload []byte) (string, error) {
	c, err := decode[protocol.Rename](payload)
	if err != nil {
		return "", err
	}
	if !by.Guest {
		return "", &protocol.Error{Code: protocol.CodeForbidden, Text: "your name is your token's"}
	}
	return room.CleanName(c.Name)
}

func (e *Engine) renamed(by *auth.Identity, name string) protocol.Renamed {
	u := userOf(by)
	u.Name = name
	r := protocol.Renamed{User: u}
	if e.pass != nil {
		r.Pass = e.pass(u)
	}
	return r
}
