package engine

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// revocations is what no longer lets anybody in. It is in memory whole: the door asks at
// each handshake, and while the store can't be asked, nobody comes back.
//
// Nobody slips through: a session is known to its user before it is checked, and who is
// known is checked behind each revocation.
type revocations struct {
	// Fixed after newRevocations.
	engine *Engine
	store  store.Revoker // nil: nothing is kept
	more   chan struct{} // holds one: the store may have something new
	tokens chan struct{} // holds one: all sessions are to be checked
	ctx    context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup // run

	// Owned by run, after start.
	newest  int64     // of those that the store told
	whole   time.Time // when it last told all; zero: never
	forgot  time.Time
	failing bool

	unsure atomic.Bool // something may be in the store that isn't here
	lost   atomic.Bool // something may be here that isn't in the store any more

	// Guarded by mu.
	mu      sync.RWMutex
	byUser  map[string]int64 // until when, milliseconds since 1970
	byToken map[auth.Fingerprint]int64
}

const (
	// So often a node among others asks what is new, whatever it is told: with what is
	// asked, a revocation is everywhere within two seconds.
	revokedEvery = time.Second

	// A node alone has nobody to hear of. It asks where an answer of the store's was lost.
	revokedAlone = 10 * time.Second

	// What is asked for is what was revoked since the newest that is known, and so much
	// before it: another node's clock may be behind, and its commit late. All is asked for
	// so seldom.
	revokedOverlap = time.Minute
	revokedWhole   = 10 * time.Minute

	revokedTimeout = 5 * time.Second
	revokedRest    = 50 * time.Millisecond

	// keepRevoked is how long a revocation is kept: by then what it ended has ended by
	// itself. A pass does after protocol.PassLife; a token had better.
	keepRevoked = 400 * 24 * time.Hour
	forgetting  = 24 * time.Hour

	// maxOwn is how many revocations there may be before guests can't add their own: they
	// cost nothing to make, and each is memory on every node.
	maxOwn = 100_000
)

func newRevocations(e *Engine) *revocations {
	r := &revocations{
		engine: e, more: make(chan struct{}, 1), tokens: make(chan struct{}, 1),
		byUser: map[string]int64{}, byToken: map[auth.Fingerprint]int64{},
	}
	r.store, _ = e.store.(store.Revoker)
	r.ctx, r.stop = context.WithCancel(context.Background())
	return r
}

// start reads what was revoked, before anybody is let in, and keeps up with it.
func (r *revocations) start() error {
	if err := r.ask(time.Now()); err != nil {
		return fmt.Errorf("ask the store what was revoked: %w", err)
	}
	r.work.Add(1)
	go r.run()
	return nil
}

// close ends what start began. The store is used no more then.
func (r *revocations) close() {
	r.stop()
	r.work.Wait()
}

// look has the store be asked soon. Any goroutine may call it; it never waits.
func (r *revocations) look() { signal(r.more) }

func (r *revocations) run() {
	defer r.work.Done()
	every := revokedAlone
	if r.engine.peers != nil {
		every = revokedEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-r.more:
			r.keepUp()
			r.rest()
		case <-tick.C:
			if r.engine.peers != nil || r.unsure.Load() {
				r.keepUp()
			}
			r.forget(time.Now())
		case <-r.tokens:
			for _, t := range r.engine.transports() {
				t.check()
			}
			r.rest()
		case <-r.ctx.Done():
			return
		}
	}
}

// renewed hears that the store may lack what it had. It doesn't use the store. Any
// goroutine may call it.
func (r *revocations) renewed() {
	r.lost.Store(true)
	r.look()
}

