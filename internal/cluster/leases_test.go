package cluster

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/store"
)

// registry is a store that knows nothing but who has a lease.
type registry struct {
	store.Shared
	mu    sync.Mutex
	until map[string]time.Time
	lost  map[string]bool // nodes that can't reach it
	hung  map[string]bool // nodes that it doesn't answer
}

func newRegistry() *registry {
	return &registry{until: map[string]time.Time{}, lost: map[string]bool{}, hung: map[string]bool{}}
}

var errLost = errors.New("the store can't be reached")

func (r *registry) Secret() []byte { return []byte("secret") }
func (r *registry) Life() string   { return "life" }

func (r *registry) Beat(ctx context.Context, node string, ttl time.Duration) (nodes []string, lapsed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hung[node] {
		r.mu.Unlock()
		<-ctx.Done()
		r.mu.Lock()
		return nil, false, ctx.Err()
	}
	if r.lost[node] {
		return nil, false, errLost
	}
	now := time.Now()
	lapsed = !r.until[node].After(now)
	r.until[node] = now.Add(ttl)
	for name, until := range r.until {
		if until.After(now) {
			nodes = append(nodes, name)
		}
	}
	slices.Sort(nodes)
	return nodes, lapsed, nil
}

func (r *registry) Resign(_ context.Context, node string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.until, node)
	return nil
}

func (r *registry) set(nodes map[string]bool, node string, is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	nodes[node] = is
}

// watch is what one node was told of leases, and when.
type watch struct {
	*Cluster
	mu   sync.Mutex
	told []string
	at   time.Time // of the last
}

func (r *registry) start(t *testing.T, name string) *watch {
	t.Helper()
	w := &watch{Cluster: New(Config{Store: r, Log: slog.New(slog.DiscardHandler), Node: name})}
	if err := w.Start(w.ears()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watch) ears() Ears {
	note := func(what string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.told, w.at = append(w.told, what), time.Now()
	}
	return Ears{
		Came:   func(node string) { note("came " + node) },
		Gone:   func(node string) { note("gone " + node) },
		Lapsed: func() { note("lapsed") },
	}
}

// take gives what was told since it was asked last, once nothing more is on its way.
func (w *watch) take() []string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	told := w.told
	w.told = nil
	return told
}

func (w *watch) want(t *testing.T, want ...string) {
	t.Helper()
	if got := w.take(); !slices.Equal(got, want) {
		t.Errorf("%s was told %q, want %q", w.Node(), got, want)
	}
}

// acquainted are two nodes that know of each other.
func (r *registry) acquainted(t *testing.T) (ada, grace *watch) {
	t.Helper()
	ada, grace = r.start(t, "ada"), r.start(t, "grace")
	time.Sleep(BeatEvery)
	ada.take()
	grace.take()
	return ada, grace
}

func closeAll(t *testing.T, nodes ...*watch) {
	t.Helper()
	for _, n := range nodes {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWhoComesAndWhoTakesLeaveIsKnownAtTheNextBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry()
		ada := r.start(t, "ada")
		grace := r.start(t, "grace")
		grace.want(t, "came ada")
		time.Sleep(BeatEvery)
		ada.want(t, "came grace")
		time.Sleep(time.Hour)
		ada.want(t)
		grace.want(t)
		closeAll(t, grace)
		time.Sleep(BeatEvery)
		ada.want(t, "gone grace")
		closeAll(t, ada)
	})
}

func TestWhoDiesIsGoneWhenItsLeaseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry()
		ada, grace := r.acquainted(t)
		r.set(r.lost, "grace", true)
		died := time.Now()
		time.Sleep(leaseFor - BeatEvery - time.Millisecond)
		ada.want(t)
		time.Sleep(2*BeatEvery + time.Millisecond)
		ada.want(t, "gone grace")
		if took := ada.at.Sub(died); took > leaseFor+BeatEvery {
			t.Errorf("it was known after %v", took)
		}
		closeAll(t, ada, grace)
	})
}

func TestWhileTheStoreIsAwayNobodyIsGone(t *testing.T) {
	for name, fault := range map[string]func(r *registry) map[string]bool{
		"it refuses": func(r *registry) map[string]bool { return r.lost },
		"it hangs":   func(r *registry) map[string]bool { return r.hung },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRegistry()
				ada, grace := r.acquainted(t)
				for _, node := range []string{"ada", "grace"} {
					r.set(fault(r), node, true)
				}
				time.Sleep(10 * leaseFor)
				ada.want(t)
				grace.want(t)
				for _, node := range []string{"ada", "grace"} {
					r.set(fault(r), node, false)
				}
				time.Sleep(BeatEvery + beatTimeout) // whoever asks first finds itself alone
				ada.want(t, "lapsed")
				grace.want(t, "lapsed")
				time.Sleep(time.Minute)
				ada.want(t)
				grace.want(t)
				closeAll(t, ada, grace)
			})
		})
	}
}

func TestWhoDiesWhileTheStoreIsAwayIsGoneOnceItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry()
		ada, grace := r.acquainted(t)
		for _, node := range []string{"ada", "grace"} {
			r.set(r.lost, node, true)
		}
		time.Sleep(time.Minute)
		r.set(r.lost, "ada", false)
		time.Sleep((patientFor + 1) * BeatEvery)
		ada.want(t, "lapsed", "gone grace")
		closeAll(t, ada, grace)
	})
}

func TestALeaseThatEndedAndIsTakenAgainIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry()
		ada, grace := r.acquainted(t)
		r.set(r.lost, "grace", true)
		time.Sleep(2 * leaseFor)
		ada.want(t, "gone grace")
		r.set(r.lost, "grace", false)
		time.Sleep(2 * BeatEvery)
		ada.want(t, "came grace")
		grace.want(t, "lapsed")
		closeAll(t, ada, grace)
	})
}

// Two beats that fail are no reason to be taken for gone.
func TestALeaseOutlivesTwoBeatsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry()
		ada, grace := r.acquainted(t)
		time.Sleep(time.Millisecond)
		r.set(r.lost, "grace", true)
		time.Sleep(2 * BeatEvery)
		r.set(r.lost, "grace", false)
		time.Sleep(10 * BeatEvery)
		ada.want(t)
		grace.want(t)
		closeAll(t, ada, grace)
	})
}

func TestANodeThatGetsNoLeaseDoesNotStart(t *testing.T) {
	r := newRegistry()
	r.set(r.lost, "ada", true)
	c := New(Config{Store: r, Log: slog.New(slog.DiscardHandler), Node: "ada"})
	if err := c.Start(Ears{}); !errors.Is(err, errLost) {
		t.Errorf("it started: %v", err)
	}
}
