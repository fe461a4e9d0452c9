package client

import (
	"github.com/parley-chat/parley/protocol"
)

// maxQueued bounds what waits for the reader of Events, in bytes of frames: enough
// that a connection isn't slowed down by a reader that keeps up.
const maxQueued = 1 << 20

// itemBytes is what an item counts for beside its frame.
const itemBytes = 256

// queue is what waits for the reader of Events, oldest first.
type queue struct {
	items []queued
	first int // of items that are not taken yet
	bytes int
}

// queued is an item that waits.
type queued struct {
	Item
	room *room           // that it moves forward; nil for none
	at   protocol.Cursor // where its reader is then
	size int
}

func (q *queue) full() bool { return q.bytes >= maxQueued }

// roomy reports whether there is so much place that reading on is worth it.
func (q *queue) roomy() bool { return q.bytes < maxQueued/2 }

// push puts an item in, behind which the reader is at the cursor of r.
func (q *queue) push(r *room, item Item, size int) {
	size += itemBytes
	x := queued{Item: item, room: r, size: size}
	if r != nil {
		x.at = r.cursor
	}
	if q.first > len(q.items)/2 { // more than half was taken: the rest moves to the front
		n := copy(q.items, q.items[q.first:])
		clear(q.items[n:])
		q.items, q.first = q.items[:n], 0
	}
	q.items = append(q.items, x)
	q.bytes += size
}

// say puts in what is true until the next of its kind, full or not: of the
// connection, it is the newest that counts.
func (q *queue) say(item Item) {
	if n := len(q.items); n > q.first && aboutConnection(item) && aboutConnection(q.items[n-1].Item) {
		q.items[n-1].Item = item
		return
	}
	q.push(nil, item, 0)
}

func aboutConnection(item Item) bool {
	switch item.(type) {
	case Connected, Disconnected:
		return true
	}
	return false
}

// reset puts a Reset in, full or not. One that waits already with no event of the
// room behind it is out of date.
func (q *queue) reset(r *room, item Reset) {
	for i := len(q.items) - 1; i >= q.first && q.full(); i-- {
		if x := &q.items[i]; x.room == r {
			if _, ok := x.Item.(Reset); ok {
				x.Item, x.at = item, r.cursor
				return
			}
			break
		}
	}
	q.push(r, item, 0)
}

// pop takes the oldest item; false if there is none.
func (q *queue) pop() (queued, bool) {
	if q.first == len(q.items) {
		return queued{}, false
	}
	x := q.items[q.first]
	q.items[q.first] = queued{}
	q.first++
	q.bytes -= x.size
	if q.first == len(q.items) {
		q.items, q.first = q.items[:0], 0
	}
	return x, true
}
