package broker

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// told is an ear that knows what it was told.
type told struct {
	listens map[string]int // times, since away
	away    bool
	heard   []string
}

func (e *told) Heard(topic string, _ []byte) { e.heard = append(e.heard, topic) }
func (e *told) Away(error)                   { e.away, e.listens = true, map[string]int{} }
func (e *told) Listens(topics []string) {
	e.away = false
	for _, topic := range topics {
		e.listens[topic]++
	}
}

// world is topics over lines, and what a server would know of them.
type world struct {
	ear    *told
	topics *Topics
	wanted map[string]bool
	has    []map[string]uint64 // what each line is subscribed to; nil: it is down
}

const lines = 3

func newWorld() *world {
	w := &world{ear: &told{listens: map[string]int{}}, wanted: map[string]bool{}, has: make([]map[string]uint64, lines)}
	w.topics = NewTopics(w.ear, &Counters{}, lines, func(topic string) int { return int(topic[0]) % lines })
	return w
}

func (w *world) connect(line int) {
	w.has[line] = map[string]uint64{}
	all := w.topics.All(line)
	for _, s := range all {
		w.has[line][s.Topic] = s.ID
	}
	w.topics.Up(line, all)
}

// confirm has a line take up what has changed.
func (w *world) confirm(line int) {
	var subs []Subscription
	for _, s := range w.topics.Changes(line) {
		switch {
		case s.ID == 0:
			delete(w.has[line], s.Topic)
		case s.ID != w.has[line][s.Topic]:
			w.has[line][s.Topic] = s.ID
			subs = append(subs, s)
		}
	}
	w.topics.Up(line, subs)
}

func (w *world) whole() bool {
	return !slices.ContainsFunc(w.has, func(has map[string]uint64) bool { return has == nil })
}

// However lines come and go, and topics are wanted and given up: an ear is told that it
// listens only while all lines are up, and then of all that it wants.
func TestAnEarListensToAllOrIsAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		line := rapid.IntRange(0, lines-1)
		topic := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		t.Repeat(map[string]func(*rapid.T){
			"subscribe": func(t *rapid.T) {
				name := topic.Draw(t, "topic")
				w.topics.Subscribe(name)
				w.wanted[name] = true
			},
			"unsubscribe": func(t *rapid.T) {
				name := topic.Draw(t, "topic")
				w.topics.Unsubscribe(name)
				delete(w.wanted, name)
				delete(w.ear.listens, name)
			},
			"up": func(t *rapid.T) {
				if n := line.Draw(t, "line"); w.has[n] == nil {
					w.connect(n)
				}
			},
			"confirm": func(t *rapid.T) {
				if n := line.Draw(t, "line"); w.has[n] != nil {
					w.confirm(n)
				}
			},
			"down": func(t *rapid.T) {
				n := line.Draw(t, "line")
				w.has[n] = nil
				w.topics.Down(n, errors.New("cut"))
				if !w.ear.away {
					t.Fatal("a line is down, and the ear doesn't know")
				}
			},
			"hear": func(t *rapid.T) {
				name := topic.Draw(t, "topic")
				w.topics.Heard(name, nil)
				if got := slices.Contains(w.ear.heard, name); got != w.wanted[name] {
					t.Fatalf("%s heard: %v, wanted: %v", name, got, w.wanted[name])
				}
				w.ear.heard = nil
			},
			"": func(t *rapid.T) { w.check(t) },
		})
		for n := range lines {
			if w.has[n] == nil {
				w.connect(n)
			}
			w.confirm(n)
		}
		w.check(t)
		if all := slices.Sorted(maps.Keys(w.ear.listens)); !slices.Equal(all, slices.Sorted(maps.Keys(w.wanted))) {
			t.Fatalf("in the end it listens to %v, and wants %v", all, w.wanted)
		}
	})
}

func (w *world) check(t *rapid.T) {
	for topic, times := range w.ear.listens {
		if times != 1 {
			t.Fatalf("told %d times that it listens to %s", times, topic)
		}
		if !w.whole() && w.ear.away {
			t.Fatalf("told that it listens to %s while a line is down", topic)
		}
	}
	if stats := w.topics.Stats(); stats.Topics != len(w.wanted) || stats.Away == w.whole() {
		t.Fatalf("%d are wanted, whole: %v, and it says %+v", len(w.wanted), w.whole(), stats)
	}
}

func TestALongOutageOfManyTopicsIsForgotten(t *testing.T) {
	w := newWorld()
	w.connect(0)
	w.topics.Down(0, errors.New("cut"))
	for i := range 1000 {
		topic := fmt.Sprint("room ", i)
		w.topics.Subscribe(topic)
		w.topics.Unsubscribe(topic)
	}
	for n := range lines {
		if left := len(w.topics.lines[n].changed); left != 0 {
			t.Errorf("line %d remembers %d topics that nobody wants", n, left)
		}
	}
}
