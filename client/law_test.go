package client_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/protocol"
)

var roomNames = []string{"attic", "lobby"}

// view is what a reader of Events believes of each room.
type view struct {
	mu    sync.Mutex
	rooms map[string]*roomView
	wrong string        // the first thing that must not be
	slow  chan struct{} // closed: the reader may go on; nil for a fast reader
}

type roomView struct {
	epoch  string
	first  protocol.Seq // of events
	events []protocol.Event
	again  bool // the program came back: what it had handled may be told again
}

func (r *roomView) head() protocol.Seq { return r.first + protocol.Seq(len(r.events)) - 1 }

func (v *view) wait() {
	v.mu.Lock()
	slow := v.slow
	v.mu.Unlock()
	if slow != nil {
		<-slow
	}
}

func (v *view) pause() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.slow == nil {
		v.slow = make(chan struct{})
	}
}

func (v *view) resume() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.slow != nil {
		close(v.slow)
		v.slow = nil
	}
}

func (v *view) read(ctx context.Context, c *client.Client) {
	for item, err := range c.Events(ctx) {
		if err != nil {
			return
		}
		v.wait()
		v.mu.Lock()
		v.take(item)
		v.mu.Unlock()
	}
}

func (v *view) take(item client.Item) {
	switch item := item.(type) {
	case client.Reset:
		v.rooms[item.Room.Name] = &roomView{epoch: item.Room.Epoch, first: item.From}
	case client.CaughtUp:
		if r := v.rooms[item.Room]; r != nil && len(r.events) > 0 && r.head() < item.Seq {
			v.fail("caught up at %d, with %d events", item.Seq, len(r.events))
		}
	case client.Event:
		r := v.rooms[item.Room]
		switch {
		case r == nil:
			v.rooms[item.Room] = &roomView{first: item.Seq, events: []protocol.Event{item.Event}}
		case item.Seq == r.head()+1:
			r.events = append(r.events, item.Event)
			r.again = false
		case r.again && item.Seq >= r.first && item.Seq <= r.head() && r.events[item.Seq-r.first] == item.Event:
		default:
			v.fail("event %d of %s comes behind %d", item.Seq, item.Room, r.head())
		}
	}
}

func (v *view) fail(format string, args ...any) {
	if v.wrong == "" {
		v.wrong = fmt.Sprintf(format, args...)
	}
}

// step is one thing that happens.
type step struct {
	what string
	room string
	n    int
}

var steps = rapid.Custom(func(t *rapid.T) step {
	return step{
		what: rapid.SampledFrom([]string{
			"post", "post", "post", "say", "say", "burst", "wait", "cut", "cut after", "lose the answer", "twice", "skip",
			"limited", "unavailable", "pause", "resume", "purge", "new epoch", "restart", "too slow", "refuse upgrade", "kill",
		}).Draw(t, "what"),
		room: rapid.SampledFrom(roomNames).Draw(t, "room"),
		n:    rapid.IntRange(1, 3000).Draw(t, "n"),
	}
})

// trial is a client, its reader, and a server that fails.
type trial struct {
	t      *testing.T
	s      *server
	disk   disk
	view   view
	c      *client.Client
	cancel context.CancelFunc
	ended  sync.WaitGroup
	posted map[string][]string
	out    []*client.Outgoing
}

