//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// How hard it is tried to have a message written twice.
const (
	repeaters     = 32
	repeaterRooms = 2
	repeaterKills = 3
	mostCopies    = 5
)

// TestASendIsWrittenOnceHoweverOftenItIsRepeated has senders say everything up to
// five times from two connections each, over kills of the server, after the message
// was edited or deleted, and with other words. All use the same keys: whose they are
// makes the difference.
func TestASendIsWrittenOnceHoweverOftenItIsRepeated(t *testing.T) {
	want := int64(number(t, "PARLEY_REPEATED", 2000))
	data := filepath.Join(t.TempDir(), "data")
	s := serveFolder(t, data)
	var url atomic.Pointer[string]
	url.Store(&s.WS)
	var said atomic.Int64
	var all sync.WaitGroup
	everybody := make([]*repeater, repeaters)
	for i := range everybody {
		r := &repeater{t: t, url: &url, said: &said, name: fmt.Sprint("sender ", i), room: fmt.Sprint("room-", i%repeaterRooms)}
		everybody[i] = r
		all.Go(func() {
			for said.Load() < want && !t.Failed() {
				r.sayNext()
			}
		})
	}
	for kill := range int64(repeaterKills) {
		within(t, time.Minute, "more is said", func() bool { return said.Load() > want*(kill+1)/(repeaterKills+1) || t.Failed() })
		s.Kill()
		s = serveFolder(t, data)
		url.Store(&s.WS)
	}
	all.Wait()
	s.Kill()
	folder := openFolder(t, data)
	logs := map[string][]protocol.Event{}
	sent, answers, cut := 0, 0, 0
	for _, r := range everybody {
		if logs[r.room] == nil {
			logs[r.room] = logOf(t, folder, r.room)
		}
		r.compare(logs[r.room])
		sent, answers, cut = sent+len(r.messages), answers+r.answers, cut+r.cut
	}
	t.Logf("%d messages, %d answers to their sends, %d times cut off, %d kills", sent, answers, cut, repeaterKills)
}

// repeater says everything several times. Its goroutine owns it.
type repeater struct {
	t        *testing.T
	url      *atomic.Pointer[string] // of the server
	said     *atomic.Int64
	name     string
	room     string
	id, pass string
	lines    [2]*v1 // nil where there is none
	messages []repeated
	answers  int // to sends
	cut      int // connections that were lost
}

// repeated is a message as its sender knows it.
type repeated struct {
	seq  uint64
	ts   int64
	text string // as it is now; empty once deleted
}

// first is what a message says first. All rooms and senders share the keys.
func (r *repeater) first(n int) fields {
	return fields{"room": r.room, "text": fmt.Sprint(r.name, " says ", n), "key": fmt.Sprint("key ", n)}
}

// line gives one of the two connections, made at need.
func (r *repeater) line(i int) *v1 {
	for r.lines[i] == nil {
		ctx, cancel := context.WithTimeout(r.t.Context(), patience)
		c, err := dialV1At(ctx, *r.url.Load(), r.name, r.pass)
		cancel()
		switch {
		case r.t.Context().Err() != nil:
			runtime.Goexit() // the test is over
		case err != nil:
			<-time.After(20 * time.Millisecond) // no wait for a thing: the server is on its way
		case r.id != "" && c.welcome.User.ID != r.id:
			r.t.Errorf("with its pass %s is %s, want %s", r.name, c.welcome.User.ID, r.id)
			runtime.Goexit()
		default:
			r.lines[i], r.id, r.pass = c, c.welcome.User.ID, c.welcome.Pass
		}
	}
	return r.lines[i]
}

// lost forgets both connections.
func (r *repeater) lost() {
	r.cut++
	for i, c := range r.lines {
		if c != nil {
			c.hangUp()
			r.lines[i] = nil
		}
	}
}

