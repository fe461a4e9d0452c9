package broker

import (
	"context"
	"sync"
)

// Topics are those that are wanted, and which of them are heard. They are spread over
// lines, each of which is a way to the broker that may be cut by itself. Any goroutine
// may call its methods.
type Topics struct {
	// Fixed after NewTopics.
	ear    Ear
	count  *Counters
	lineOf func(topic string) int

	// telling is held while the ear is told something, and taken before mu.
	telling sync.Mutex
	away    bool // Away was said last
	closed  bool

	mu     sync.Mutex
	last   uint64
	again  bool // when all lines are up, all topics have to be told
	wanted map[string]*want
	lines  []line
}

// want is a topic that somebody subscribed to.
type want struct {
	id    uint64 // of this subscription: a topic may be given up and wanted again
	heard bool   // its line has it
}

type line struct {
	up      bool
	known   bool // it was up once
	asked   bool // somebody knows all its topics, and wants to hear of changes
	changed map[string]bool
	ready   chan struct{} // holds one while changed may hold something
}

// Subscription is a topic's, until it is unsubscribed.
type Subscription struct {
	Topic string
	ID    uint64 // 0: not wanted
}

// NewTopics makes the topics of a broker of so many lines, none of which is up yet.
func NewTopics(ear Ear, count *Counters, lines int, lineOf func(topic string) int) *Topics {
	t := &Topics{ear: ear, count: count, lineOf: lineOf, wanted: map[string]*want{}, lines: make([]line, lines), again: true}
	for i := range t.lines {
		t.lines[i] = line{changed: map[string]bool{}, ready: make(chan struct{}, 1)}
	}
	return t
}

// Subscribe implements Broker.
func (t *Topics) Subscribe(topic string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wanted[topic] == nil {
		t.last++
		t.wanted[topic] = &want{id: t.last}
		t.change(topic)
	}
}

// Unsubscribe implements Broker.
func (t *Topics) Unsubscribe(topic string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wanted[topic] != nil {
		delete(t.wanted, topic)
		t.change(topic)
	}
}

func (t *Topics) change(topic string) {
	l := &t.lines[t.lineOf(topic)]
	if !l.asked {
		return // All tells of it
	}
	l.changed[topic] = true
	select {
	case l.ready <- struct{}{}:
	default:
	}
}

// Changed is where a line's keeper waits for changes.
func (t *Topics) Changed(line int) <-chan struct{} { return t.lines[line].ready }

// Changes gives the topics of a line that have changed since it was asked last, as they
// are now.
func (t *Topics) Changes(line int) (changes []Subscription) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &t.lines[line]
	for topic := range l.changed {
		change := Subscription{Topic: topic}
		if w := t.wanted[topic]; w != nil {
			change.ID = w.id
		}
		changes = append(changes, change)
	}
	clear(l.changed)
	return changes
}

// All gives all of a line's that are wanted. Changes are noted from then on, until the
// line is down.
func (t *Topics) All(line int) (all []Subscription) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines[line].asked = true
	for topic, w := range t.wanted {
		if t.lineOf(topic) == line {
			all = append(all, Subscription{Topic: topic, ID: w.id})
		}
	}
	return all
}

// Heard tells the ear what was published, if it still wants it.
func (t *Topics) Heard(topic string, payload []byte) {
	t.telling.Lock()
	defer t.telling.Unlock()
	if t.closed || !t.wants(topic) {
		return
	}
	t.count.Hear(len(payload))
	t.ear.Heard(topic, payload)
}

func (t *Topics) wants(topic string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wanted[topic] != nil
}

// Up says that a line has these, and that what is published comes back on it. As long as
// another line is down, the ear isn't told: it takes one that listens for all.
func (t *Topics) Up(line int, subs []Subscription) {
	t.telling.Lock()
	defer t.telling.Unlock()
	if list := t.up(line, subs); len(list) > 0 && !t.closed {
		t.away = false
		t.ear.Listens(list)
	}
}

// up gives what the ear has to be told: those that are new, or all.
func (t *Topics) up(n int, subs []Subscription) (list []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &t.lines[n]
	if l.known && !l.up {
		t.count.Reconnect()
	}
	l.up, l.known = true, true
	for _, s := range subs {
		if w := t.wanted[s.Topic]; w != nil && w.id == s.ID {
			w.heard = true
			list = append(list, s.Topic)
		}
	}
	switch {
	case !t.allUp():
		return nil
	case !t.again:
		return list
	}
	t.again, list = false, nil
	for topic, w := range t.wanted {
		if w.heard {
			list = append(list, topic)
		}
	}
	return list
}

// Down says that a line was cut, or could not be made. It reports whether it was up.
func (t *Topics) Down(line int, err error) (wasUp bool) {
	t.telling.Lock()
	defer t.telling.Unlock()
	wasUp = t.down(line)
	if !t.away && !t.closed {
		t.away = true
		t.ear.Away(err)
	}
	return wasUp
}

func (t *Topics) down(n int) (wasUp bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for topic, w := range t.wanted {
		if w.heard && t.lineOf(topic) == n {
			w.heard = false
		}
	}
	l := &t.lines[n]
	wasUp = l.up
	l.up, l.asked, t.again = false, false, true
	clear(l.changed)
	return wasUp
}

func (t *Topics) allUp() bool {
	for i := range t.lines {
		if !t.lines[i].up {
			return false
		}
	}
	return true
}

// Keep has a line be there until ctx ends: connect makes it, and returns why it ended.
func (t *Topics) Keep(ctx context.Context, line int, connect func(context.Context) error) {
	var wait Backoff
	for {
		err := connect(ctx)
		if ctx.Err() != nil {
			return
		}
		if t.Down(line, err) {
			wait = 0
		}
		wait.Wait(ctx)
	}
}

// Stats adds what the topics know to what was counted.
func (t *Topics) Stats() Stats {
	s := t.count.Stats()
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Topics, s.Away = len(t.wanted), !t.allUp()
	return s
}

// Close has the ear hear nothing afterwards. It waits for what it hears now.
func (t *Topics) Close() {
	t.telling.Lock()
	defer t.telling.Unlock()
	t.closed = true
}
