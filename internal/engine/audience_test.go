package engine

import (
	"testing"

	"pgregory.net/rapid"
)

// Whoever comes and goes during a pass, everybody who was in at its beginning and is
// still in at its end was served, and each knows their own place.
func TestAPassPassesNobodyOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &audience{}
		served := map[*presence]bool{}
		in := map[*presence]bool{}
		come := func() {
			p := &presence{}
			a.add(member{presence: p})
			in[p] = true
		}
		for range rapid.IntRange(0, 10).Draw(t, "at first") {
			come()
		}
		for a.at < len(a.members) {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				come()
			case 1:
				p := a.members[rapid.IntRange(0, len(a.members)-1).Draw(t, "who")].presence
				a.remove(p)
				delete(in, p)
			default:
				served[a.members[a.at].presence] = true // what serve does
				a.at++
			}
			if len(a.members) != len(in) || a.at > len(a.members) {
				t.Fatalf("%d members at %d, %d are in", len(a.members), a.at, len(in))
			}
			for i, m := range a.members {
				if int(m.presence.member.Aside) != i {
					t.Fatalf("who is at %d believes to be at %d", i, m.presence.member.Aside)
				}
			}
		}
		for p := range in {
			if !served[p] {
				t.Fatal("somebody was passed over")
			}
		}
	})
}
