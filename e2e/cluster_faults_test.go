//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// How many clients go about in how many rooms, and how often one who talks does.
const (
	clusterRooms  = 20
	clusterPace   = 500 * time.Millisecond
	recoverWithin = 60 * time.Second // a bound; what it took is printed
)

// fault is something that goes wrong for a while.
type fault struct {
	name string
	do   func(t *testing.T, f *fleet)
}

// endure has a party talk through a fault, and holds what everybody was told against the
// log.
func (f *fleet) endure(t *testing.T, do func()) *party {
	t.Helper()
	p := depart(t, number(t, "PARLEY_CLIENTS", 500), clusterRooms, clusterPace, f.ws()...)
	arrived := p.recover(recoverWithin)
	p.talkOn(200)
	began := time.Now()
	do()
	lasted := time.Since(began)
	recovered := p.recover(recoverWithin)
	p.talkOn(200)
	verdict := p.judge(recoverWithin)
	t.Logf("%d clients there in %v; the fault lasted %v; all heard news %v after it; %d sessions, %d sends refused, %d acknowledgements came again",
		len(p.travellers), arrived.Round(time.Millisecond), lasted.Round(time.Millisecond), recovered.Round(time.Millisecond),
		p.sessions.Load(), p.refused.Load(), p.repeated.Load())
	t.Log(verdict.String())
	if len(verdict.Wrong) > 0 || verdict.Acked == 0 {
		t.Error("the log and what its clients were told differ")
	}
	return p
}

// One node alone, which is killed: so it was before there were clusters.
func TestClusterOfOneLosesNothingWhenItIsKilled(t *testing.T) {
	f := launch(t, 1, onSQLite(t))
	f.endure(t, func() {
		f.nodes[0].Kill()
		f.nodes[0].start()
	})
}
