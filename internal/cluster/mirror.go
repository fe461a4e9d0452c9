package cluster

import "iter"

// Mirror is what other nodes have on their sheets in one matter, as far as this one has
// heard. Whatever is lost, repeated or out of order: what it has of a node is what was
// on that node's sheet at some version, and never goes back.
//
// It has no goroutine, no clock and no lock.
type Mirror[K comparable, V any] struct {
	form  *Form[K, V]
	parts map[string]*part[K, V]
}

// part is one node's.
type part[K comparable, V any] struct {
	version Stamp
	items   map[K]V

	// Pieces of a newer one, and when that was taken.
	coming Stamp
	pieces [][]Op[K, V]
	left   int
}

// NewMirror begins one that has heard of nobody.
func NewMirror[K comparable, V any](form *Form[K, V]) *Mirror[K, V] {
	return &Mirror[K, V]{form: form, parts: map[string]*part[K, V]{}}
}

// Version is what is known of a node's sheet; 0 for nothing.
func (m *Mirror[K, V]) Version(node string) Stamp {
	if p := m.parts[node]; p != nil {
		return p.version
	}
	return 0
}

// Hear takes what a node said. It gives what has changed, in order; gap says that
// something before it was missed, so that the whole must be asked for.
func (m *Mirror[K, V]) Hear(node string, s *Said) (ops []Op[K, V], gap bool) {
	p := m.parts[node]
	known := Stamp(0)
	if p != nil {
		known = p.version
	}
	if s.Version <= known || s.Verb == Ask {
		return nil, false
	}
	if s.Verb == Digest || s.Verb == Change && s.From != 0 && s.From != known {
		return nil, true
	}
	said, ok := m.form.Ops(s)
	if !ok {
		return nil, false // we shall never read it: to ask again would be in vain
	}
	if p == nil {
		p = &part[K, V]{}
		m.parts[node] = p
	}
	if s.Verb == Change {
		if s.From == 0 {
			return p.replace(said, s.Version, m.form.Same), false
		}
		p.version = s.Version
		return p.apply(said, m.form.Same), false
	}
	if all, complete := p.piece(s, said); complete {
		return p.replace(all, s.Version, m.form.Same), false
	}
	return nil, false
}

// piece takes one of the pieces of a whole sheet.
func (p *part[K, V]) piece(s *Said, said []Op[K, V]) (all []Op[K, V], complete bool) {
	switch {
	case s.Pieces == 1:
		return said, true
	case s.Taken < p.coming:
		return nil, false
	case s.Taken > p.coming || s.Pieces != len(p.pieces):
		p.coming, p.pieces, p.left = s.Taken, make([][]Op[K, V], s.Pieces), s.Pieces
	}
	if p.pieces[s.Piece] != nil {
		return nil, false
	}
	if said == nil {
		said = []Op[K, V]{}
	}
	p.pieces[s.Piece] = said
	if p.left--; p.left > 0 {
		return nil, false
	}
	for _, piece := range p.pieces {
		all = append(all, piece...)
	}
	return all, true
}

// replace has these be all items, and gives the difference.
func (p *part[K, V]) replace(all []Op[K, V], version Stamp, same func(a, b V) bool) (ops []Op[K, V]) {
	p.version, p.coming, p.pieces = version, 0, nil
	stays := make(map[K]bool, len(all))
	for i := range all {
		stays[all[i].Key] = all[i].Put
	}
	var gone []Op[K, V]
	for key := range p.items {
		if !stays[key] {
			gone = append(gone, Op[K, V]{Key: key})
		}
	}
	return append(p.apply(gone, same), p.apply(all, same)...)
}

// apply does what was said, and gives what of it made a difference.
func (p *part[K, V]) apply(said []Op[K, V], same func(a, b V) bool) (ops []Op[K, V]) {
	for _, op := range said {
		var old V
		old, op.Had = p.items[op.Key]
		switch {
		case op.Put && op.Had && same(old, op.Value):
			continue
		case op.Put:
			if p.items == nil {
				p.items = map[K]V{}
			}
			op.Old = old
			p.items[op.Key] = op.Value
		case op.Had:
			op.Value = old
			delete(p.items, op.Key)
		default:
			continue
		}
		ops = append(ops, op)
	}
	return ops
}

// Set has an item stand for one that was just put: it is the same in another form.
func (m *Mirror[K, V]) Set(node string, key K, value V) { m.parts[node].items[key] = value }

// Lost forgets a node, and gives what it had.
func (m *Mirror[K, V]) Lost(node string) (ops []Op[K, V]) {
	p := m.parts[node]
	if p == nil {
		return nil
	}
	delete(m.parts, node)
	for key, value := range p.items {
		ops = append(ops, Op[K, V]{Key: key, Value: value, Had: true})
	}
	return ops
}

// Of is what a node has under a key.
func (m *Mirror[K, V]) Of(node string, key K) (value V, ok bool) {
	if p := m.parts[node]; p != nil {
		value, ok = p.items[key]
	}
	return value, ok
}

// Under is what all nodes have under a key.
func (m *Mirror[K, V]) Under(key K) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for node, p := range m.parts {
			if value, ok := p.items[key]; ok && !yield(node, value) {
				return
			}
		}
	}
}

// Items is all that a node has.
func (m *Mirror[K, V]) Items(node string) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		if p := m.parts[node]; p != nil {
			for key, value := range p.items {
				if !yield(key, value) {
					return
				}
			}
		}
	}
}

// Nodes are those of whom something is known.
func (m *Mirror[K, V]) Nodes() iter.Seq[string] {
	return func(yield func(string) bool) {
		for node := range m.parts {
			if !yield(node) {
				return
			}
		}
	}
}
