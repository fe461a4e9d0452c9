package sim

import "time"

// fault is a kind of fault. Each is counted where it took effect.
type fault int

const (
	messageLost fault = iota
	messageRepeated
	messageLate
	messageGarbled
	messageForged
	messageReplayed
	brokerRestarts
	brokerCut
	storeCut
	storeDown
	storeSlow
	requestLost
	answerLost
	requestLate
	failoverSameLife
	failoverNothingLost
	failoverEventsLost
	nodeCrashes
	nodeFreezes
	clockJumps
	lineCut
	readerStops
	eventsPurged
	procPaused
	faults
)

var faultNames = [faults]string{
	"a message is lost", "a message is repeated", "a message is late", "a message is garbled", "a message is forged", "a message is replayed",
	"the broker restarts", "a node is cut from the broker", "a node is cut from the store", "the store is down", "the store is slow",
	"a request is lost", "an answer is lost", "a request is done after its end", "the store restarts",
	"a standby takes over", "a standby takes over that lacks events",
	"a node crashes", "a node freezes", "a clock jumps", "a client's line is cut", "a client stops reading", "old events are purged",
	"a goroutine is paused",
}

func (w *world) fires(f fault, who string) {
	w.fired[f]++
	w.note(who, faultNames[f], "")
}

// plan is what a history is made of.
type plan struct {
	nodes, clients   int
	rooms            []string
	trouble          time.Duration // for so long there are faults
	every            time.Duration // about, between two great ones
	think            time.Duration // about, between two messages of a client
	changes          float64       // of what clients say: edits and deletes
	lost, again      float64       // of messages
	late, garbled    float64
	unasked, unheard float64 // of requests: lost, or their answers
	overdue, paused  float64
	memory           int // bytes of one encoding
	most             int // bytes of one message
	window           int // bytes of a socket
	deflate          bool
	only             []int // of the great faults; nil: all
	patient          bool  // clients do not give up a node that sleeps
	healed           bool
	last             time.Duration // since then nothing more is said
}

func (w *world) draw() {
	p := &w.plan
	pick := func(of ...float64) float64 { return of[w.rng.IntN(len(of))] }
	p.nodes, p.clients = 2+w.rng.IntN(2), 3+w.rng.IntN(4)
	p.rooms = []string{"lobby", "attic"}[:1+w.rng.IntN(2)]
	p.trouble = w.between(3*time.Second, 15*time.Second)
	p.every = w.between(300*time.Millisecond, 4*time.Second)
	p.think = w.between(200*time.Millisecond, 2*time.Second)
	if w.chance(0.1) {
		p.trouble, p.think = 70*time.Second, 3*time.Second
	}
	p.lost, p.again, p.late, p.garbled = pick(0, 0.05, 0.5), pick(0, 0.1), pick(0, 0.1, 0.3), pick(0, 0.02)
	p.unasked, p.unheard, p.overdue, p.paused = pick(0, 0.02, 0.1), pick(0, 0.02, 0.1), pick(0, 0.03), pick(0, 0.05, 0.3)
	p.memory = []int{1, 4 << 10, 1 << 20}[w.rng.IntN(3)]
	p.most = []int{4000, 1 << 20}[w.rng.IntN(2)]
	p.window = []int{400, 4 << 10, 64 << 10}[w.rng.IntN(3)]
	p.deflate, p.changes = w.chance(0.1), 0.3
	switch which := w.rng.IntN(40); {
	case which == 0 || w.mutant == believesOldNews:
		p.favoursSleep()
	case which == 1 || w.mutant == tellsOfOtherLives:
		p.favoursFailover()
	}
}

// Of what is seldom told apart, some histories have more.
func (p *plan) favoursSleep() {
	p.only = []int{freezes}
	p.trouble, p.every, p.think, p.lost, p.most = 70*time.Second, 4*time.Second, time.Second, 0.5, 1<<20
	p.changes, p.nodes, p.patient = 0.8, 2, true
}

func (p *plan) favoursFailover() {
	p.only = []int{standbyTakesOver, storeIsCut}
	p.paused, p.most = 0.3, 1<<20
}

// heals ends all faults, and has what was cut come back.
func (w *world) heals() {
	p := &w.plan
	p.healed = true
	p.lost, p.again, p.late, p.garbled, p.unasked, p.unheard, p.overdue, p.paused = 0, 0, 0, 0, 0, 0, 0, 0
	w.note("world", "all faults end", "")
	w.database.up, w.database.slow = true, 0
	w.hub.up = true
	for i, n := range w.nodes {
		n.thaw()
		n.link.cut, n.line.partitioned = false, false
		if !n.alive {
			w.restart(i)
		}
	}
	for _, c := range w.clients {
		c.reads()
	}
}

// strikes has one great fault after the other.
func (w *world) strikes() {
	w.after(w.between(0, 2*w.plan.every), func() {
		if w.plan.healed {
			return
		}
		w.strike()
		w.strikes()
	})
}

// The great faults.
const (
	crashes = iota
	freezes
	brokerStarts
	brokerIsCut
	storeIsCut
	storeIsDown
	storeIsSlow
	standbyTakesOver
	clockIsSet
	lineIsCut
	otherLineIsCut // they are cut more often
	readerWaits
	eventsGo
	messagesAreForged
	greatFaults
)

func (w *world) strike() {
	i := w.rng.IntN(len(w.nodes))
	n := w.nodes[i]
	length := w.between(time.Millisecond, 100*time.Millisecond)
	if w.chance(0.7) {
		length = w.between(100*time.Millisecond, 3*time.Second)
	}
	which := w.rng.IntN(greatFaults)
	if only := w.plan.only; only != nil {
		which = only[w.rng.IntN(len(only))]
	}
	switch which {
	case crashes:
		w.crash(i)
	case freezes:
		if w.plan.trouble > 30*time.Second && w.chance(0.7) {
			length = w.between(5*time.Second, 30*time.Second)
		}
		n.freeze(length)
	case brokerStarts:
		w.hub.restart(length)
	case brokerIsCut:
		n.line.partition(length)
	case storeIsCut:
		n.link.cutFor(length)
	case storeIsDown:
		w.database.goesDown(length)
	case storeIsSlow:
		w.database.slows(length)
	case standbyTakesOver:
		w.database.failOver(length)
	case clockIsSet:
		if w.chance(0.5) {
			n.jump()
		}
	case lineIsCut, otherLineIsCut:
		w.clients[w.rng.IntN(len(w.clients))].cut()
	case readerWaits:
		w.clients[w.rng.IntN(len(w.clients))].stops(length)
	case eventsGo:
		w.database.purge()
	case messagesAreForged:
		w.hub.forge()
	}
}
