package room

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// It holds Members against a sorted slice.
func TestMembersStandInTheOrderTheyJoinedWherever(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m Members
		var want []*Member // by At, and of the same as they were added
		insert := func(x *Member) {
			at := len(want)
			for at > 0 && want[at-1].At > x.At {
				at--
			}
			want = slices.Insert(want, at, x)
		}
		fresh := func() *Member {
			return &Member{Name: rapid.StringN(1, 3, -1).Draw(t, "name"), At: rapid.Uint64Range(0, 20).Draw(t, "at")}
		}
		t.Repeat(map[string]func(*rapid.T){
			"one comes": func(*rapid.T) {
				x := fresh()
				m.Add(x)
				insert(x)
			},
			"many come": func(t *rapid.T) {
				var xs []*Member
				for range rapid.IntRange(0, 20).Draw(t, "n") {
					xs = append(xs, fresh())
				}
				m.AddAll(xs)
				for _, x := range xs {
					insert(x)
				}
			},
			"one goes": func(t *rapid.T) {
				if len(want) == 0 {
					t.Skip("nobody is there")
				}
				i := rapid.IntRange(0, len(want)-1).Draw(t, "who")
				m.Remove(want[i])
				want = slices.Delete(want, i, i+1)
			},
			"one goes on as another": func(t *rapid.T) {
				if len(want) == 0 {
					t.Skip("nobody is there")
				}
				i := rapid.IntRange(0, len(want)-1).Draw(t, "who")
				x := &Member{Aside: 7}
				m.Replace(want[i], x)
				want[i] = x
			},
			"": func(t *rapid.T) {
				if got := slices.Collect(m.All()); !slices.Equal(got, want) || m.Len() != len(want) {
					t.Fatalf("got %v of %d, want %v", got, m.Len(), want)
				}
			},
		})
	})
}