// sayNext says something new, then goes back on it, or says it or something older
// again.
func (r *repeater) sayNext() {
	n := len(r.messages)
	r.messages = append(r.messages, repeated{text: r.first(n)["text"].(string)})
	fresh, certain := 0, true
	for {
		more, err := r.say(n)
		fresh += more
		if err == nil {
			break
		}
		certain = false
		r.lost()
	}
	if fresh > 1 || certain && fresh == 0 {
		r.t.Errorf("%s: message %d was new %d times", r.name, n, fresh)
	}
	r.said.Add(1)
	switch rand.IntN(4) {
	case 0:
		r.must("delete", fields{"room": r.room, "seq": r.messages[n].seq})
		r.messages[n].text = ""
	case 1:
		text := fmt.Sprint(r.name, " thinks otherwise of ", n)
		r.must("edit", fields{"room": r.room, "seq": r.messages[n].seq, "text": text})
		r.messages[n].text = text
	}
	for _, old := range []int{n, rand.IntN(n + 1)} {
		again := r.must("send", r.first(old))
		r.note(old, &again)
		if !again.Repeated {
			r.t.Errorf("%s: message %d is new again: %+v", r.name, old, again)
		}
		other := r.first(old)
		other["text"] = "something else"
		if rand.IntN(2) == 0 {
			other = r.first(old)
			other["reply_to"] = r.messages[0].seq
		}
		if refused := r.ask("send", other); refused.Code != "key_reused" {
			r.t.Errorf("%s: message %d with another body: %+v, want key_reused", r.name, old, refused)
		}
	}
}

// say sends message n several times at once, and hears every answer. fresh is how
// many of them don't say that it was sent before.
func (r *repeater) say(n int) (fresh int, err error) {
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	var waits [2]int
	for copies := range 1 + rand.IntN(mostCopies) {
		i := rand.IntN(2)
		waits[i]++
		if err := r.line(i).write(ctx, "send", fmt.Sprint(copies), r.first(n)); err != nil {
			return 0, err
		}
	}
	for i, wait := range waits {
		for range wait {
			a, err := r.line(i).next(ctx)
			if err != nil {
				return fresh, errors.Join(err, context.Cause(ctx))
			}
			if a.Type != "ok" {
				r.t.Errorf("%s: message %d: %+v", r.name, n, a)
			}
			if !a.Repeated {
				fresh++
			}
			r.note(n, &a)
		}
	}
	return fresh, nil
}

// note holds an answer to the ones before it.
func (r *repeater) note(n int, a *reply) {
	r.answers++
	m := &r.messages[n]
	if m.seq == 0 {
		m.seq, m.ts = a.Seq, a.TS
	}
	if a.Seq != m.seq || a.TS != m.ts || a.Seq == 0 {
		r.t.Errorf("%s: message %d was seq %d, ts %d, and is now %+v", r.name, n, m.seq, m.ts, a)
	}
}

// ask gives the answer to a command that is harmless to repeat, over whatever
// connections that takes.
func (r *repeater) ask(command string, f fields) reply {
	for {
		a, err := r.line(rand.IntN(2)).do(r.t.Context(), command, f)
		if err == nil {
			return a
		}
		r.lost()
	}
}

func (r *repeater) must(command string, f fields) reply {
	a := r.ask(command, f)
	if a.Type != "ok" {
		r.t.Errorf("%s: %s %v: %+v", r.name, command, f, a)
	}
	return a
}

// compare holds the log of the room against what its sender knows.
func (r *repeater) compare(log []protocol.Event) {
	r.t.Helper()
	next := 0
	for i, e := range log {
		if e.Seq != protocol.Seq(i+1) {
			r.t.Fatalf("%s: behind seq %d comes %d", r.room, i, e.Seq)
		}
		if e.User.ID != r.id || e.Kind != protocol.KindMessage {
			continue
		}
		if next == len(r.messages) {
			r.t.Fatalf("%s never sent %+v", r.name, e)
		}
		m := r.messages[next]
		key := r.first(next)["key"]
		if e.Key != key || uint64(e.Seq) != m.seq || e.TS != m.ts || e.Text != m.text || e.Deleted != (m.text == "") {
			r.t.Fatalf("%s sent %v %+v, and the log has %+v", r.name, key, m, e)
		}
		next++
	}
	if next != len(r.messages) {
		r.t.Errorf("%s sent %d messages, the log has %d", r.name, len(r.messages), next)
	}
}
