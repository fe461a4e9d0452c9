package room

import (
	"cmp"
	"iter"
	"slices"
)

// Members is who is in a room, in the order they joined. The zero value is an empty
// room.
type Members struct {
	list []*Member // nil where somebody left
	n    int
}

// Member is one session in a room.
type Member struct {
	Name string // as shown
	At   uint64 // orders those who joined on different nodes; the same for all: as they were added

	place int32 // in list
	Aside int32 // whoever has the member may keep something here: there are many
}

// Add puts x behind all who joined before. It stays where it is until Remove.
func (m *Members) Add(x *Member) {
	m.list = append(m.list, nil)
	at := len(m.list) - 1
	for ; at > 0; at-- { // few come late, and those not by much
		if y := m.list[at-1]; y != nil {
			if y.At <= x.At {
				break
			}
			y.place = int32(at)
		}
		m.list[at] = m.list[at-1]
	}
	m.list[at], x.place = x, int32(at)
	m.n++
}

// AddAll is Add for many, in any order.
func (m *Members) AddAll(xs []*Member) {
	m.list = append(m.list, xs...)
	m.n += len(xs)
	m.closeUp()
	slices.SortStableFunc(m.list, func(x, y *Member) int { return cmp.Compare(x.At, y.At) })
	for i, x := range m.list {
		x.place = int32(i)
	}
}

// Replace puts x, with another's name and time, into the place of that one.
func (m *Members) Replace(other, x *Member) {
	x.Name, x.At, x.place = other.Name, other.At, other.place
	m.list[x.place] = x
}

// Remove takes x out, who must be in.
func (m *Members) Remove(x *Member) {
	m.list[x.place] = nil
	m.n--
	if len(m.list) > 2*m.n+8 {
		m.closeUp()
	}
}

// closeUp moves everybody into the places of those who left. It is called when
// more than half of the places are empty, so a removal costs little on average.
func (m *Members) closeUp() {
	list := make([]*Member, 0, m.n)
	for x := range m.All() {
		x.place = int32(len(list))
		list = append(list, x)
	}
	m.list = list
}

// Len is how many are in.
func (m *Members) Len() int { return m.n }

// All is everybody, in the order they joined.
func (m *Members) All() iter.Seq[*Member] {
	return func(yield func(*Member) bool) {
		for _, x := range m.list {
			if x != nil && !yield(x) {
				return
			}
		}
	}
}

// Names is the first most names, in the order they joined.
func (m *Members) Names(most int) iter.Seq[string] {
	return func(yield func(string) bool) {
		left := most
		for x := range m.All() {
			if left == 0 || !yield(x.Name) {
				return
			}
			left--
		}
	}
}
