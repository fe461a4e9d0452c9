package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	hub "github.com/parley-chat/parley/internal/broker/memory"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/protocol"
)

// holder is somebody with a token that was issued then.
func holder(user string, issued time.Time, change ...func(*auth.Identity)) auth.Identity {
	id := auth.Identity{User: user, Name: user, Terms: &auth.Terms{
		Issued: issued.UnixMilli(), Expires: issued.Add(24 * time.Hour), Token: auth.FingerprintOf(fmt.Sprint(user, issued.UnixMilli()) + ".x"),
	}}
	for _, f := range change {
		f(&id)
	}
	return id
}

func admin(id *auth.Identity) { id.Role = store.RoleAdmin }

// vouching knows the tokens that the test gives names.
func vouching(tokens map[string]auth.Identity) func(*Config) {
	return func(c *Config) {
		c.Vouch = func(_ context.Context, token string) (auth.Identity, error) {
			if token == "keys are away" {
				return auth.Identity{}, auth.ErrUnavailable
			}
			if id, ok := tokens[token]; ok {
				return id, nil
			}
			return auth.Identity{}, errors.New("it is no JWT")
		}
	}
}

func TestWhoIsRevokedIsClosedAndTheOthersStay(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		before := time.Now().Add(-time.Hour)
		phone, laptop := holder("ada", before), holder("ada", before.Add(time.Minute))
		e := startEngine(t, on, vouching(map[string]auth.Identity{"phone": phone}))
		root := dial(t, e, holder("root", before, admin))
		onPhone, onLaptop := dial(t, e, phone), tcp(t, e, as(laptop))
		grace := dial(t, e, holder("grace", before))
		onPhone.mustDo("join", `"room":"lobby"`)
		onLaptop.send(`{"type":"join","room":"lobby"}`)
		onLaptop.ofText("joined")
		grace.mustDo("join", `"room":"lobby"`)

		root.mustDo("revoke", `"token":"phone"`)
		onPhone.wantClose(4401)
		onLaptop.send(`{"type":"chat","text":"still here"}`)
		onLaptop.ofText("still here")
		if !e.Revoked(&phone) || e.Revoked(&laptop) {
			t.Errorf("the phone's token is revoked: %v, the laptop's: %v", e.Revoked(&phone), e.Revoked(&laptop))
		}

		root.mustDo("revoke", `"user":"ada"`)
		onLaptop.wantClose(4401)
		grace.mustDo("ping", "")
		again := holder("ada", time.Now().Add(time.Millisecond))
		if !e.Revoked(&laptop) || e.Revoked(&again) {
			t.Errorf("the laptop's token is revoked: %v, a new one: %v", e.Revoked(&laptop), e.Revoked(&again))
		}
		dial(t, e, again).mustDo("ping", "")
	})
}

func TestWhatIsRevokedIsOnesOwnOrAnAdmins(t *testing.T) {
	before := time.Now().Add(-time.Hour)
	ada := holder("ada", before)
	e := startEngine(t, unlimited, vouching(map[string]auth.Identity{"ada's": ada, "grace's": holder("grace", before), "a guest's pass": guest("eve")}))
	for _, x := range []struct {
		fields string
		want   protocol.Code
	}{
		{``, protocol.CodeInvalidField},
		{`"user":""`, protocol.CodeInvalidField},
		{`"user":"ada","token":"ada's"`, protocol.CodeInvalidField},
		{`"user":7`, protocol.CodeInvalidField},
		{`"user":"a\u0000"`, protocol.CodeInvalidField},
		{`"token":"made up"`, protocol.CodeInvalidField},
		{`"token":"keys are away"`, protocol.CodeUnavailable},
		{`"user":"grace"`, protocol.CodeForbidden},
		{`"token":"grace's"`, protocol.CodeForbidden},
		{`"token":"a guest's pass"`, protocol.CodeForbidden},
	} {
		dial(t, e, ada).wantCode(x.want, "revoke", x.fields)
		if _, refusal := e.Do(t.Context(), ada, "revoke", []byte("{"+x.fields+"}")); refusal == nil || refusal.Code != x.want {
			t.Errorf("{%s} without a session: %v, want %s", x.fields, refusal, x.want)
		}
	}
	moderator := holder("m", before, func(id *auth.Identity) { id.Role = store.RoleModerator })
	dial(t, e, moderator).wantCode(protocol.CodeForbidden, "revoke", `"user":"ada"`)
	if kept, err := e.store.(store.Revoker).Revocations(t.Context(), 0); err != nil || len(kept) > 0 {
		t.Errorf("%v, %v: something was revoked", kept, err)
	}
	root := holder("root", before, admin)
	for _, fields := range []string{`"token":"grace's"`, `"token":"a guest's pass"`, `"user":"whoever"`} {
		dial(t, e, root).mustDo("revoke", fields)
	}
}

