package engine

import (
	"sync"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// notes is what others leave for a loop, each behind those that were left before.
// Whoever leaves one never waits for the loop.
type notes struct {
	wake func() // tells the loop

	mu sync.Mutex
	pile
}

// pile is notes that were not read yet.
type pile struct {
	marked   []*audience // their rooms have more
	outcomes []noted     // of proposals; at most maxInflight of a session
	told     map[signalFor][]byte
	tasks    []func(now time.Time)
}

type noted struct {
	conn    *loopConn
	outcome outcome
}

// signalFor is whom a signal is for. Of each only the newest is kept.
type signalFor struct {
	conn *loopConn
	room string
}

// leave adds a note.
func (n *notes) leave(note func(p *pile)) {
	n.mu.Lock()
	note(&n.pile)
	n.mu.Unlock()
	n.wake()
}

func (n *notes) mark(a *audience) {
	n.leave(func(p *pile) { p.marked = append(p.marked, a) })
}

func (n *notes) append(c *loopConn, o outcome) {
	n.leave(func(p *pile) { p.outcomes = append(p.outcomes, noted{c, o}) })
}

func (n *notes) task(f func(now time.Time)) {
	n.leave(func(p *pile) { p.tasks = append(p.tasks, f) })
}

// maxTold bounds the signals that wait for a loop: any of them may be skipped.
const maxTold = 100 * protocol.MaxRooms

func (n *notes) tell(c *loopConn, room string, payload []byte) {
	n.leave(func(p *pile) {
		if p.told == nil {
			p.told = map[signalFor][]byte{}
		}
		to := signalFor{c, room}
		if _, ok := p.told[to]; ok || len(p.told) < maxTold {
			p.told[to] = payload
		}
	})
}

// read takes all notes, for those of the last time.
func (n *notes) read(last pile) pile {
	clear(last.marked)
	clear(last.outcomes)
	clear(last.tasks)
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.pile
	n.pile = pile{marked: last.marked[:0], outcomes: last.outcomes[:0], tasks: last.tasks[:0]}
	return p
}
