package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/protocol"
)

// inBubble runs test with a server that fails on demand, on a clock of its own.
func inBubble(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newServer(t)) })
}

// running is a client whose Run has not ended, or has.
type running struct {
	*client.Client
	cancel context.CancelFunc
	ended  chan error
}

func (s *server) client(t *testing.T, o client.Options) *running {
	t.Helper()
	return run(t, s.idle(t, o))
}

// idle is a client that does not run yet.
func (s *server) idle(t *testing.T, o client.Options) *client.Client {
	t.Helper()
	c, err := client.New("http://chat.example", s.options(o))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func run(t *testing.T, c *client.Client) *running {
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{c, cancel, make(chan error, 1)}
	go func() { r.ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		synctest.Wait()
	})
	return r
}

// next is the next item of a type.
func next[T client.Item](t *testing.T, c *client.Client) T {
	t.Helper()
	var found T
	for item, err := range c.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if x, ok := item.(T); ok {
			found = x
			break
		}
	}
	return found
}

func join(t *testing.T, c *running, room string) {
	t.Helper()
	if _, err := c.Join(t.Context(), protocol.Join{Room: room}); err != nil {
		t.Fatal(err)
	}
}

func TestADeadLineIsNoticed(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		c := s.client(t, client.Options{})
		next[client.Connected](t, c.Client)
		time.Sleep(time.Hour)
		s.locked(func() {
			if n := len(s.heard); n < 140 || n > 145 {
				t.Errorf("in a quiet hour there are %d pings", n)
			}
			s.faults.mute = true
		})
		start := time.Now()
		end := next[client.Disconnected](t, c.Client)
		if took := time.Since(start); took > 35*time.Second || !strings.Contains(end.Err.Error(), "does not answer") {
			t.Errorf("after %s: %v", took, end.Err)
		}
		s.locked(func() { s.faults.mute = false })
		next[client.Connected](t, c.Client)
	})
}

func TestCloseCodesAreFollowed(t *testing.T) {
	for code, most := range map[protocol.CloseCode]time.Duration{
		protocol.CloseGoingAway:    500 * time.Millisecond,
		protocol.CloseTooSlow:      500 * time.Millisecond,
		protocol.CloseOverloaded:   11 * time.Second,
		protocol.CloseLimited:      11 * time.Second,
		protocol.CloseTokenExpired: 0,
		4403:                       0,
		4409:                       0,
		protocol.ClosePolicy:       0,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *server) {
				c := s.client(t, client.Options{})
				next[client.Connected](t, c.Client)
				s.end(code)
				if most == 0 {
					closed, ok := errors.AsType[*client.CloseError](<-c.ended)
					if !ok || closed.Code != code || closed.Reason != "as told" {
						t.Errorf("Run ends with %v", closed)
					}
					return
				}
				start := time.Now()
				if end := next[client.Disconnected](t, c.Client); end.Retry > most {
					t.Errorf("it waits %s", end.Retry)
				}
				next[client.Connected](t, c.Client)
				if took := time.Since(start); took > most {
					t.Errorf("it is back after %s", took)
				}
			})
		})
	}
}

func TestARefusedTokenEndsRunUnlessThereIsAnother(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		var token atomic.Value
		token.Store("good1")
		c := s.client(t, client.Options{Token: func(context.Context) (string, error) { return token.Load().(string), nil }})
		for _, other := range []string{"good2", "bad"} {
			if user := next[client.Connected](t, c.Client).User; user.ID != token.Load() {
				t.Errorf("with %s it comes in as %+v", token.Load(), user)
			}
			token.Store(other)
			s.end(protocol.CloseTokenExpired)
		}
		if refused, ok := errors.AsType[*client.HandshakeError](<-c.ended); !ok || refused.Status != http.StatusUnauthorized {
			t.Errorf("Run ends with %v", refused)
		}
	})
}

func TestAPassThatNoLongerHoldsMakesANewGuest(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		d := &disk{state: client.State{Pass: "bad"}}
		c := s.client(t, client.Options{Storage: d})
		if user := next[client.Connected](t, c.Client).User; user.ID != "guest1" {
			t.Errorf("comes in as %+v", user)
		}
		if state, _ := d.Load(); state.Pass != "guest1" {
			t.Errorf("stored is %+v", state)
		}
		s.cut()
		if user := next[client.Connected](t, c.Client).User; user.ID != "guest1" {
			t.Errorf("comes back as %+v", user)
		}
	})
}

func TestANewGuestSaysNothingBeforeItsPassIsStored(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		d := &disk{state: client.State{Outbox: []protocol.Send{{Room: "lobby", Text: "hello", Key: "k"}}}}
		idle := s.idle(t, client.Options{Storage: d})
		d.kill()
		c := run(t, idle)
		if end := next[client.Disconnected](t, c.Client); !errors.Is(end.Err, errKilled) {
			t.Errorf("told %v", end.Err)
		}
		time.Sleep(time.Hour)
		s.locked(func() {
			if len(s.heard) > 0 {
				t.Errorf("the server hears %v", s.heard)
			}
		})
		state, _ := d.Load() // and it can be written again
		if _, err := c.Outbox()[0].Wait(t.Context()); err != nil || state.Pass != "" {
			t.Errorf("%v, with %+v stored before", err, state)
		}
	})
}