// One's own command is answered before it ends one's session.
func TestWhoRevokesThemselvesIsToldThatItIsDone(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		before := time.Now().Add(-time.Hour)
		ada, eve := holder("ada", before), guest("eve")
		tokens := map[string]auth.Identity{"mine": ada}
		for fields, id := range map[string]auth.Identity{`"user":"ada"`: ada, `"token":"mine"`: ada, fmt.Sprintf(`"user":%q`, eve.User): eve} {
			e := startEngine(t, on, vouching(tokens))
			other := dial(t, e, id)
			p := dial(t, e, id)
			p.mustDo("revoke", fields)
			p.wantClose(4401)
			other.wantClose(4401)
			if _, refusal := e.Do(t.Context(), guest("linus"), "ping", []byte("{}")); refusal != nil {
				t.Error(refusal)
			}
			if !e.Revoked(&id) {
				t.Errorf("%s: it is not revoked", fields)
			}
		}
	})
}

// A pass has no time that helps: a node that has not heard yet may give a guest another.
func TestARevokedGuestNeverComesBack(t *testing.T) {
	e := startEngine(t)
	eve := guest("eve")
	e.revoked.learn(store.Revocation{User: eve.User, At: 1})
	dial(t, e, eve).wantClose(4401)
}

// slowRevoker is a store whose answers come when the test says so.
type slowRevoker struct {
	store.Store
	store.Revoker
	fail atomic.Bool
}

func (s *slowRevoker) Revoke(ctx context.Context, r store.Revocation) error {
	err := s.Revoker.Revoke(ctx, r)
	if s.fail.Load() {
		return errors.New("the answer was lost")
	}
	return err
}

func TestARevocationWhoseAnswerIsLostHoldsAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *slowRevoker
		e := startEngine(t, func(c *Config) {
			m := c.Store.(*memory.Store)
			s = &slowRevoker{Store: m, Revoker: m}
			c.Store = s
		})
		ada := holder("ada", time.Now().Add(-time.Hour))
		p := pipe(t, e, as(ada))
		s.fail.Store(true)
		_, refusal := e.Do(t.Context(), ada, "revoke", []byte(`{"user":"ada"}`))
		if refusal == nil || refusal.Code != protocol.CodeUnavailable {
			t.Fatalf("%v, want unavailable", refusal)
		}
		p.wantClose(4401)
	})
}

func TestSomebodyWhoIsRevokedOnTheirWayInIsClosed(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on)
		issued := time.Now().Add(-time.Hour)
		for i := range 200 {
			user := fmt.Sprint("user", i)
			id := holder(user, issued)
			if e.Revoked(&id) {
				t.Fatal("revoked before it was")
			}
			revoked := make(chan struct{})
			go func() {
				defer close(revoked)
				e.revoked.learn(store.Revocation{User: user, At: time.Now().UnixMilli()})
			}()
			if i%2 == 0 {
				<-revoked // the door has looked by now
			}
			p := tcp(t, e, as(id))
			p.wantClose(4401)
			<-revoked
		}
	})
}

func TestARevocationIsKnownAfterARestart(t *testing.T) {
	s := memory.New(64 << 20)
	keep := func(c *Config) { c.Store = s }
	ada := holder("ada", time.Now().Add(-time.Hour))
	first := startEngine(t, keep)
	if _, refusal := first.Do(t.Context(), ada, "revoke", []byte(`{"user":"ada"}`)); refusal != nil {
		t.Fatal(refusal)
	}
	if second := startEngine(t, keep); !second.Revoked(&ada) {
		t.Error("the next node lets her in")
	}
}