// keepAgain gives the store what it may have lost: as much as a standby can be behind, and
// more. Whoever was revoked must not come back with the next node that starts.
func (r *revocations) keepAgain(now time.Time) error {
	since := now.Add(-forgetting).UnixMilli()
	var all []store.Revocation
	r.mu.RLock()
	for user, at := range r.byUser {
		if at >= since {
			all = append(all, store.Revocation{User: user, At: at})
		}
	}
	for f, at := range r.byToken {
		if at >= since {
			all = append(all, store.Revocation{Token: f.String(), At: at})
		}
	}
	r.mu.RUnlock()
	ctx, cancel := context.WithTimeout(r.ctx, revokedTimeout)
	defer cancel()
	for _, x := range all {
		if err := r.store.Revoke(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// rest keeps those who revoke much, or have us look, from keeping us busy.
func (r *revocations) rest() {
	select {
	case <-time.After(revokedRest):
	case <-r.ctx.Done():
	}
}

// keepUp learns what the store has, and says when that begins and ceases to fail.
func (r *revocations) keepUp() {
	err := r.ask(time.Now())
	if failing := err != nil; failing != r.failing && r.ctx.Err() == nil {
		r.failing = failing
		if failing {
			r.engine.log.Error("the store can't be asked what was revoked: whoever is revoked elsewhere may stay until it can", "err", err)
		} else {
			r.engine.log.Info("the store can be asked again what was revoked")
		}
	}
}

func (r *revocations) ask(now time.Time) error {
	if r.store == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(r.ctx, revokedTimeout)
	defer cancel()
	whole := r.whole.IsZero() || now.Sub(r.whole) >= revokedWhole
	since := int64(0)
	if !whole { // one of the two clocks may be ahead
		since = max(0, min(r.newest, now.UnixMilli())-revokedOverlap.Milliseconds())
	}
	r.unsure.Store(false) // before: what becomes unsure while we ask is asked for again
	all, err := r.store.Revocations(ctx, since)
	if err != nil {
		r.unsure.Store(true)
		return err
	}
	if whole {
		r.whole = now
	}
	for _, x := range all {
		r.newest = max(r.newest, x.At)
	}
	r.learn(all...) // first: to keep again what was lost may take several times
	if r.lost.Swap(false) {
		if err := r.keepAgain(now); err != nil {
			r.lost.Store(true)
			return err
		}
	}
	return nil
}

// learn has revocations hold from now on, and whoever they end be gone.
func (r *revocations) learn(all ...store.Revocation) {
	var users []string
	tokens := false
	r.mu.Lock()
	for _, x := range all {
		if x.User != "" && x.At > r.byUser[x.User] {
			r.byUser[x.User] = x.At
			users = append(users, x.User)
		}
		if f, ok := auth.ParseFingerprint(x.Token); ok && x.At > r.byToken[f] {
			tokens = tokens || r.byToken[f] == 0 // else those who came by it have gone
			r.byToken[f] = x.At
		}
	}
	r.mu.Unlock()
	for _, user := range users {
		r.engine.users.check(user)
	}
	if tokens { // whose they are, nobody knows
		signal(r.tokens)
	}
}

// holds reports whether what an identity came in with was revoked.
func (r *revocations) holds(who *auth.Identity) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if at, ok := r.byUser[who.User]; ok && who.Issued() <= at {
		return true
	}
	if who.Terms == nil || len(r.byToken) == 0 {
		return false
	}
	_, ok := r.byToken[who.Terms.Token]
	return ok
}

func (r *revocations) full() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.byUser) >= maxOwn
}

// keep has the store keep a revocation. After an error it may do so all the same, which
// is found out later.
func (r *revocations) keep(ctx context.Context, x store.Revocation) error {
	if r.store == nil {
		return &protocol.Error{Code: protocol.CodeUnavailable, Text: "this store keeps no revocations"}
	}
	if err := r.store.Revoke(ctx, x); err != nil {
		r.unsure.Store(true)
		r.look()
		return fmt.Errorf("revoke: %w", err)
	}
	return nil
}

// forget forgets, once a day, what has ended by itself.
func (r *revocations) forget(now time.Time) {
	if r.store == nil || now.Sub(r.forgot) < forgetting {
		return
	}
	r.forgot = now
	before := now.Add(-keepRevoked).UnixMilli()
	ctx, cancel := context.WithTimeout(r.ctx, revokedTimeout)
	defer cancel()
	if err := r.store.ForgetRevocations(ctx, before); err != nil && r.ctx.Err() == nil {
		r.engine.log.Warn("old revocations could not be forgotten: it is tried again in a day", "err", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.byUser, func(_ string, at int64) bool { return at < before })
	maps.DeleteFunc(r.byToken, func(_ auth.Fingerprint, at int64) bool { return at < before })
}

// Revoked reports whether what somebody comes in with was revoked.
func (e *Engine) Revoked(who *auth.Identity) bool { return e.revoked.holds(who) }

// check ends a session if what it came in with was revoked.
func (s *session) check() (ended bool) {
	if s.state != alive || !s.engine.revoked.holds(&s.identity) {
		return false
	}
	s.end(protocol.CloseTokenExpired, "revoked: sign in again")
	return true
}
