package brokertest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/broker"
)

func audience(s *subject) {
	ada, grace, linus := s.node(), s.node(), s.node()
	ada.listen("lobby", "attic")
	grace.listen("lobby")
	linus.listen("attic")
	grace.Publish("lobby", []byte("hello"))
	linus.Publish("attic", []byte("boo"))
	for _, n := range []node{ada, grace} {
		n.ear.AwaitHeard(1, "lobby")
	}
	for _, n := range []node{ada, linus} {
		n.ear.AwaitHeard(1, "attic")
	}
	if said := grace.ear.Said("attic"); len(said) > 0 {
		s.Errorf("who subscribed to lobby alone heard %q in attic", said)
	}
	if stats := ada.Stats(); stats.Topics != 2 || stats.Heard != 2 || stats.HeardBytes != 8 || stats.Away {
		s.Errorf("statistics of who heard two: %+v", stats)
	}
	// It may be heard before the publisher has its answer.
	counted := func() bool { s := grace.Stats(); return s.Published == 1 && s.PublishedBytes == 5 && s.Waiting == 0 }
	for deadline := time.Now().Add(patience); !counted(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("statistics of who published one: %+v", grace.Stats())
		}
	}
}

func order(s *subject) {
	const each = 500
	topics := []string{"lobby", "attic", "cellar"}
	ada, grace, linus := s.node(), s.node(), s.node()
	linus.listen(topics...)
	var wg sync.WaitGroup
	for i, n := range []node{ada, grace} {
		wg.Go(func() {
			for seq := range each {
				for _, topic := range topics {
					n.Publish(topic, fmt.Appendf(nil, "%d %d", i, seq))
				}
			}
		})
	}
	wg.Wait()
	for _, topic := range topics {
		for i := range 2 {
			last := fmt.Sprintf("%d %d", i, each-1)
			linus.ear.Await("the last of "+topic, func() bool { return slices.Contains(linus.ear.heard[topic], last) })
		}
	}
	heard := 0
	for _, topic := range topics {
		next := map[int]int{}
		for _, said := range linus.ear.Said(topic) {
			heard++
			var from, seq int
			if _, err := fmt.Sscan(said, &from, &seq); err != nil || seq < next[from] || seq > next[from] && !s.Conflates {
				s.Fatalf("%s: heard %q of a publisher of which %d was next", topic, said, next[from])
			}
			next[from] = seq + 1
		}
	}
	if want := 2*each*len(topics) - s.conflated(ada, grace); heard != want {
		s.Errorf("heard %d, want %d", heard, want)
	}
}

// conflated is how many messages nodes have dropped since too many of one topic waited.
func (s *subject) conflated(nodes ...node) (n int) {
	for _, node := range nodes {
		n += int(node.Stats().Dropped[broker.Conflated])
	}
	if n > 0 && !s.Conflates {
		s.Errorf("%d were conflated", n)
	}
	return n
}

func listens(s *subject) {
	ada, grace := s.node(), s.node()
	for i := range 50 {
		topic := fmt.Sprint("room ", i)
		ada.listen(topic)
		grace.Publish(topic, []byte("now"))
	}
	for i := range 50 {
		ada.ear.AwaitHeard(1, fmt.Sprint("room ", i))
	}
}

func once(s *subject) {
	ada := s.node()
	ada.listen("lobby")
	ada.Subscribe("lobby") // again, which says nothing
	ada.listen("attic")
	ada.Unsubscribe("lobby")
	ada.Subscribe("lobby")
	ada.ear.AwaitListens(2, "lobby")
	ada.listen("cellar")
	for topic, want := range map[string]int{"lobby": 2, "attic": 1, "cellar": 1} {
		if got, _, _ := ada.ear.Counts(topic); got != want {
			s.Errorf("told %d times that it listens to %s, want %d", got, topic, want)
		}
	}
}

func unsubscribed(s *subject) {
	ada, grace := s.node(), s.node()
	ada.listen("lobby", "attic")
	grace.listen("lobby")
	ada.Unsubscribe("lobby")
	ada.Unsubscribe("cellar") // to which it never was
	grace.Publish("lobby", []byte("gone?"))
	grace.ear.AwaitHeard(1, "lobby")
	grace.Publish("attic", []byte("still here"))
	ada.ear.AwaitHeard(1, "attic")
	if said := ada.ear.Said("lobby"); len(said) > 0 {
		s.Errorf("heard %q of a topic that was unsubscribed", said)
	}
}

