package store

import (
	"context"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// Shared is a store that several nodes use at once.
//
// Its logs may begin another life while it is open: it is another server's since, that
// lacks what this one had. Then every log has another epoch, and what Append, Heads,
// Room and Read do is of the new life, from when renewed was called.
type Shared interface {
	Store

	// Watch has renewed called with the name of each life that the logs begin, before
	// anything of it is given to anybody or written by this node. It is called once,
	// before the store is used. renewed must not use the store.
	Watch(renewed func(life string))

	// Life names the present life of the logs, as far as this node has heard of it. What
	// is asked of the store afterwards is of this life, or of a later one.
	Life() string

	// Heads are the heads of the logs of rooms, in their order; 0 for one that has none.
	Heads(ctx context.Context, rooms []string) ([]protocol.Seq, error)

	// Beat has node be one of the store's for ttl, by the store's own clock, and gives
	// all those that are now, in their order. lapsed: node was none of them before.
	Beat(ctx context.Context, node string, ttl time.Duration) (nodes []string, lapsed bool, err error)

	// Resign has node be none of them any more.
	Resign(ctx context.Context, node string) error
}
