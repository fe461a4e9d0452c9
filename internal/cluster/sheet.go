package cluster

import (
	"encoding/binary"
	"iter"
)

// Form is how the items of a matter's sheets are written. What stands behind the part
// of a value that is known is a newer version's.
type Form[K comparable, V any] struct {
	Matter      Matter
	AppendKey   func(dst []byte, key K) []byte
	TakeKey     func(b []byte) (key K, rest []byte, ok bool)
	AppendValue func(dst []byte, value V) []byte
	TakeValue   func(b []byte) (value V, ok bool)
	Same        func(a, b V) bool
}

// Op is one change of a sheet.
type Op[K comparable, V any] struct {
	Key   K
	Value V    // of a put; else what is no longer there
	Old   V    // of a put on what was there
	Put   bool // else it was taken away
	Had   bool // the key was there before
}

// Sheet is what one node says of itself in one matter, as far as others have yet to be
// told: each change gets a version, and a change of many parts is told in as many
// messages as it needs. What is on it, its owner knows.
//
// It has no goroutine, no clock and no lock.
type Sheet[K comparable, V any] struct {
	form    *Form[K, V]
	room    string
	version Stamp // of the last change
	told    Stamp // of the last that was told; 0: none yet
	waiting []waiting[K, V]
	last    map[K]int // where a key's last change waits
}

type waiting[K comparable, V any] struct {
	op    Op[K, V]
	stamp Stamp
	void  bool // another one has come
}

// NewSheet begins an empty sheet; room is whose people it has, or empty.
func NewSheet[K comparable, V any](form *Form[K, V], room string, at Stamp) *Sheet[K, V] {
	return &Sheet[K, V]{form: form, room: room, version: at}
}

// Version is that of the last change.
func (s *Sheet[K, V]) Version() Stamp { return s.version }

// Waiting is how many changes have yet to be told.
func (s *Sheet[K, V]) Waiting() int { return len(s.waiting) }

// Put puts an item on the sheet, in place of one with the same key.
func (s *Sheet[K, V]) Put(key K, value V, at Stamp) {
	s.add(Op[K, V]{Key: key, Value: value, Put: true}, at)
}

// Drop takes an item away.
func (s *Sheet[K, V]) Drop(key K, at Stamp) { s.add(Op[K, V]{Key: key}, at) }

func (s *Sheet[K, V]) add(op Op[K, V], at Stamp) {
	s.version = at
	if s.last == nil {
		s.last = map[K]int{}
	}
	if i, ok := s.last[op.Key]; ok {
		s.waiting[i].void = true
	}
	s.last[op.Key] = len(s.waiting)
	s.waiting = append(s.waiting, waiting[K, V]{op: op, stamp: at})
}

// Tell gives what has yet to be told, in messages of at most most bytes, in their
// order.
func (s *Sheet[K, V]) Tell(most int) (bodies [][]byte) {
	if len(s.waiting) == 0 {
		return nil
	}
	head := Said{Matter: s.form.Matter, Verb: Change, Room: s.room, From: s.told}
	var items []byte
	most -= maxHead + len(s.room)
	for i := range s.waiting {
		w := &s.waiting[i]
		if w.void {
			continue
		}
		before := len(items)
		items = s.form.appendOp(items, &w.op)
		switch {
		case len(items)-before > most:
			items = items[:before] // no message can say it
		case len(items) > most:
			bodies = append(bodies, append(head.head(), items[:before]...))
			head.From = head.Version
			items = append([]byte(nil), items[before:]...)
		}
		head.Version = w.stamp
	}
	head.Version = s.version
	bodies = append(bodies, append(head.head(), items...))
	s.told, s.waiting, s.last = s.version, nil, nil
	return bodies
}

// Whole gives all that is on the sheet, taken at a moment later than any before, in
// messages of at most most bytes. What has yet to be told is told before it.
func (s *Sheet[K, V]) Whole(items iter.Seq2[K, V], taken Stamp, most int) (bodies [][]byte) {
	return s.form.Whole(s.room, s.version, taken, items, most)
}

// Whole is that of a sheet with these items.
func (f *Form[K, V]) Whole(room string, version, taken Stamp, items iter.Seq2[K, V], most int) (bodies [][]byte) {
	most -= maxHead + len(room)
	pieces := [][]byte{nil}
	for key, value := range items {
		item := f.appendOp(nil, &Op[K, V]{Key: key, Value: value, Put: true})
		last := len(pieces) - 1
		switch {
		case len(item) > most:
		case len(pieces[last])+len(item) > most:
			pieces = append(pieces, item)
		default:
			pieces[last] = append(pieces[last], item...)
		}
	}
	head := Said{Matter: f.Matter, Verb: Whole, Room: room, Version: version, Taken: taken, Pieces: len(pieces)}
	for i, piece := range pieces {
		head.Piece = i
		bodies = append(bodies, append(head.head(), piece...))
	}
	return bodies
}

// An item is what is done to it, its key, and for a put its value behind its length.
const (
	opDrop = iota
	opPut
)

func (f *Form[K, V]) appendOp(dst []byte, op *Op[K, V]) []byte {
	if !op.Put {
		return f.AppendKey(append(dst, opDrop), op.Key)
	}
	dst = f.AppendKey(append(dst, opPut), op.Key)
	value := f.AppendValue(nil, op.Value)
	return append(binary.AppendUvarint(dst, uint64(len(value))), value...)
}

// Ops reads the items of what was said. Those before one that can't be read don't
// count either.
func (f *Form[K, V]) Ops(s *Said) (ops []Op[K, V], ok bool) {
	for b := s.items; len(b) > 0; {
		op := Op[K, V]{Put: b[0] == opPut}
		if b[0] > opPut {
			return nil, false
		}
		if op.Key, b, ok = f.TakeKey(b[1:]); !ok {
			return nil, false
		}
		if op.Put {
			r := taker{rest: b}
			value := r.bytes()
			if r.failed {
				return nil, false
			}
			if op.Value, ok = f.TakeValue(value); !ok {
				return nil, false
			}
			b = r.rest
		}
		ops = append(ops, op)
	}
	return ops, true
}