func quick(s *subject) {
	ada, grace := s.node(), s.node()
	ada.listen("fence")
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test replays it
	wanted := map[string]bool{}
	for range 2000 {
		topic := fmt.Sprint("room ", random.IntN(20))
		if wanted[topic] {
			ada.Unsubscribe(topic)
		} else {
			ada.Subscribe(topic)
		}
		wanted[topic] = !wanted[topic]
	}
	ada.listen("last")
	for topic, want := range wanted {
		for said := 0; want && said == 0; said = len(ada.ear.Said(topic)) {
			grace.Publish(topic, []byte("anybody?"))
			grace.Publish("fence", []byte(topic))
			ada.ear.Await("the fence", func() bool { return slices.Contains(ada.ear.heard["fence"], topic) })
		}
	}
	for topic, want := range wanted {
		before := len(ada.ear.Said(topic))
		grace.Publish(topic, []byte("at last"))
		if want {
			ada.ear.AwaitHeard(before+1, topic)
		}
	}
	grace.Publish("last", []byte("end"))
	ada.ear.AwaitHeard(1, "last")
	for topic, want := range wanted {
		if said := ada.ear.Said(topic); !want && slices.Contains(said, "at last") {
			s.Errorf("%s was unsubscribed last, and heard: %q", topic, said)
		}
	}
}

func thousands(s *subject) {
	const many = 3000
	ada, grace := s.node(), s.node()
	release := ada.ear.Stick() // else an ear may be as fast as who subscribes
	defer release()
	ada.listen("first")
	topics := make([]string, many)
	for i := range topics {
		topics[i] = fmt.Sprint("room ", i)
		ada.Subscribe(topics[i])
	}
	release()
	ada.ear.AwaitListens(1, topics...)
	if _, calls, _ := ada.ear.Counts(""); calls > many/10 {
		s.Errorf("told in %d calls that it listens to %d topics", calls, many)
	}
	for _, topic := range topics {
		grace.Publish(topic, []byte(topic))
	}
	for _, topic := range topics {
		ada.ear.AwaitHeard(1, topic)
	}
	for _, topic := range topics[1:] {
		ada.Unsubscribe(topic)
	}
	grace.Publish(topics[0], []byte("still here"))
	ada.ear.AwaitHeard(2, topics[0])
	if n := ada.Stats().Topics; n != 2 {
		s.Errorf("%d topics, want the 2 that are left", n)
	}
}

func tooLarge(s *subject) {
	ada := s.node()
	if ada.MaxPayload() < 4000 {
		s.Errorf("at most %d bytes, want at least 4000", ada.MaxPayload())
	}
	ada.listen("lobby")
	ada.Publish("lobby", make([]byte, ada.MaxPayload()+1))
	longest := strings.Repeat("\xff\x00é", ada.MaxPayload())[:ada.MaxPayload()]
	ada.Publish("lobby", []byte(longest))
	ada.ear.AwaitHeard(1, "lobby")
	if said := ada.ear.Said("lobby"); said[0] != longest {
		s.Errorf("heard %d bytes, want the longest payload that may be", len(said[0]))
	}
	if n := ada.Stats().Dropped[broker.TooLarge]; n != 1 {
		s.Errorf("%d counted as too large, want 1", n)
	}
}

func anything(s *subject) {
	ada, grace := s.node(), s.node()
	bytes := make([]byte, 256)
	for i := range bytes {
		bytes[i] = byte(i)
	}
	payloads := []string{"", "a", string(bytes), "\r\n$3\r\nabc\r\n", "'; drop table events; --", "\x00\x00", "a", "a"}
	topics := []string{
		"lobby", "Lobby", " lobby", "{lobby}", "}{", "lobby\r\n", "*", "?", "[a-z]", "\\x", "'\"", "a\x00b", "привет", "👋🏽",
		"\u202e", "e\u0301", "é", "parley/0123456789abcdef/room/~abcdefghijklmnopqrstuvwxyz", strings.Repeat("long", 100), "\xff\xfe",
	}
	ada.listen(topics...)
	for _, topic := range topics {
		for _, payload := range payloads {
			grace.Publish(topic, []byte(payload))
		}
	}
	for _, topic := range topics {
		ada.ear.AwaitHeard(len(payloads), topic)
		if said := ada.ear.Said(topic); !slices.Equal(said, payloads) {
			s.Errorf("%q: heard %q, want %q", topic, said, payloads)
		}
	}
}

