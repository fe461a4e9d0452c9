package sim

import (
	"container/heap"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"
)

// world is one history.
type world struct {
	seed    uint64
	rng     *rand.Rand
	mutant  mutant
	plan    plan
	now     time.Duration
	queue   queue
	steps   uint64
	running *proc // the coroutine that runs; nil: the queue's own

	database *database
	hub      *hub
	nodes    []*node // one for each place; another one after each restart
	starts   int
	clients  []*client
	oracle   *oracle
	fired    *[faults]int
	asked    int // of the store by one node in a second, at most

	notes []note // the last ones, a ring
	hash  uint64
	wrong error // the first rule that was broken
}

// step is something that happens at a time; of those at one time, in their order.
type step struct {
	at     time.Duration
	number uint64
	do     func()
}

type queue []step

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].number < q[j].number
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(step)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	(*q)[last] = step{}
	*q = (*q)[:last]
	return s
}

// after has something happen.
func (w *world) after(d time.Duration, do func()) {
	w.steps++
	heap.Push(&w.queue, step{w.now + d, w.steps, do})
}

// run lets time go on until then.
func (w *world) run(until time.Duration) {
	for len(w.queue) > 0 && w.queue[0].at <= until && w.wrong == nil {
		s := heap.Pop(&w.queue).(step)
		w.now = s.at
		s.do()
	}
	if w.wrong == nil {
		w.now = until
	}
}

// birth is when histories begin.
var birth = time.Unix(1_772_366_400, 0)

func (w *world) clock() time.Time { return birth.Add(w.now) }

// Chance.
func (w *world) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

func (w *world) between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(w.rng.Int64N(int64(most-least)))
}

// Read has the store's random bytes come from the seed.
func (w *world) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(w.rng.Uint32())
	}
	return len(p), nil
}

// note is a step as it is told, if a rule is broken.
type note struct {
	at      time.Duration
	who     string
	what    string
	subject string
	n       [2]uint64
}

// notesKept is how many are told of a history that went wrong; of one that was asked
// for, all are.
const notesKept = 64

func (w *world) note(who, what, subject string, n ...uint64) {
	x := note{at: w.now, who: who, what: what, subject: subject}
	copy(x.n[:], n)
	w.mix(uint64(x.at))
	for _, text := range [...]string{who, what, subject} {
		for i := range len(text) {
			w.mix(uint64(text[i]))
		}
	}
	w.mix(x.n[0])
	w.mix(x.n[1])
	if len(w.notes) < notesKept || *seedFlag != 0 {
		w.notes = append(w.notes, x)
		return
	}
	copy(w.notes, w.notes[1:])
	w.notes[notesKept-1] = x
}

// mix is FNV-1a, by numbers.
func (w *world) mix(n uint64) { w.hash = (w.hash ^ n) * 1099511628211 }

// breaks says that a rule is broken.
func (w *world) breaks(format string, args ...any) {
	if w.wrong == nil {
		w.wrong = fmt.Errorf("after %v: "+format, append([]any{w.now}, args...)...)
	}
}

// story is what happened last.
func (w *world) story() string {
	var b strings.Builder
	for i := range w.notes {
		x := &w.notes[i]
		fmt.Fprintf(&b, "%12v  %-10s %-28s %s %d %d\n", x.at, x.who, x.what, x.subject, x.n[0], x.n[1])
	}
	return b.String()
}

// proc is a coroutine: what would be a goroutine of a node that waits for the store. One
// runs at a time, and is resumed by the queue alone.
type proc struct {
	world  *world
	node   *node
	upkeep bool // it asks on its own, and for nobody
	next   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	ended  bool
}

// spawn runs something of a node's until it waits.
func (n *node) spawn(run func()) *proc {
	p := &proc{world: n.world, node: n}
	p.next, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		p.yield = yield
		run()
		p.ended = true
	})
	n.procs = append(n.procs, p)
	p.resume()
	return p
}

func (p *proc) resume() {
	if p.ended {
		return
	}
	was := p.world.running
	p.world.running = p
	p.next()
	p.world.running = was
}

// park waits for resume; false: its node is no more.
func (p *proc) park() bool { return p.yield(struct{}{}) }

// kill ends it, as its node is.
func (p *proc) kill() {
	was := p.world.running
	p.world.running = p
	p.stop()
	p.world.running = was
	p.ended = true
}
