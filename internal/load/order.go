package load

import "fmt"

// order holds what was sent, in all rooms, until somebody has seen it.
type order struct {
	sent   []sending // by message number, modulo its length, a power of two
	next   uint32    // the number of the next message
	unseen int       // messages that nobody has seen yet
	said   []uint32  // by sender: its latest message, plus 1
	heard  []uint32  // by sender: its latest message that was seen, plus 1
}

type sending struct {
	at     int64
	place  uint64 // in its room's talk, once it was seen
	talk   *talk
	before uint32 // its sender's message before it, plus 1
	sender int32
	seen   bool
}

// talk is what a room made of what was sent: the order in which the fastest
// session saw the messages, which all others must repeat.
type talk struct {
	memory  int      // how many messages may lie between the fastest and the slowest session; a power of two
	seen    []seeing // by place in the room's order, modulo memory; nil before the first
	head    uint64   // how many messages any session has seen
	hearers int32    // sessions that a message should reach
}

type seeing struct {
	token  uint64
	at     int64 // when it was due
	sender int32
	left   int32 // sessions that have yet to see it
}

// How many messages may be under way before a server counts as being behind.
const underWay = 1 << 17

func newOrder(senders int) *order {
	return &order{sent: make([]sending, underWay), said: make([]uint32, senders), heard: make([]uint32, senders)}
}

// send records that sender says its next message, due at the time given, and
// returns the message's number.
func (o *order) send(t *talk, sender int32, at int64) (uint32, error) {
	if o.unseen == len(o.sent) {
		return 0, fmt.Errorf("%w: %d messages were seen by nobody yet", ErrBehind, o.unseen)
	}
	n := o.next
	o.next++
	o.unseen++
	o.sent[n&uint32(len(o.sent)-1)] = sending{at: at, talk: t, sender: sender, before: o.said[sender]}
	o.said[sender] = n + 1
	return n, nil
}

// see records that a session has seen token as its message at place. The result
// is valid until the next call.
func (o *order) see(t *talk, place, token uint64) (*seeing, error) {
	if place >= t.head {
		return o.first(t, place, token)
	}
	if t.head-place > uint64(t.memory) {
		return nil, fmt.Errorf("%w: a session is more than %d messages behind the fastest one", ErrBehind, t.memory)
	}
	s := &t.seen[place&uint64(t.memory-1)]
	if s.token != token {
		return nil, fmt.Errorf("%w: message %d of the room is %s for one session and %s for another",
			ErrBroken, place, spelt(s.token), spelt(token))
	}
	return s, nil
}

// first is see for the first session that comes to a place.
func (o *order) first(t *talk, place, token uint64) (*seeing, error) {
	from, n, err := o.find(t, token)
	if err != nil {
		return nil, err
	}
	switch heard := o.heard[from.sender]; {
	case from.seen || n < heard:
		return nil, fmt.Errorf("%w: message %d of the room is number %d, though its sender's number %d came before",
			ErrBroken, place, n, heard-1)
	case from.before != heard:
		return nil, fmt.Errorf("%w: message %d of the room is number %d, though its sender's number %d has not come yet",
			ErrBroken, place, n, from.before-1)
	}
	if t.seen == nil {
		t.seen = make([]seeing, t.memory)
	}
	o.heard[from.sender] = n + 1
	o.unseen--
	from.seen, from.place = true, place
	t.head++
	s := &t.seen[place&uint64(t.memory-1)]
	*s = seeing{token: token, at: from.at, sender: from.sender, left: t.hearers}
	return s, nil
}

// place is where a session goes on that came back without a cursor, and saw token
// first. That can't be said until another session has seen it: there may be others
// before it that nobody has seen yet.
func (o *order) place(t *talk, token uint64) (place uint64, seen bool, err error) {
	from, _, err := o.find(t, token)
	if err != nil {
		return 0, false, err
	}
	return from.place, from.seen, nil
}

func (o *order) find(t *talk, token uint64) (*sending, uint32, error) {
	n, ok := numberOf(token)
	if !ok || o.next-n-1 >= uint32(len(o.sent)) {
		return nil, 0, fmt.Errorf("%w: a message of the room, %s, was never sent", ErrBroken, spelt(token))
	}
	from := &o.sent[n&uint32(len(o.sent)-1)]
	if from.talk != t {
		return nil, 0, fmt.Errorf("%w: message %d was said in another room", ErrBroken, n)
	}
	return from, n, nil
}
