package load

import "fmt"

// How many messages may lie between the fastest and the slowest session before order can no longer be checked.
const memory = 1 << 16

// order holds what was sent and what the room made of it: the order in which the fastest session saw the messages,
// which all others must repeat.
type order struct {
	sent   []sending // by message number, modulo memory
	next   uint32    // the number of the next message
	seen   []seeing  // by place in the room's order, modulo memory
	head   uint64    // how many messages any session has seen
	latest []uint32  // by sender: its latest message in the room's order, plus 1
}

type sending struct {
	at     int64
	sender int32
}

type seeing struct {
	token  uint64
	sent   int64
	sender int32
}

func newOrder(senders int) *order {
	return &order{sent: make([]sending, memory), seen: make([]seeing, memory), latest: make([]uint32, senders)}
}

// send records that sender sends its next message at the time given, and returns the message's number.
func (o *order) send(sender int32, at int64) uint32 {
	n := o.next
	o.next++
	o.sent[n%memory] = sending{at: at, sender: sender}
	return n
}

// see records that a session has seen token as its message at place. The result says whose message it was and when
// that one sent it.
func (o *order) see(place, token uint64) (sending, error) {
	if place < o.head {
		if o.head-place > memory {
			return sending{}, fmt.Errorf("a session is more than %d messages behind the fastest one", memory)
		}
		s := &o.seen[place%memory]
		if s.token != token {
			return sending{}, fmt.Errorf("message %d of the room is %x for one session and %x for another", place, s.token, token)
		}
		return sending{at: s.sent, sender: s.sender}, nil
	}
	n, ok := numberOf(token)
	if !ok || o.next-n-1 >= memory {
		return sending{}, fmt.Errorf("message %d of the room, %x, was never sent", place, token)
	}
	from := o.sent[n%memory]
	if n < o.latest[from.sender] {
		return sending{}, fmt.Errorf("message %d of the room is number %d, though its sender's number %d came before", place, n, o.latest[from.sender]-1)
	}
	o.latest[from.sender] = n + 1
	o.seen[place%memory] = seeing{token: token, sent: from.at, sender: from.sender}
	o.head++
	return from, nil
}
