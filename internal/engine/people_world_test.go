package engine

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	hub "github.com/parley-chat/parley/internal/broker/memory"
)

// TestEverybodyIsKnownEverywhereOnceTheNetworkIsWell has people come and go on nodes
// that are cut off, stop and wake, over a broker that loses, repeats and reorders. Once
// that ends, all nodes know the same.
func TestEverybodyIsKnownEverywhereOnceTheNetworkIsWell(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &peopleWorld{clustered: newClustered(t, 3), rand: rand.New(rand.NewPCG(seed, 0)), seats: map[string]int{}}
				w.hub.Set(hub.Faults{Lose: 0.3 * w.rand.Float64(), Repeat: 0.2 * w.rand.Float64(), Reorder: 0.2 * w.rand.Float64()})
				for range 150 {
					w.step()
				}
				w.heal()
				w.compare()
				hangUp(w.people...)
			})
		})
	}
}

type peopleWorld struct {
	*clustered
	rand   *rand.Rand
	people []*peer
	on     []int          // which node
	seats  map[string]int // of a node and a user
	came   int
}

var peopleRooms = []string{"lobby", "attic"}

// step does something at random, and lets some time go by.
func (w *peopleWorld) step() {
	node := w.rand.IntN(len(w.places))
	p := w.places[node]
	switch n := w.rand.IntN(20); {
	case n < 8 || len(w.people) == 0:
		w.people, w.on = append(w.people, w.opens(p)), append(w.on, node)
		w.joins(len(w.people) - 1)
	case n < 12:
		w.joins(w.rand.IntN(len(w.people)))
	case n < 14:
		w.people[w.rand.IntN(len(w.people))].send(`{"type":"leave"}`)
	case n < 16:
		user := fmt.Sprint("user ", w.rand.IntN(5))
		w.seats[fmt.Sprint(node, user)] = w.rand.IntN(3)
		p.Seats(user, w.seats[fmt.Sprint(node, user)])
	case n < 17:
		p.broker.Cut()
	case n < 18:
		p.broker.Mend()
	case n < 19:
		p.beats.away.Store(true)
	default:
		p.beats.away.Store(false)
	}
	if w.rand.IntN(3) == 0 {
		time.Sleep(time.Duration(w.rand.ExpFloat64() * float64(time.Second)))
	}
	synctest.Wait()
}

// opens opens a session whose client reads whatever comes.
func (w *peopleWorld) opens(p *place) *peer {
	x := pipe(w.t, p.Engine)
	go func() {
		for {
			op, payload, err := x.read()
			if err != nil {
				return
			}
			if op == 9 {
				go x.pong(payload)
			}
		}
	}()
	return x
}

func (w *peopleWorld) joins(i int) {
	w.came++
	w.people[i].join(fmt.Sprint("person ", w.came), peopleRooms[w.rand.IntN(len(peopleRooms))])
}

func (w *peopleWorld) heal() {
	w.hub.Set(hub.Faults{})
	for _, p := range w.places {
		p.broker.Mend()
		p.beats.away.Store(false)
	}
	time.Sleep(15 * time.Second)
}

// compare holds what each node knows against what is so.
func (w *peopleWorld) compare() {
	truth := map[string][]*presence{}
	for _, p := range w.places {
		for _, name := range peopleRooms {
			if r := p.rooms.find(name); r != nil {
				for _, x := range r.signals.here {
					if x.session != nil {
						truth[name] = append(truth[name], x)
					}
				}
			}
		}
	}
	counts := map[string]int{}
	for name, all := range truth {
		slices.SortFunc(all, func(a, b *presence) int { return cmp.Compare(a.member.At, b.member.At) })
		counts[name] = len(all) // each is another guest
	}
	for i, p := range w.places {
		sums := p.elsewhere().present()
		for _, name := range peopleRooms {
			r := p.rooms.find(name)
			if r == nil || r.here() == 0 {
				if sums[name] != counts[name] {
					w.t.Errorf("node %d counts %d in %s, and there are %d", i, sums[name], name, counts[name])
				}
				continue
			}
			var want []string
			for _, x := range truth[name] {
				want = append(want, x.member.Name)
			}
			if got := slices.Collect(r.members.Names(1000)); !slices.Equal(got, want) {
				w.t.Errorf("node %d has in %s\n%s, and there are\n%s", i, name, strings.Join(got, ", "), strings.Join(want, ", "))
			}
			if n, _ := r.count(); n != counts[name] {
				w.t.Errorf("node %d counts %d in %s, and there are %d", i, n, name, counts[name])
			}
		}
		for n := range 5 {
			user, elsewhere := fmt.Sprint("user ", n), 0
			for other := range w.places {
				if other != i {
					elsewhere += w.seats[fmt.Sprint(other, user)]
				}
			}
			if got := p.Elsewhere(user); got != elsewhere {
				w.t.Errorf("node %d knows of %d sessions of %s elsewhere, and there are %d", i, got, user, elsewhere)
			}
		}
		p.peers.people.mu.Lock()
		if doubts := p.peers.people.doubts; len(doubts) > 0 {
			w.t.Errorf("node %d still has its doubts: %v", i, slices.Collect(maps.Keys(doubts)))
		}
		p.peers.people.mu.Unlock()
	}
}

// pong answers a ping beside one who sends.
func (p *peer) pong(payload string) { p.sendFrame(10, payload) }
