// Package store says what keeps the rooms' logs. A log is a room's events in
// order: seqs start at 1 and have no holes, and times never fall.
package store

import (
	"context"
	"errors"
)

// Seq is an event's place in its room's log, from 1.
type Seq uint64

// Draft is an event that has no place yet.
type Draft struct {
	Room string
	User string // id; empty for a guest of the tutorial dialect
	Name string // as shown when it was said
	Text string
}

// Event is a durable fact in a room.
type Event struct {
	Draft
	Seq  Seq
	Time int64 // milliseconds since 1970
}

// ErrNotKept says that a store no longer has, or never kept, what was asked for.
var ErrNotKept = errors.New("not kept")

// Store keeps logs. Append is called by one goroutine; the rest by any.
type Store interface {
	// Append gives each draft the next seq of its room and keeps it. It returns
	// the events in the order of the drafts once all of them are as safe as this
	// store makes them. After an error none of them was appended, as far as this
	// store can tell.
	Append(ctx context.Context, drafts []Draft) ([]Event, error)

	// Read gives at most limit events of room after cursor, lowest seq first;
	// none at the head. ErrNotKept: the next one is not here.
	Read(ctx context.Context, room string, cursor Seq, limit int) ([]Event, error)

	// Release says that nobody here has room open any more. A store that keeps
	// logs no longer than they are used forgets it; the room's next event starts
	// a new log.
	Release(room string)

	Close() error
}

// Room is where a kept log stands.
type Room struct {
	Name  string
	Epoch string // names this life of the log
	Head  Seq    // of its newest event; 0 for none
}

// Keeper is a store that outlives its process, and can tell what it keeps.
type Keeper interface {
	// Rooms gives every room, by name.
	Rooms(ctx context.Context) ([]Room, error)
}
