//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// party is clients that talk in the rooms of several nodes, and go to any node when
// their connection ends.
type party struct {
	t          *testing.T
	nodes      []string // where sessions may be opened
	rooms      []string
	travellers []*traveller
	pace       time.Duration // between two messages of one who talks, about
	mayReset   atomic.Bool   // logs may begin a new life
	leg        atomic.Int64  // of the way; messages say on which they were sent
	quiet      atomic.Bool   // nothing new is said
	sessions   atomic.Int64  // that were begun
	acked      atomic.Int64
	refused    atomic.Int64 // sends that were answered with unavailable
	repeated   atomic.Int64 // acknowledgements that had been lost, and came again
	wait       sync.WaitGroup
	end        context.CancelFunc
}

// traveller is one client of a party. Its goroutine owns it until the party is over.
type traveller struct {
	*party
	number int
	talks  bool
	at     atomic.Int32 // the node where it is, from 1; 0 for none
	user   string       // its id, once it knows it
	pass   string
	stays  []*stay
}

// stay is a traveller in a room.
type stay struct {
	testimony
	room   string
	due    time.Time    // when the last of Sent is sent again; zero: it waits for its answer, or has it
	leg    atomic.Int64 // of the newest message that was shown
	seq    atomic.Uint64
	unsure atomic.Bool // the last of Sent has no answer
	joined bool        // in this session
}

const (
	tickEvery = 200 * time.Millisecond
	pingAfter = 2 * time.Second
	silentFor = 8 * time.Second // a session that says nothing for so long is left
	roomsEach = 2
)

// depart has n travellers go about, in so many rooms each of which is joined by some of
// them, one in four talking. They are told of nodes' addresses.
func depart(t *testing.T, n, rooms int, pace time.Duration, nodes ...string) *party {
	t.Helper()
	p := &party{t: t, nodes: nodes, pace: pace}
	for i := range rooms {
		p.rooms = append(p.rooms, fmt.Sprint("room-", i))
	}
	ctx, end := context.WithCancel(t.Context())
	p.end = end
	for i := range n {
		v := &traveller{party: p, number: i, talks: i%4 == 0}
		for k := range min(roomsEach, rooms) {
			s := &stay{room: p.rooms[(i/4+k*(1+i%(rooms-1)))%rooms]}
			s.Client = fmt.Sprint("traveller ", i)
			v.stays = append(v.stays, s)
		}
		p.travellers = append(p.travellers, v)
		p.wait.Go(func() { v.travel(ctx) })
	}
	t.Cleanup(p.over)
	return p
}

// over ends it.
func (p *party) over() {
	p.end()
	p.wait.Wait()
}

// recover waits until everybody is shown, in each of their rooms, what was sent after
// now, and tells how long it took.
func (p *party) recover(limit time.Duration) time.Duration {
	p.t.Helper()
	began, leg := time.Now(), p.leg.Add(1)
	waiting := func() (waiting []string) {
		for _, v := range p.travellers {
			for _, s := range v.stays {
				if s.leg.Load() < leg {
					waiting = append(waiting, fmt.Sprintf("%s in %s", s.Client, s.room))
				}
			}
		}
		return waiting
	}
	for len(waiting()) > 0 {
		if time.Since(began) > limit || p.t.Failed() {
			late := waiting()
			p.t.Fatalf("after %v %d stays were shown nothing that is new: %.300q", time.Since(began), len(late), late)
		}
		<-time.After(10 * time.Millisecond) // no wait for a thing that could be waited for: the others' goroutines own it
	}
	return time.Since(began)
}

// talkOn waits until so many more messages are acknowledged.
func (p *party) talkOn(more int64) {
	p.t.Helper()
	until := p.acked.Load() + more
	within(p.t, patience, fmt.Sprint(more, " more messages are acknowledged"), func() bool { return p.acked.Load() >= until || p.t.Failed() })
	if p.t.Failed() {
		p.t.FailNow()
	}
}

// counted waits until every node counts who is in the rooms as they are, and tells how
// long it took.
func (p *party) counted(limit time.Duration) time.Duration {
	p.t.Helper()
	began := time.Now()
	want := map[string]int{}
	for _, v := range p.travellers {
		for _, s := range v.stays {
			want[s.room]++
		}
	}
	for _, at := range p.nodes {
		c, err := dialV1At(p.t.Context(), at, "teller", "")
		if err != nil {
			p.t.Fatal(err)
		}
		defer c.hangUp()
		for got := map[string]int{}; !maps.Equal(got, want); {
			if time.Since(began) > limit {
				p.t.Fatalf("after %v %s counts %v, want %v", limit, at, got, want)
			}
			<-time.After(20 * time.Millisecond) // no wait for a thing: it is asked again
			clear(got)
			for _, r := range c.mustDo(p.t, "rooms", nil).Rooms {
				if want[r.Name] > 0 {
					got[r.Name] = r.Count
				}
			}
		}
	}
	return time.Since(began)
}

// at is how many are at a node.
func (p *party) at(node int) (n int64) {
	for _, v := range p.travellers {
		if v.at.Load() == int32(node)+1 {
			n++
		}
	}
	return n
}

