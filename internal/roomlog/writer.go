package roomlog

import (
	"context"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Proposal is what somebody wants written.
type Proposal struct {
	Log   *Log // of the draft's room; nil for what becomes no event
	Draft store.Draft
	By    Proposer
	ID    string // the proposer's own name for it
}

// Proposer is told what became of its proposal, once, by whoever appended it: an event
// is stored and in the log. After an error, r says nothing. It must not wait, and
// keeps neither p nor r.
type Proposer interface {
	Appended(p *Proposal, r *store.Result, err error)
}

// Writer appends to the logs of one node, one batch after the other. It takes all that
// is waiting in one batch, and never waits for more while the store is idle. To a
// store.Instant whoever proposes appends: to wake another goroutine for it would cost
// about as much as to tell five members.
type Writer struct {
	// Fixed after NewWriter.
	store    store.Store
	instant  bool
	stepped  bool             // by a caller of Step
	appended func(events int) // for the counters
	failed   func(err error)  // the store can't write; nil: it can again
	more     *sync.Cond       // of mu: something waits, or writing ends
	others   Others           // nil where nobody else writes

	// Owned by whoever set writing.
	failing bool
	batch   []Proposal
	drafts  []store.Draft
	dirty   []*Log             // that have more to read, or events to tell others of
	fresh   [][]protocol.Event // those, of each

	// Any goroutine.
	pace pace

	// Guarded by mu.
	mu      sync.Mutex
	writing bool // somebody appends: run, or a proposer
	waiting []Proposal
	bytes   int // of them
	closed  bool
}

// NewWriter starts a writer. appended is told of each batch that was stored, and
// failed when the store begins to fail, with its error, and when it no longer does.
func NewWriter(s store.Store, appended func(events int), failed func(err error)) *Writer {
	w := newWriter(s, appended, failed)
	if _, w.instant = s.(store.Instant); !w.instant {
		w.writing = true
		go w.run()
	}
	return w
}

func newWriter(s store.Store, appended func(events int), failed func(err error)) *Writer {
	w := &Writer{store: s, appended: appended, failed: failed}
	w.more = sync.NewCond(&w.mu)
	return w
}

// NewStepped makes a writer that appends when its caller says so, for simulations.
func NewStepped(s store.Store, appended func(events int), failed func(err error)) *Writer {
	w := newWriter(s, appended, failed)
	w.stepped, w.writing = true, true
	return w
}

// Step appends what is waiting, one batch; false: nothing is. One goroutine at a time
// calls it.
func (w *Writer) Step() bool {
	if !w.take() {
		return false
	}
	w.write()
	return true
}

// Others are the other nodes that write to a store's logs.
type Others interface {
	// Life is the life that what is appended from now on is in, or in a later one.
	Life() string

	// Wrote is told what was appended to a log here, in the order of seqs, and in which
	// life: empty where another has begun meanwhile, since it may be in either. It keeps
	// neither.
	Wrote(l *Log, life string, events []protocol.Event)
}

// Shares has the writer be one of several. It is called before anything is proposed.
func (w *Writer) Shares(others Others) { w.others = others }

// Propose hands p in. Proposals of one goroutine are appended in its order. It
// never blocks: what one proposer may have waiting is the proposer's to bound, and
// nobody proposes when it is full.
func (w *Writer) Propose(p Proposal) {
	if w.others != nil && p.Draft.Life == "" {
		p.Draft.Life = w.others.Life()
	}
	w.mu.Lock()
	w.waiting = append(w.waiting, p)
	w.bytes += p.size()
	if p.Log != nil {
		p.Log.waiting.Add(int64(p.size()))
	}
	mine := !w.writing && !w.stepped // and what others propose meanwhile
	w.writing = true
	w.mu.Unlock()
	if !mine {
		w.more.Signal()
		return
	}
	for range maxInline {
		if !w.take() {
			return
		}
		w.write()
	}
	go w.drain() // others propose without end: that is no reason to keep this one
}

// maxInline is how many batches a proposer appends, its own and those of others.
const maxInline = 4

// drain appends until nothing is waiting.
func (w *Writer) drain() {
	for w.take() {
		w.write()
	}
}

func (p *Proposal) size() int { return int(unsafe.Sizeof(*p)) + len(p.Draft.Text) }

// How much may wait for the store, in bytes of proposals, about, and how long: both are
// far more than a store leaves that works.
const (
	maxWaiting  = 64 << 20
	standsStill = 10 * time.Second
)

// Full reports whether no more may wait for the store, and how long it has had what it
// has.
func (w *Writer) Full() (stood time.Duration, full bool) {
	stood = w.pace.standing()
	w.mu.Lock()
	defer w.mu.Unlock()
	return stood, w.bytes >= maxWaiting || stood >= standsStill
}

// Close appends what is waiting and stops. Nothing may be proposed after.
func (w *Writer) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.more.Broadcast()
	for w.writing {
		w.more.Wait()
	}
}

