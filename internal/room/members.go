package room

import "iter"

// Members is who is in a room, in the order they joined. The zero value is an empty
// room.
type Members struct {
	list []*Member // nil where somebody left
	n    int
}

// Member is one session in a room.
type Member struct {
	Name string // as shown

	place int32 // in list
}

// Add puts x at the end. It stays where it is until Remove.
func (m *Members) Add(x *Member) {
	x.place = int32(len(m.list))
	m.list = append(m.list, x)
	m.n++
}

// Replace puts x, with another's name, into the place of that one.
func (m *Members) Replace(other, x *Member) {
	*x = *other
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