// lives is in how many lives of a log the party was, the room with the fewest.
func (p *party) lives() int {
	least := len(p.travellers[0].stays[0].Views)
	for _, v := range p.travellers {
		for _, s := range v.stays {
			least = min(least, len(s.Views))
		}
	}
	return least
}

// settle has everybody hear of what they sent, and nothing new be sent.
func (p *party) settle(limit time.Duration) {
	p.t.Helper()
	p.quiet.Store(true)
	within(p.t, limit, "everything is answered", func() bool {
		for _, v := range p.travellers {
			for _, s := range v.stays {
				if s.unsure.Load() {
					return p.t.Failed()
				}
			}
		}
		return true
	})
	if p.t.Failed() {
		p.t.FailNow()
	}
}

// judge reads every room's log, room by room from another node, waits until everybody
// was shown it to its end, ends the party and holds all against it.
func (p *party) judge(limit time.Duration) judgement {
	p.t.Helper()
	p.settle(limit)
	logs := map[string]*roomLog{}
	for i, room := range p.rooms {
		logs[room] = p.history(p.nodes[i%len(p.nodes)], room)
	}
	within(p.t, limit, "everybody is shown all", func() bool {
		for _, v := range p.travellers {
			for _, s := range v.stays {
				if events := logs[s.room].Events; len(events) > 0 && s.seq.Load() < events[len(events)-1].Seq {
					return p.t.Failed()
				}
			}
		}
		return true
	})
	p.over()
	var all judgement
	for _, room := range p.rooms {
		var told []testimony
		for _, v := range p.travellers {
			for _, s := range v.stays {
				if s.room == room {
					s.User = v.user
					told = append(told, s.testimony)
				}
			}
		}
		all.add(judge(logs[room], told))
	}
	return all
}

// history is a room's log, as a node shows it.
func (p *party) history(at, room string) *roomLog {
	p.t.Helper()
	c, err := dialV1At(p.t.Context(), at, "oracle", "")
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.hangUp()
	joined := c.mustDo(p.t, "join", fields{"room": room, "last": 0})
	log := &roomLog{Room: room, Epoch: joined.Room.Epoch}
	for seq := joined.Room.First - 1; ; {
		page := c.mustDo(p.t, "history", fields{"room": room, "after": seq, "limit": 100})
		if len(page.Events) == 0 {
			return log
		}
		for i := range page.Events {
			log.Events = append(log.Events, shownIn(&page.Events[i]))
		}
		seq = page.Events[len(page.Events)-1].Seq
	}
}

func shownIn(r *reply) shown { return shown{r.Seq, r.TS, r.User.ID, r.Key, r.Text} }