func (w *Writer) run() {
	for w.await() || w.take() {
		w.write()
		// Who was just answered may have more to say: or else those who were and those
		// who waited meanwhile take turns, in batches half as long. Once more, for those
		// whom they wake: 64 proposers then make batches of 57, after one yield of 46.
		runtime.Gosched()
		runtime.Gosched()
	}
}

// await waits for proposals, and takes them unless the writer was closed.
func (w *Writer) await() bool {
	w.mu.Lock()
	for len(w.waiting) == 0 && !w.closed {
		w.more.Wait()
	}
	closed := w.closed
	w.mu.Unlock()
	return !closed && w.take()
}

// take swaps what is waiting against the batch that is done. None: nobody writes now.
func (w *Writer) take() bool {
	clear(w.batch)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		w.writing = false
		w.more.Broadcast()
		return false
	}
	w.batch, w.waiting, w.bytes = w.waiting, w.batch[:0], 0
	return true
}

// write stores the batch, puts it into the logs, and wakes their readers.
func (w *Writer) write() {
	w.commit()
	for _, l := range w.dirty {
		if l != nil {
			l.wake()
		}
	}
}

// share puts what was appended into a log that others write to, and tells them. grown:
// there is more to read.
func (w *Writer) share(l *Log, life string, events []protocol.Event) (grown bool) {
	if w.others.Life() != life {
		life = ""
	}
	grown = l.Offer(life, events)
	w.others.Wrote(l, life, events)
	return grown
}

// keep has an event be shared as one of those of the log at that place.
func (w *Writer) keep(place int, e *protocol.Event) {
	if place == len(w.fresh) {
		w.fresh = append(w.fresh, nil)
	}
	w.fresh[place] = append(w.fresh[place], *e)
}

// commit stores the batch, and puts it into the logs, which are dirty then.
func (w *Writer) commit() {
	batch := w.batch
	drafts, dirty := w.drafts[:0], w.dirty[:0]
	for i := range batch {
		drafts = append(drafts, batch[i].Draft)
	}
	life := ""
	if w.others != nil {
		life = w.others.Life()
	}
	w.pace.begin()
	results, err := w.store.Append(context.Background(), drafts)
	w.pace.end(len(batch))
	if failing := err != nil; failing != w.failing {
		w.failing = failing
		w.failed(err)
	}
	events := 0
	for i := range results {
		if !results[i].New {
			continue
		}
		events++
		l := batch[i].Log
		if l.dirty == 0 {
			dirty = append(dirty, l)
			l.dirty = len(dirty)
		}
		if w.others == nil {
			l.append(&results[i].Event)
		} else {
			w.keep(l.dirty-1, &results[i].Event)
		}
	}
	for i, l := range dirty {
		l.dirty = 0
		if w.others != nil && !w.share(l, life, w.fresh[i]) {
			dirty[i] = nil
		}
	}
	clear(w.fresh)
	w.fresh = w.fresh[:0]
	w.appended(events)
	if err != nil {
		results = make([]store.Result, len(batch))
	}
	for i := range batch {
		if l := batch[i].Log; l != nil {
			l.waiting.Add(-int64(batch[i].size()))
		}
		batch[i].By.Appended(&batch[i], &results[i], err)
	}
	clear(drafts)
	w.drafts, w.dirty = drafts, dirty
}