func (x *trial) begin() {
	c, err := client.New("http://chat.example", x.s.options(client.Options{Name: "ada", Storage: &x.disk}))
	if err != nil {
		x.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	x.c, x.cancel = c, cancel
	x.out = c.Outbox()
	x.ended.Go(func() { _ = c.Run(ctx) })
	x.ended.Go(func() { x.view.read(ctx, c) })
	for _, room := range roomNames {
		x.ended.Go(func() {
			for ctx.Err() == nil {
				if _, err := c.Join(ctx, protocol.Join{Room: room}); err == nil {
					return
				}
			}
		})
	}
}

// kill ends the program with nothing said and nothing stored.
func (x *trial) kill() {
	x.disk.kill()
	x.s.cut()
	x.view.resume()
	x.cancel()
	x.ended.Wait()
	for name, r := range x.view.rooms {
		r.again = true
		if _, stored := x.disk.state.Cursors[name]; !stored {
			delete(x.view.rooms, name) // the next one begins with the last few events
		}
	}
}

func (x *trial) do(s step) {
	f := &x.s.faults
	switch s.what {
	case "post":
		text := fmt.Sprint("post ", len(x.posted["attic"])+len(x.posted["lobby"]), strings.Repeat(".", s.n))
		m, err := x.c.Post(protocol.Send{Room: s.room, Text: text})
		if err != nil {
			x.t.Fatal(err)
		}
		x.posted[s.room] = append(x.posted[s.room], text)
		x.out = append(x.out, m)
	case "say":
		x.s.say(s.room, fmt.Sprint("say ", s.n))
	case "burst": // more than a client holds for its reader
		for i := range s.n {
			x.s.say(s.room, fmt.Sprint("burst ", i, strings.Repeat("!", 1000)))
		}
	case "wait":
		time.Sleep(time.Duration(s.n) * time.Millisecond)
	case "cut":
		x.s.cut()
	case "cut after":
		x.s.locked(func() { f.cutAfter = s.n })
	case "lose the answer":
		x.s.locked(func() { f.loseAnswer = true })
	case "twice":
		x.s.locked(func() { f.twice = true })
	case "skip":
		x.s.locked(func() { f.skip = true })
	case "limited":
		x.s.locked(func() {
			x.s.refuse = append(x.s.refuse, &protocol.Error{Code: protocol.CodeRateLimited, Retry: time.Duration(s.n) * time.Millisecond})
		})
	case "unavailable":
		x.s.locked(func() { x.s.refuse = append(x.s.refuse, &protocol.Error{Code: protocol.CodeUnavailable}) })
	case "pause":
		x.view.pause()
	case "resume":
		x.view.resume()
	case "purge":
		x.s.locked(func() { log := x.s.log(s.room); log.first = max(log.first, (log.first+log.head())/2) })
	case "new epoch": // a restored backup: the newest are gone
		x.s.cut()
		x.s.locked(func() {
			log := x.s.log(s.room)
			log.epoch = fmt.Sprint(log.epoch, "'")
		})
	case "restart":
		x.s.end(protocol.CloseGoingAway)
	case "too slow":
		x.s.end(protocol.CloseTooSlow)
	case "refuse upgrade":
		x.s.locked(func() { f.status = http.StatusServiceUnavailable })
		x.s.cut()
	case "kill":
		x.kill()
		x.begin()
	}
}

// settle has nothing more go wrong, and waits until everything is where it belongs.
func (x *trial) settle() string {
	x.view.resume()
	x.s.locked(func() { x.s.faults, x.s.refuse = faults{}, nil })
	for _, name := range roomNames {
		x.s.say(name, "the end") // an event that was left out shows when the next one comes
	}
	for _, m := range x.out {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		_, err := m.Wait(ctx)
		cancel()
		if err != nil {
			return fmt.Sprintf("%s: %v", m.Text, err)
		}
	}
	why := ""
	for range 600 {
		if why = x.compare(); why == "" || x.view.wrong != "" {
			break
		}
		time.Sleep(time.Second)
	}
	if x.view.wrong != "" {
		return x.view.wrong
	}
	return why
}

// compare says how what the reader believes differs from the logs.
func (x *trial) compare() string {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.view.mu.Lock()
	defer x.view.mu.Unlock()
	for name, log := range x.s.logs {
		var texts []string
		for _, e := range log.events {
			if strings.HasPrefix(e.Text, "post ") {
				texts = append(texts, e.Text)
			}
		}
		if !slices.Equal(texts, x.posted[name]) {
			return fmt.Sprintf("%s holds %.60q, posted were %.60q", name, texts, x.posted[name])
		}
		seen := x.view.rooms[name]
		if log.head() == 0 {
			continue
		}
		if seen == nil || seen.head() != log.head() || !slices.Equal(seen.events, log.events[seen.first-1:]) {
			seen = cmp.Or(seen, &roomView{})
			return fmt.Sprintf("of %s, with %d events from %d, there are %d seen from %d", name, log.head(), log.first, len(seen.events), seen.first)
		}
	}
	return ""
}

func TestWhateverGoesWrongTheViewIsTheLogAndEachMessageIsThereOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		all := rapid.SliceOfN(steps, 1, 40).Draw(r, "steps")
		why := ""
		synctest.Test(t, func(t *testing.T) {
			x := &trial{t: t, s: newServer(t), posted: map[string][]string{}}
			x.view.rooms = map[string]*roomView{}
			x.begin()
			for _, s := range all {
				x.do(s)
			}
			why = x.settle()
			x.kill()
		})
		if why != "" {
			r.Fatal(why)
		}
	})
}
