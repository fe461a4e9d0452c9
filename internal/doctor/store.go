package doctor

import (
	"context"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/config"
)

// store looks at where several nodes keep their rooms. SQLite's folder is looked at
// elsewhere, and memory has nothing to look at.
func (x *examination) store(ctx context.Context) {
	if !x.Local {
		return
	}
	s := &x.Settings
	switch s.StoreKind() {
	case config.Postgres:
		x.doing(s.StoreName())
		x.postgres(ctx)
	case config.Redis:
		x.doing(s.StoreName())
		x.redisStore(ctx)
	}
}

// farAway is a round trip to a store that makes itself felt: a commit takes some.
const farAway = 20 * time.Millisecond

// roundTrips says how long what is asked of a store takes, and compares its clock with
// ours. clock asks for the store's.
func (x *examination) roundTrips(ctx context.Context, n notes, clock func(context.Context) (time.Time, error)) error {
	var all []time.Duration
	var ahead, exact time.Duration
	for range 21 {
		began := time.Now()
		at, err := clock(ctx)
		if err != nil {
			return err
		}
		took := time.Since(began)
		if all = append(all, took); took == slices.Min(all) {
			ahead, exact = at.Sub(began.Add(took/2)), took/2+time.Millisecond
		}
	}
	slices.Sort(all)
	if middle := all[len(all)/2]; middle > farAway {
		n.warn("a round trip takes "+short(middle)+" (p50), and so everybody's messages more than that", "have the store nearer to its nodes")
	} else {
		n.ok("a round trip takes %s (p50)", short(middle))
	}
	if ahead.Abs()-exact > offBy {
		n.warn("the store's clock is "+apart(ahead)+" this machine's", "have both kept by NTP (chrony, systemd-timesyncd)")
	} else {
		n.ok("the store's clock agrees with this machine's")
	}
	return nil
}