func TestARefusedJoinForgetsNoCursor(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		for i := range 9 {
			s.say("lobby", fmt.Sprint(i))
		}
		s.refuse = []*protocol.Error{{Code: protocol.CodeForbidden}}
		d := &disk{state: client.State{Cursors: map[string]protocol.Cursor{"lobby": {Epoch: "1", Seq: 7}}}}
		c := s.client(t, client.Options{Storage: d})
		if _, err := c.Join(t.Context(), protocol.Join{Room: "lobby"}); err == nil {
			t.Fatal("it is let in")
		}
		join(t, c, "lobby")
		if e := next[client.Event](t, c.Client); e.Seq != 8 {
			t.Errorf("it goes on with %d", e.Seq)
		}
	})
}

func TestASlowReaderStopsTheServerAndMissesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		c := s.client(t, client.Options{})
		join(t, c, "lobby")
		const n = 5000
		for i := range n {
			s.say("lobby", fmt.Sprint(i, strings.Repeat("x", 1000)))
		}
		time.Sleep(time.Minute)
		told := func() (n int) { s.locked(func() { n = s.told }); return n }
		if got := told(); got > 1<<20/1000+10 {
			t.Errorf("%d events of 1 kB were taken with nobody to read them", got)
		}
		// An answer comes all the same, behind what has to be passed over for it.
		if _, err := c.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		seen := 0
		for item, err := range c.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			e, ok := item.(client.Event)
			if !ok {
				continue
			}
			if seen++; e.Seq != protocol.Seq(seen) {
				t.Fatalf("event %d comes in place %d", e.Seq, seen)
			}
			if seen%100 == 0 { // from inside the loop, too
				if _, err := c.Ping(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if seen == n {
				break
			}
		}
		if got := told(); got <= n {
			t.Errorf("%d events were told: nothing was passed over, so all of it was kept", got)
		}
	})
}

func TestMessagesStayInOrderWhateverIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		limited := &protocol.Error{Code: protocol.CodeRateLimited, Retry: 3 * time.Second}
		s.refuse = []*protocol.Error{limited, {Code: protocol.CodeUnavailable}, limited, {Code: protocol.CodeInvalidText}}
		c := s.client(t, client.Options{})
		start := time.Now()
		var out []*client.Outgoing
		for i := range 5 {
			m, err := c.Post(protocol.Send{Room: "lobby", Text: fmt.Sprint("line ", i)})
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, m)
		}
		for i, m := range out {
			_, err := m.Wait(t.Context())
			refusal, _ := errors.AsType[*protocol.Error](err)
			if (i == 0) != (refusal != nil && refusal.Code == protocol.CodeInvalidText) {
				t.Errorf("line %d: %v", i, err)
			}
		}
		if took := time.Since(start); took < 6*time.Second || took > 10*time.Second {
			t.Errorf("told to wait twice 3 s, it took %s", took)
		}
		var texts []string
		s.locked(func() {
			for _, e := range s.log("lobby").events {
				texts = append(texts, e.Text)
			}
		})
		if want := []string{"line 1", "line 2", "line 3", "line 4"}; !slices.Equal(texts, want) {
			t.Errorf("the room has %q", texts)
		}
	})
}

func TestAnEditWaitsOutTheRate(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		s.refuse = []*protocol.Error{{Code: protocol.CodeRateLimited, Retry: time.Minute}}
		c := s.client(t, client.Options{})
		start := time.Now()
		if _, err := c.Edit(t.Context(), "lobby", 1, "x"); err != nil || time.Since(start) < time.Minute {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestTheOutboxIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		s.locked(func() { s.faults.mute = true })
		c := s.client(t, client.Options{})
		posted := 0
		for {
			_, err := c.Post(protocol.Send{Room: "lobby", Text: "x"})
			if errors.Is(err, client.ErrOutboxFull) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			posted++
		}
		if posted != 1000 || len(c.Outbox()) != posted {
			t.Errorf("%d messages wait", posted)
		}
	})
}

