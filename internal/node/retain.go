package node

import (
	"context"
	"log/slog"
	"time"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/store"
)

// purgeEvery is how often the rooms are looked through for what is too old.
const purgeEvery = time.Hour

// retention forgets what is older than the settings keep.
type retention struct {
	store store.Store
	keep  config.Retain
	log   *slog.Logger

	stop context.CancelFunc
	done chan struct{}
}

// startRetention begins at once, and goes on until it is stopped.
func startRetention(s store.Store, keep config.Retain, log *slog.Logger) *retention {
	ctx, stop := context.WithCancel(context.Background())
	r := &retention{store: s, keep: keep, log: log, stop: stop, done: make(chan struct{})}
	go r.run(ctx)
	return r
}

func (r *retention) run(ctx context.Context) {
	defer close(r.done)
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		r.purge(ctx, time.Now())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// purge goes through the rooms once.
func (r *retention) purge(ctx context.Context, now time.Time) {
	if r.keep.Default == 0 && len(r.keep.Rooms) == 0 {
		return
	}
	rooms, err := r.store.Rooms(ctx)
	events := 0
	for _, room := range rooms {
		keep := r.keep.For(room.Name)
		if keep == 0 || err != nil {
			continue
		}
		var n int
		n, err = r.store.Purge(ctx, room.Name, now.Add(-keep))
		events += n
	}
	if events > 0 {
		r.log.Info("events that were too old are forgotten", "events", events)
	}
	if err != nil && ctx.Err() == nil {
		r.log.Error("what is too old could not be forgotten: it is tried again in an hour", "err", err)
	}
}

// end stops it, and waits for what it was at.
func (r *retention) end() {
	r.stop()
	<-r.done
}
