package room

import "iter"

// Members is who is in a room, in the order they joined. S is what the room's
// keeper needs of each; the zero value is an empty room.
type Members[S any] struct {
	list []*Member[S] // nil where somebody left
	n    int
}

// Member is one session in a room.
type Member[S any] struct {
	Name    string // as shown
	Session S

	place int // in list
}

// Add puts a member at the end.
func (m *Members[S]) Add(name string, session S) *Member[S] {
	x := &Member[S]{Name: name, Session: session, place: len(m.list)}
	m.list = append(m.list, x)
	m.n++
	return x
}

// Remove takes x out, who must be in.
func (m *Members[S]) Remove(x *Member[S]) {
	m.list[x.place] = nil
	m.n--
	if len(m.list) > 2*m.n+8 {
		m.closeUp()
	}
}

// closeUp moves everybody into the places of those who left. It is called when
// more than half of the places are empty, so a removal costs little on average.
func (m *Members[S]) closeUp() {
	list := make([]*Member[S], 0, m.n)
	for x := range m.All() {
		x.place = len(list)
		list = append(list, x)
	}
	m.list = list
}

// Len is how many are in.
func (m *Members[S]) Len() int { return m.n }

// All is everybody, in the order they joined.
func (m *Members[S]) All() iter.Seq[*Member[S]] {
	return func(yield func(*Member[S]) bool) {
		for _, x := range m.list {
			if x != nil && !yield(x) {
				return
			}
		}
	}
}

// Names is the first most names, in the order they joined.
func (m *Members[S]) Names(most int) iter.Seq[string] {
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