func TestACommandTooLargeIsRefusedHere(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		c := s.client(t, client.Options{})
		for _, err := range []error{
			second(c.Send(t.Context(), protocol.Send{Room: "lobby", Text: strings.Repeat("x", protocol.MaxMessageBytes)})),
			second(c.Topic(t.Context(), "lobby", strings.Repeat("x", protocol.MaxMessageBytes))),
			second(c.Join(t.Context(), protocol.Join{Room: strings.Repeat("x", protocol.MaxMessageBytes)})),
		} {
			if refusal, ok := errors.AsType[*protocol.Error](err); !ok || refusal.Code != protocol.CodeTooLarge {
				t.Errorf("%v", err)
			}
		}
		if _, err := c.Send(t.Context(), protocol.Send{Room: "lobby", Text: "half a \xff"}); err == nil {
			t.Error("what is no UTF-8 is sent")
		}
		if _, err := c.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func second[A any](_ A, err error) error { return err }

func TestARoomThatWasLeftIsSilent(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		c := s.client(t, client.Options{})
		join(t, c, "lobby")
		join(t, c, "attic")
		if err := c.Leave(t.Context(), "lobby"); err != nil {
			t.Fatal(err)
		}
		s.cut()
		s.say("lobby", "unheard")
		next[client.Disconnected](t, c.Client)
		next[client.Connected](t, c.Client)
		s.say("attic", "heard")
		if e := next[client.Event](t, c.Client); e.Text != "heard" {
			t.Errorf("told %+v", e)
		}
	})
}

func TestARoomThatIsJoinedAgainBeginsAnew(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		c := s.client(t, client.Options{})
		for i := range 5 {
			s.say("lobby", fmt.Sprint(i))
		}
		join(t, c, "lobby")
		if s := next[client.CaughtUp](t, c.Client); s.Seq != 5 {
			t.Errorf("caught up at %d", s.Seq)
		}
		since := &protocol.Cursor{Epoch: "1", Seq: 3}
		if _, err := c.Join(t.Context(), protocol.Join{Room: "lobby", Since: since}); err != nil {
			t.Fatal(err)
		}
		if e := next[client.Event](t, c.Client); e.Seq != 4 {
			t.Errorf("it goes on with %d", e.Seq)
		}
	})
}

func TestARoomThatIsClosedToUsMeanwhileIsToldOf(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		c := s.client(t, client.Options{})
		join(t, c, "lobby")
		s.locked(func() { s.refuse = []*protocol.Error{{Code: protocol.CodeForbidden}} })
		s.cut()
		removed := next[client.Removed](t, c.Client)
		if refusal, ok := errors.AsType[*protocol.Error](removed.Err); !ok || refusal.Code != protocol.CodeForbidden || removed.Room != "lobby" {
			t.Errorf("told %+v", removed)
		}
	})
}

func TestAJoinThatNobodyWaitsForIsTakenBack(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		c := s.client(t, client.Options{})
		next[client.Connected](t, c.Client)
		s.locked(func() { s.faults.mute = true })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Join(ctx, protocol.Join{Room: "lobby"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Join: %v", err)
		}
		synctest.Wait()
		s.locked(func() {
			if got := strings.Join(s.heard, " "); got != "join leave" {
				t.Errorf("the server hears %s", got)
			}
		})
	})
}

func TestAfterRunEverythingReturnsItsError(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		s.locked(func() { s.faults.status = http.StatusForbidden })
		c := s.idle(t, client.Options{})
		m, err := c.Post(protocol.Send{Room: "lobby", Text: "x"})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			c.Run(t.Context()),
			second(m.Wait(t.Context())),
			second(c.Post(protocol.Send{Room: "lobby", Text: "x"})),
			second(c.Join(t.Context(), protocol.Join{Room: "lobby"})),
			second(c.Ping(t.Context())),
			c.Typing(t.Context(), "lobby"),
		} {
			if refused, ok := errors.AsType[*client.HandshakeError](err); !ok || refused.Status != http.StatusForbidden || refused.Text != "Not now." {
				t.Errorf("%v", err)
			}
		}
		for item, err := range c.Events(t.Context()) {
			if item != nil || err == nil {
				t.Errorf("Events yields %v, %v", item, err)
			}
		}
		if err := c.Run(t.Context()); err == nil {
			t.Error("it runs twice")
		}
	})
}

func TestEventsHasOneReader(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		c := s.client(t, client.Options{})
		for _, err := range c.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range c.Events(t.Context()) {
				if err == nil {
					t.Error("there are two")
				}
			}
			break
		}
		next[client.Disconnected](t, func() *client.Client { s.cut(); return c.Client }()) // and then another one
	})
}

func TestWhatANewerServerSaysIsPassedOver(t *testing.T) {
	inBubble(t, func(t *testing.T, s *server) {
		c := s.client(t, client.Options{})
		join(t, c, "lobby")
		s.locked(func() {
			for l := range s.lines {
				l.raws([]byte(`{"type":"weather","rain":true}`), []byte(`["an array"]`), []byte(`no JSON`), []byte(`{"type":7}`),
					[]byte(`{"type":"event","room":"lobby","seq":"x"}`), []byte(`{"type":"error","code":"no_id","text":"?"}`))
			}
			s.append("lobby", protocol.Event{Kind: "poll", Text: "new"})
		})
		if e := next[client.Event](t, c.Client); e.Kind != "poll" || e.Text != "new" {
			t.Errorf("told %+v", e)
		}
	})
}
