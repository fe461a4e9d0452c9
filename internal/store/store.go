// Package store says what keeps the rooms' logs, and all that is derived from
// them. A log is a room's events in order: seqs start at 1 and have no holes, and
// times never fall.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// Draft is what somebody wants written, its fields clean and within their limits.
// It becomes an event, but for KindRead.
type Draft struct {
	Room    string
	Kind    protocol.Kind
	User    protocol.User // Role decides whose messages they may delete
	Key     string        // of a message; empty for none
	Text    string        // of a message, an edit, a topic
	ReplyTo protocol.Seq  // of a message; 0 for none
	Target  protocol.Seq  // of an edit, delete, react, unreact; of KindRead, the mark
	Emoji   string        // of a react, unreact

	// Life is the one that the logs were in when the draft was made, where they may have
	// several: Target and ReplyTo name events of it.
	Life string
}

// KindRead moves a read mark. It is written with the events, in the same commit,
// and is none.
const KindRead protocol.Kind = "read"

// Result is what became of a draft.
type Result struct {
	// Event is the new event, without its user's role. Of one that had done the same
	// before, it is the Room, Seq and TS alone; of KindRead, the Room, and as Seq
	// where the mark is now.
	Event protocol.Event

	New bool            // the event was appended now
	Err *protocol.Error // a refusal; nil if the draft was done, now or before
}

// Room is where a log stands.
type Room struct {
	Name  string
	Epoch string       // names this life of the log
	First protocol.Seq // of its oldest event that is kept; Head + 1 if none is
	Head  protocol.Seq // of its newest event; 0 for none
	Topic string
}

// Unread is what a user has yet to read in a room.
type Unread struct {
	Read     protocol.Seq // the mark; 0 for none
	Messages int          // of others after the mark, not deleted
	Mentions int          // those of them that have @ and the user's name
}

// ErrNotKept says that a store no longer has, or never kept, what was asked for.
var ErrNotKept = errors.New("not kept")

// Store keeps logs. Append is called by one goroutine at a time; the rest by any.
type Store interface {
	// Append writes drafts in their order, each as the rules (Decide) have it once
	// those before it are done. It returns a result for each draft once all of them
	// are as safe as this store makes them. After an error none of them was done, as
	// far as this store can tell.
	Append(ctx context.Context, drafts []Draft) ([]Result, error)

	// Read gives at most limit events of room after cursor, lowest seq first, as
	// they are now: a message and its edits with its newest text, or, once it was
	// deleted, Deleted and without; an edit is so, too, if its message was purged.
	// None at the head. ErrNotKept: the next one is not here.
	Read(ctx context.Context, room string, cursor protocol.Seq, limit int) ([]protocol.Event, error)

	// Room says where a log stands. A room that has none yet has an epoch all the
	// same, which its log will begin with.
	Room(ctx context.Context, name string) (Room, error)

	// Rooms gives every room that has a log, by name.
	Rooms(ctx context.Context) ([]Room, error)

	// Unread counts what user has yet to read in each of rooms, from the events
	// and the mark alone.
	Unread(ctx context.Context, user protocol.User, rooms []string) ([]Unread, error)

	// Search finds messages.
	Search(ctx context.Context, q Query) (Found, error)

	// Purge forgets the events of room that are older than before, in its oldest
	// part, and moves its first. It returns how many there were. Seqs stay.
	Purge(ctx context.Context, room string, before time.Time) (int, error)

	// Secret is 32 random bytes that were made with the store and stay with it.
	// What is signed with it must be derived from it (HKDF, RFC 5869), for one use
	// each.
	Secret() []byte

	Close() error
}

// Query is what to search for.
type Query struct {
	Text   string   // see package words
	Rooms  []string // in these rooms alone; nil for all
	Cursor string   // as Found gave it; empty for the newest
	Limit  int
}

// Found is a page of what was found.
type Found struct {
	Events  []protocol.Event // messages, newest first
	Cursor  string           // where the next page begins; empty if there is none
	Indexed int64            // what was said up to then can be found: milliseconds since 1970
}

// ErrBadCursor says that a query's cursor is none that the store gave.
var ErrBadCursor = errors.New("not a cursor of this search")

// Instant is a store whose Append waits for nothing, no disk and no other machine: it
// may be called by whoever has something to append.
type Instant interface {
	Store
	AppendsAtOnce()
}