func cut(s *subject) {
	ada, grace := s.node(), s.node()
	ada.listen("lobby", "attic")
	grace.listen("cellar")
	s.Cut()
	for _, n := range []node{ada, grace} {
		n.ear.Await("away", func() bool { return n.ear.away == 1 })
		if !n.Stats().Away {
			s.Error("it is away, and its statistics don't say so")
		}
	}
	ada.Subscribe("roof")
	ada.Unsubscribe("attic")
	s.Mend()
	ada.ear.AwaitListens(2, "lobby")
	ada.ear.AwaitListens(1, "roof")
	grace.ear.AwaitListens(2, "cellar")
	for _, topic := range []string{"lobby", "attic", "roof"} {
		grace.Publish(topic, []byte("back"))
	}
	ada.ear.AwaitHeard(1, "lobby")
	ada.ear.AwaitHeard(1, "roof")
	if listens, _, away := ada.ear.Counts("attic"); listens != 1 || away != 1 || len(ada.ear.Said("attic")) > 0 {
		s.Errorf("a topic unsubscribed while it was away: %s", ada.ear)
	}
	if stats := ada.Stats(); stats.Away || stats.Reconnects == 0 {
		s.Errorf("statistics after a cut: %+v", stats)
	}
}

func bounded(s *subject) {
	const bound, payload = 17 << 20, 4000
	ada, grace := s.node(), s.node()
	ada.listen("last")
	grace.listen("lobby")
	s.Cut()
	grace.ear.Await("away", func() bool { return grace.ear.away == 1 })
	began := time.Now()
	const many = 2 * bound / payload
	for i := range many {
		grace.Publish(fmt.Sprint("room ", i%500), make([]byte, payload))
	}
	if took := time.Since(began); took > 5*time.Second {
		s.Errorf("%d calls of Publish took %v: they wait", many, took)
	}
	stats := grace.Stats()
	if stats.Waiting > bound {
		s.Errorf("%d bytes wait, want at most %d", stats.Waiting, bound)
	}
	if stats.Dropped[broker.Full]+stats.Dropped[broker.Conflated] == 0 {
		s.Errorf("what was dropped isn't counted: %+v", stats)
	}
	s.Mend()
	ada.ear.AwaitListens(2, "last")
	grace.ear.AwaitListens(2, "lobby")
	// What waited may have been published before ada listened again. What comes behind
	// it is heard.
	grace.Publish("last", []byte("now"))
	ada.ear.Await("what came behind it", func() bool { return ada.ear.Has("last", "now") })
}

func closed(s *subject) {
	ada, grace := s.unclosed(), s.node()
	ada.listen("lobby")
	grace.listen("lobby")
	ada.Publish("lobby", []byte("bye"))
	if err := ada.Close(); err != nil {
		s.Errorf("close: %v", err)
	}
	grace.ear.AwaitHeard(1, "lobby")
	before := len(ada.ear.Said("lobby"))
	grace.Publish("lobby", []byte("anybody?"))
	ada.Publish("lobby", []byte("too late"))
	ada.Subscribe("attic")
	ada.Unsubscribe("lobby")
	grace.ear.AwaitHeard(2, "lobby")
	if said := ada.ear.Said("lobby"); len(said) != before {
		s.Errorf("heard %q after Close", said)
	}
	if n := ada.Stats().Dropped[broker.Closed]; n != 1 {
		s.Errorf("%d counted as published after Close, want 1", n)
	}
}

func slow(s *subject) {
	ada, grace, linus := s.node(), s.node(), s.node()
	ada.listen("lobby")
	linus.listen("lobby")
	release := ada.ear.Stick()
	defer release()
	grace.Publish("lobby", []byte("0"))
	ada.ear.AwaitHeard(1, "lobby") // and there it stays
	const many = 2000
	for i := 1; i < many; i++ {
		grace.Publish("lobby", fmt.Append(nil, i))
	}
	last := fmt.Sprint(many - 1)
	linus.ear.Await("the last", func() bool { return slices.Contains(linus.ear.heard["lobby"], last) })
	if heard, want := len(linus.ear.Said("lobby")), many-s.conflated(grace); heard != want {
		s.Errorf("heard %d, want %d", heard, want)
	}
	ada.Publish("lobby", []byte("I hear slowly"))
	ada.Subscribe("attic")
	linus.ear.Await("who hears slowly", func() bool { return slices.Contains(linus.ear.heard["lobby"], "I hear slowly") })
	release()
	ada.ear.Await("the last, or word that it missed something", func() bool {
		return slices.Contains(ada.ear.heard["lobby"], last) || ada.ear.listens["lobby"] > 1
	})
	ada.ear.AwaitListens(1, "attic")
}

func concurrent(s *subject) {
	nodes := []node{s.node(), s.node()}
	nodes[0].listen("fence")
	var wg sync.WaitGroup
	for i, n := range nodes {
		for j := range 4 {
			wg.Go(func() {
				for k := range 200 {
					topic := fmt.Sprint("room ", (i+j+k)%7)
					n.Subscribe(topic)
					n.Publish(topic, []byte("x"))
					n.Stats()
					n.Unsubscribe(topic)
				}
			})
		}
	}
	wg.Wait()
	nodes[1].Publish("fence", []byte("end"))
	nodes[0].ear.AwaitHeard(1, "fence")
}