func TestWhoIsRevokedOnOneNodeIsClosedOnEach(t *testing.T) {
	for name, h := range map[string]*hub.Hub{"with a broker": hub.New(), "by asking the store": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ada, eve := holder("ada", time.Now().Add(-time.Hour)), guest("eve")
				s, all := nodes(t, 3, h, vouching(map[string]auth.Identity{"ada's": ada}))
				people := []*peer{pipe(t, all[1], as(ada)), pipe(t, all[2], as(eve)), pipe(t, all[2], as(holder("grace", time.Now())))}
				time.Sleep(10 * time.Second)
				start := time.Now()
				root := holder("root", time.Now(), admin)
				if _, refusal := all[0].Do(t.Context(), root, "revoke", []byte(`{"token":"ada's"}`)); refusal != nil {
					t.Fatal(refusal)
				}
				people[0].wantClose(4401)
				if took := time.Since(start); h != nil && took > revokedRest {
					t.Errorf("where the broker tells, it took %v", took)
				}
				// Straight into the store, as `parley token revoke --store` does.
				if err := s.Revoke(t.Context(), store.Revocation{User: eve.User, At: time.Now().UnixMilli()}); err != nil {
					t.Fatal(err)
				}
				people[1].wantClose(4401)
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("it took %v", took)
				}
				time.Sleep(2 * time.Second)
				for _, e := range all {
					if !e.Revoked(&ada) || !e.Revoked(&eve) {
						t.Error("a node lets them in")
					}
				}
				people[2].send(`{"type":"join"}`)
				people[2].ofText("joined")
			})
		})
	}
}

// A store that fails over to one that is behind has lost the newest. Nodes that know them
// keep them, and give them back for those that start.
func TestARevocationOutlivesAStoreThatForgotIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, all := nodes(t, 2, nil)
		ada, grace := holder("ada", time.Now().Add(-time.Hour)), holder("grace", time.Now().Add(-time.Hour))
		for _, x := range []store.Revocation{
			{User: "ada", At: time.Now().UnixMilli()}, {Token: grace.Terms.Token.String(), At: time.Now().UnixMilli()},
		} {
			if err := s.Revoke(t.Context(), x); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Second)
		s.Rewind(0)
		time.Sleep(2 * time.Second)
		later := startEngine(t, among(s, nil))
		for i, e := range append(all, later) {
			if !e.Revoked(&ada) || !e.Revoked(&grace) {
				t.Errorf("node %d lets them in", i)
			}
		}
	})
}

// A node's clock may be ahead, by however much: what others revoke is found all the same.
func TestAClockThatIsAheadHidesNoRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, all := nodes(t, 1, nil)
		revoke := func(user string, ahead time.Duration) {
			if err := s.Revoke(t.Context(), store.Revocation{User: user, At: time.Now().Add(ahead).UnixMilli()}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(revokedWhole + time.Minute) // all is not asked for so soon again
		revoke("ada", time.Hour)
		time.Sleep(2 * time.Second)
		revoke("grace", 0)
		time.Sleep(2 * time.Second)
		for _, user := range []string{"ada", "grace"} {
			if id := holder(user, time.Now().Add(-2*time.Hour)); !all[0].Revoked(&id) {
				t.Errorf("%s is not revoked", user)
			}
		}
	})
}

func TestOldRevocationsAreForgotten(t *testing.T) {
	e := startEngine(t)
	r := newRevocations(e)
	ada, eve, now := holder("ada", time.Now().Add(-time.Hour)), guest("eve"), time.Now()
	for _, x := range []store.Revocation{{User: eve.User, At: now.UnixMilli()}, {Token: ada.Terms.Token.String(), At: now.UnixMilli()}} {
		if err := r.keep(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.ask(now); err != nil {
		t.Fatal(err)
	}
	r.forget(now.Add(protocol.PassLife + forgetting))
	if !r.holds(&eve) || !r.holds(&ada) {
		t.Error("forgotten while a pass may hold")
	}
	r.forget(now.Add(keepRevoked + time.Second))
	kept, err := e.store.(store.Revoker).Revocations(t.Context(), 0)
	if r.holds(&eve) || r.holds(&ada) || err != nil || len(kept) > 0 {
		t.Errorf("known: %v, %v; the store keeps %v, %v", r.holds(&eve), r.holds(&ada), kept, err)
	}
}

func TestGuestsCannotFillTheMemoryWithRevocations(t *testing.T) {
	e := startEngine(t)
	many := map[string]int64{}
	for i := range maxOwn {
		many[fmt.Sprint("guest.", i)] = 1
	}
	e.revoked.mu.Lock()
	maps.Copy(e.revoked.byUser, many)
	e.revoked.mu.Unlock()
	eve := guest("eve")
	_, refusal := e.Do(t.Context(), eve, "revoke", fmt.Appendf(nil, `{"user":%q}`, eve.User))
	if refusal == nil || refusal.Code != protocol.CodeUnavailable {
		t.Errorf("a guest: %v, want unavailable", refusal)
	}
	ada := holder("ada", time.Now())
	if _, refusal = e.Do(t.Context(), ada, "revoke", []byte(`{"user":"ada"}`)); refusal != nil {
		t.Errorf("somebody with an account: %v", refusal)
	}
}
