package roomlog

import (
	"context"
	"runtime"
	"sync"
	"unsafe"

	"github.com/parley-chat/parley/internal/store"
)

// Proposal is what somebody wants written.
type Proposal struct {
	Log   *Log // of the draft's room; nil for what becomes no event
	Draft store.Draft
	By    Proposer
	ID    string // the proposer's own name for it
}

// Proposer is told what became of its proposal, once, by the Writer's goroutine:
// an event is stored and in the log. After an error, r says nothing. It must not
// wait, and keeps neither p nor r.
type Proposer interface {
	Appended(p *Proposal, r *store.Result, err error)
}

// Writer appends to the logs of one node. It takes all that is waiting in one
// batch, and never waits for more while the store is idle.
type Writer struct {
	store    store.Store
	appended func(events int) // for the counters
	failed   func(err error)  // the store can't write; nil: it can again

	// Owned by run.
	failing bool

	// Any goroutine.
	pace pace

	// Fixed after NewWriter.
	more *sync.Cond // of mu
	done chan struct{}

	// Guarded by mu.
	mu      sync.Mutex
	waiting []Proposal
	bytes   int // of them
	closed  bool
}

// NewWriter starts a writer. appended is told of each batch that was stored, and
// failed when the store begins to fail, with its error, and when it no longer does.
func NewWriter(s store.Store, appended func(events int), failed func(err error)) *Writer {
	w := &Writer{store: s, appended: appended, failed: failed, done: make(chan struct{})}
	w.more = sync.NewCond(&w.mu)
	go w.run()
	return w
}

// Propose hands p in. Proposals of one goroutine are appended in its order. It
// never blocks: what one proposer may have waiting is the proposer's to bound, and
// nobody proposes when it is full.
func (w *Writer) Propose(p Proposal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, p)
	w.bytes += int(unsafe.Sizeof(p)) + len(p.Draft.Text)
	w.more.Signal()
}

// maxWaiting is how many bytes of proposals may wait, about: far more than a store
// leaves that works.
const maxWaiting = 64 << 20

// Full reports whether the store has stood still for so long that no more may wait
// for it.
func (w *Writer) Full() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bytes >= maxWaiting
}

// Close appends what is waiting and stops. Nothing may be proposed after.
func (w *Writer) Close() {
	w.mu.Lock()
	w.closed = true
	w.more.Signal()
	w.mu.Unlock()
	<-w.done
}

func (w *Writer) run() {
	defer close(w.done)
	var batch []Proposal
	var drafts []store.Draft
	var dirty []*Log
	for {
		batch = w.take(batch)
		if len(batch) == 0 {
			return
		}
		drafts, dirty = w.commit(batch, drafts[:0], dirty[:0])
		for _, l := range dirty {
			l.wake()
		}
	}
}

// take waits for proposals and swaps them against the batch that is done.
// None: the writer was closed.
func (w *Writer) take(done []Proposal) []Proposal {
	clear(done)
	// Who was just answered may have more to say: or else those who were and those
	// who waited meanwhile take turns, in batches half as long. Once more, for those
	// whom they wake: 64 proposers then make batches of 57, after one yield of 46.
	runtime.Gosched()
	runtime.Gosched()
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.waiting) == 0 && !w.closed {
		w.more.Wait()
	}
	batch := w.waiting
	w.waiting, w.bytes = done[:0], 0
	return batch
}

// commit stores a batch, then puts it into the logs, which it returns.
func (w *Writer) commit(batch []Proposal, drafts []store.Draft, dirty []*Log) ([]store.Draft, []*Log) {
	for i := range batch {
		drafts = append(drafts, batch[i].Draft)
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
		l.append(&results[i].Event)
		if !l.dirty {
			l.dirty = true
			dirty = append(dirty, l)
		}
	}
	for _, l := range dirty {
		l.dirty = false
	}
	w.appended(events)
	if err != nil {
		results = make([]store.Result, len(batch))
	}
	for i := range batch {
		batch[i].By.Appended(&batch[i], &results[i], err)
	}
	return drafts, dirty
}
