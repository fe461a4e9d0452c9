package sim

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	seedFlag      = flag.Uint64("seed", 0, "run this history alone, and tell it")
	historiesFlag = flag.Int("histories", 0, "how many to run; 0: what a unit test may take")
)

// What is healed is as it should be within recovery; what is said then reaches everybody
// within arrival.
const (
	recovery = 15 * time.Second
	arrival  = 7 * time.Second
)

// history runs one.
func history(seed uint64, m mutant, fired *[faults]int) *world {
	w := &world{seed: seed, rng: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)), mutant: m, fired: fired, hash: 14695981039346656037}
	w.draw()
	w.database = newDatabase(w)
	w.hub = &hub{world: w, up: true, lines: make([]*line, w.plan.nodes)}
	w.nodes = make([]*node, w.plan.nodes)
	w.oracle = newOracle(w)
	for i := range w.nodes {
		w.begin(i, 0)
	}
	for i := range w.plan.clients {
		w.clients = append(w.clients, w.newClient(i))
	}
	w.strikes()
	w.run(w.plan.trouble)
	if w.wrong == nil {
		w.calms()
	}
	for _, n := range w.nodes {
		n.alive = false
		for _, p := range n.procs {
			p.kill()
		}
	}
	return w
}

// calms ends the faults, and holds everybody to the logs in the end.
func (w *world) calms() {
	w.heals()
	w.run(w.now + recovery)
	w.plan.last = w.now
	if w.wrong == nil {
		w.oracle.settled()
	}
	for _, c := range w.clients {
		for _, v := range c.views {
			c.says(v, false)
		}
	}
	if w.run(w.now + arrival); w.wrong == nil {
		w.oracle.settled()
	}
}

func TestHistories(t *testing.T) {
	if *seedFlag != 0 {
		var fired [faults]int
		w := history(*seedFlag, none, &fired)
		t.Logf("%s", w.story())
		if w.wrong != nil {
			t.Errorf("seed %d: %v", w.seed, w.wrong)
		}
		return
	}
	n := *historiesFlag
	switch {
	case n > 0:
	case testing.Short():
		n = 150
	default:
		n = 2500
	}
	var fired [faults]int
	asked, events := 0, 0
	for seed := range uint64(n) {
		w := history(seed+1, none, &fired)
		if w.wrong != nil {
			t.Fatalf("seed %d: %v\n%sagain: go test ./internal/sim -run TestHistories -seed %d", w.seed, w.wrong, w.story(), w.seed)
		}
		asked = max(asked, w.asked)
		for _, r := range w.oracle.now {
			events += len(r.facts)
		}
	}
	t.Logf("%d histories, %d events in the end; a node asked %d times in a second at most", n, events, asked)
	for f, times := range fired {
		t.Logf("%6d times: %s", times, faultNames[f])
		if times == 0 {
			t.Errorf("never: %s", faultNames[f])
		}
	}
}

func TestASeedIsAHistory(t *testing.T) {
	for seed := range uint64(max(50, *historiesFlag)) {
		var fired [faults]int
		if one, two := history(seed+1, none, &fired), history(seed+1, none, &fired); one.hash != two.hash || one.steps != two.steps {
			t.Fatalf("seed %d is two histories, of %d and %d steps", seed+1, one.steps, two.steps)
		}
	}
}

// mutant is a node or a client that breaks one rule.
type mutant int

const (
	none mutant = iota
	believesOtherLives
	believesOldNews
	ignoresHoles
	neverPolls
	skipsRewind
	acksBeforeCommit
	acksFailures
	forgetsEpochs
	resendsWithAnotherKey
	ignoresResets
	tellsOfOtherLives
	knowsTheKey
	keepsTheDead
	neverAsks
)

func TestTheOracleNoticesWhoBreaksARule(t *testing.T) {
	for _, c := range []struct {
		name   string
		mutant mutant
	}{
		{"a node that believes news of other lives", believesOtherLives},
		{"a node that believes old news", believesOldNews},
		{"a node that doesn't look for what its logs lack", ignoresHoles},
		{"a node that asks only when it hears something", neverPolls},
		{"a node whose logs go on in another life", skipsRewind},
		{"a node that says of the present life what was written before", tellsOfOtherLives},
		{"a node that forgets which life a cursor is of", forgetsEpochs},
		{"a node that acknowledges before the commit", acksBeforeCommit},
		{"a node that acknowledges what failed", acksFailures},
		{"a node that gives nobody up", keepsTheDead},
		{"a node that never asks who is there", neverAsks},
		{"somebody who seals messages as nodes do", knowsTheKey},
		{"a client that sends again with another key", resendsWithAnotherKey},
		{"a client that ignores resets", ignoresResets},
	} {
		t.Run(c.name, func(t *testing.T) {
			var fired [faults]int
			for seed := range uint64(3000) {
				if w := history(seed+1, c.mutant, &fired); w.wrong != nil {
					t.Logf("seed %d: %v", w.seed, w.wrong)
					return
				}
			}
			t.Error("nobody notices")
		})
	}
}