// travel goes from node to node.
func (v *traveller) travel(ctx context.Context) {
	for ctx.Err() == nil {
		node := rand.IntN(len(v.nodes))
		err := v.session(ctx, node)
		v.at.Store(0)
		if errors.Is(err, errBroken) && ctx.Err() == nil {
			v.t.Errorf("traveller %d: %v", v.number, err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(20*time.Millisecond + rand.N(300*time.Millisecond)): // as clients do, so that not all come at once
		}
	}
}

// session opens a session at a node, resumes, and talks and listens until it ends.
func (v *traveller) session(ctx context.Context, node int) error {
	dialing, cancel := context.WithTimeout(ctx, silentFor)
	c, err := dialV1At(dialing, v.nodes[node], fmt.Sprint("traveller ", v.number), v.pass)
	cancel()
	if err != nil {
		return err
	}
	defer c.hangUp()
	if v.user != "" && c.welcome.User.ID != v.user {
		return broken("with a pass of %s it is %s", v.user, c.welcome.User.ID)
	}
	v.user, v.pass = c.welcome.User.ID, c.welcome.Pass
	v.sessions.Add(1)
	v.at.Store(int32(node) + 1)
	ctx, cancel = context.WithCancel(ctx)
	defer cancel()
	for i, s := range v.stays {
		s.joined = false
		if err := c.write(ctx, "join", fmt.Sprint("join ", i), s.since()); err != nil {
			return err
		}
	}
	return v.listen(ctx, c)
}

// since is the join that goes on where the view ends.
func (s *stay) since() fields {
	f := fields{"room": s.room}
	if len(s.Views) > 0 {
		f["since"] = fields{"epoch": s.view().Epoch, "seq": s.seq.Load()}
	}
	return f
}

func (s *stay) view() *view { return &s.Views[len(s.Views)-1] }

// listen takes frames and turns until the session ends, by silence too.
func (v *traveller) listen(ctx context.Context, c *v1) error {
	frames, ended := make(chan reply), make(chan error, 1)
	go func() {
		for {
			r, err := c.read(ctx)
			if err != nil {
				ended <- err
				return
			}
			select {
			case frames <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	heard, pinged := time.Now(), false
	for {
		var err error
		select {
		case r := <-frames:
			heard, pinged = time.Now(), false
			err = v.hear(&r)
		case err := <-ended:
			return parted(err)
		case <-tick.C:
			silent := time.Since(heard)
			switch {
			case silent > silentFor:
				return errors.New("it says nothing")
			case silent > pingAfter && !pinged:
				pinged = true
				err = c.write(ctx, "ping", "ping", nil)
			default:
				err = v.talk(ctx, c)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// parted says what to do about the end of a connection: only some close codes let a
// client come again.
func parted(err error) error {
	switch code := websocket.CloseStatus(err); code {
	case -1, websocket.StatusGoingAway, websocket.StatusInternalError, websocket.StatusTryAgainLater, 4500:
		return err
	default:
		return broken("it is closed with %d: %v", code, err)
	}
}

// talk sends what has no answer and is due, and perhaps something new.
func (v *traveller) talk(ctx context.Context, c *v1) error {
	for i, s := range v.stays {
		switch {
		case !v.talks || !s.joined:
			continue
		case s.unsure.Load():
			if s.due.IsZero() || time.Now().Before(s.due) {
				continue
			}
		case v.quiet.Load() || rand.N(v.pace) > tickEvery:
			continue
		default:
			n := len(s.Sent)
			s.Sent = append(s.Sent, claim{Key: fmt.Sprint("key ", n), Text: fmt.Sprint(v.number, " ", n, " on leg ", v.leg.Load()), Epoch: s.view().Epoch})
			s.unsure.Store(true)
		}
		if err := s.send(ctx, c, i); err != nil {
			return err
		}
	}
	return nil
}

// send sends the last message, perhaps again.
func (s *stay) send(ctx context.Context, c *v1, i int) error {
	s.due = time.Time{}
	n := len(s.Sent) - 1
	return c.write(ctx, "send", fmt.Sprintf("send %d %d", i, n), fields{"room": s.room, "text": s.Sent[n].Text, "key": s.Sent[n].Key})
}

// hear takes a frame.
func (v *traveller) hear(r *reply) error {
	switch r.Type {
	case "presence", "typing", "caught_up":
		return nil
	case "event":
		for _, s := range v.stays {
			if s.room == r.Room.Name && s.joined {
				return s.see(r)
			}
		}
	case "ok", "error":
		return v.answered(r)
	}
	return broken("it is told %+v", r)
}

// answered takes the answer to a command.
func (v *traveller) answered(r *reply) error {
	var i, n int
	switch command, _, _ := strings.Cut(r.ID, " "); {
	case r.Type == "error" && r.Code == "unavailable" && command == "send":
		if _, err := fmt.Sscanf(r.ID, "send %d", &i); err != nil {
			return broken("it is told %+v", r)
		}
		v.refused.Add(1)
		v.stays[i].due = time.Now().Add(max(time.Duration(r.RetryMS)*time.Millisecond, 100*time.Millisecond))
		return nil
	case r.Type == "error" && r.Code == "unavailable":
		return errors.New(command + " is refused for now")
	case r.Type == "error":
	case command == "ping":
		return nil
	case command == "join":
		if _, err := fmt.Sscanf(r.ID, "join %d", &i); err == nil {
			return v.enter(v.stays[i], r)
		}
	case command == "send":
		if _, err := fmt.Sscanf(r.ID, "send %d %d", &i, &n); err == nil && n == len(v.stays[i].Sent)-1 && r.Seq > 0 {
			return v.acknowledged(v.stays[i], r)
		}
	}
	return broken("it is told %+v", r)
}

// enter takes the answer to a join.
func (v *traveller) enter(s *stay, r *reply) error {
	s.joined = true
	if s.unsure.Load() {
		s.due = time.Now()
	}
	if len(s.Views) > 0 && r.Reset == "" {
		if r.Room.Epoch != s.view().Epoch || r.From != s.seq.Load()+1 {
			return broken("a join since %d of epoch %s: %+v", s.seq.Load(), s.view().Epoch, r)
		}
		return nil
	}
	if r.Reset != "" && (!v.mayReset.Load() || r.Reset != "epoch") {
		return broken("a join since %d of epoch %s: %+v", s.seq.Load(), s.view().Epoch, r)
	}
	s.Views = append(s.Views, view{Epoch: r.Room.Epoch, From: r.From})
	s.seq.Store(r.From - 1)
	return nil
}

func (v *traveller) acknowledged(s *stay, r *reply) error {
	last := &s.Sent[len(s.Sent)-1]
	last.Seq, last.TS = r.Seq, r.TS
	if r.Repeated {
		v.repeated.Add(1)
	}
	s.unsure.Store(false)
	v.acked.Add(1)
	return nil
}

// see takes an event.
func (s *stay) see(r *reply) error {
	if want := s.seq.Load() + 1; r.Seq != want {
		return broken("want event %d of %s, got %+v", want, s.room, r)
	}
	v := s.view()
	v.Events = append(v.Events, shownIn(r))
	s.seq.Store(r.Seq)
	var who, n, leg int64
	if _, err := fmt.Sscanf(r.Text, "%d %d on leg %d", &who, &n, &leg); err == nil && leg > s.leg.Load() {
		s.leg.Store(leg)
	}
	return nil
}
