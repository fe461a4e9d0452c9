package frame

import (
	"math"
	"unicode/utf8"
)

// Decoder turns the bytes that one peer sends into messages. It is a small
// value, for one goroutine at a time.
type Decoder struct {
	role         Role
	deflate      bool
	maxFragments int32 // these two are Limits, in less room
	maxBytes     int
	open         *unfinished // nil when idle
}

// unfinished is what has arrived of a header, frame or message whose rest hasn't.
type unfinished struct {
	failed *Error // the first broken rule; nothing follows it

	head    [maxHeader]byte // the first headLen bytes of a header that is cut
	headLen int

	inFrame bool
	frame   header // while inFrame: the frame whose payload is arriving,
	got     int    // and how much of that has
	control []byte // its payload, if it is a control frame

	op         Opcode // of the data message; 0 while there is none
	compressed bool
	fragments  int
	payload    []byte // of the data message so far
	valid      int    // how much of payload was found to be whole UTF-8 characters
}

// NewDecoder returns a decoder for what reaches role; deflate says whether
// permessage-deflate was negotiated.
func NewDecoder(role Role, deflate bool, limits Limits) Decoder {
	fragments := int32(min(limits.Fragments, math.MaxInt32))
	return Decoder{role: role, deflate: deflate, maxFragments: fragments, maxBytes: limits.MessageBytes}
}

// Idle reports whether nothing has begun: no part of a frame, and no message
// whose last fragment is yet to come.
func (d *Decoder) Idle() bool { return d.open == nil || d.open.failed != nil }

// Decode takes the next n bytes from p. If ok, m is a whole message, and the rest
// of p is for the next call; if neither ok nor err, n is len(p). err is an *Error,
// and every later call returns it again. Decode may change p, and m.Payload may
// lie in it: it is valid until the next call and while p is.
func (d *Decoder) Decode(p []byte) (n int, m Message, ok bool, err error) {
	if d.open != nil && d.open.failed != nil {
		return 0, Message{}, false, d.open.failed
	}
	for n < len(p) {
		used, m, ok, fail := d.step(p[n:])
		n += used
		switch {
		case fail != nil:
			d.open = &unfinished{failed: fail}
			return n, Message{}, false, fail
		case ok:
			return n, m, true, nil
		}
	}
	return n, Message{}, false, nil
}

// step takes one frame, or as much of it as p has.
func (d *Decoder) step(p []byte) (n int, m Message, ok bool, fail *Error) {
	if d.open != nil && d.open.inFrame {
		return d.more(p)
	}
	h, n, whole, fail := d.nextHeader(p)
	if fail != nil || !whole {
		return n, m, false, fail
	}
	single := h.op.control() || h.fin && h.op != Continuation
	if body := p[n:]; single && len(body) >= h.length {
		d.settle()
		body = body[:h.length:h.length]
		if h.masked {
			mask(body, h.key, 0)
		}
		if h.op.control() {
			return n + h.length, Message{h.op, body}, true, nil
		}
		m, fail = d.finish(h.op, h.compressed, body, 0)
		return n + h.length, m, fail == nil, fail
	}
	d.begin(h)
	used, m, ok, fail := d.more(p[n:])
	return n + used, m, ok, fail
}

// nextHeader takes a header from p, after what open holds of it. If p ends
// before the header does, it goes to open and whole is false.
func (d *Decoder) nextHeader(p []byte) (h header, n int, whole bool, fail *Error) {
	if d.open == nil || d.open.headLen == 0 {
		h, n, fail = d.parseHeader(p)
		if fail != nil || n <= len(p) {
			return h, min(n, len(p)), true, fail // the first byte alone may break a rule
		}
		u := d.unfinished()
		u.headLen = copy(u.head[:], p)
		return h, len(p), false, nil
	}
	u := d.open
	for {
		h, size, fail := d.parseHeader(u.head[:u.headLen])
		if fail != nil {
			return h, n, true, fail
		}
		if u.headLen == size {
			u.headLen = 0
			return h, n, true, nil
		}
		if n == len(p) {
			return h, n, false, nil
		}
		c := copy(u.head[u.headLen:size], p[n:])
		u.headLen += c
		n += c
	}
}

// begin starts a frame whose payload is to be collected.
func (d *Decoder) begin(h header) {
	u := d.unfinished()
	u.inFrame, u.frame, u.got = true, h, 0
	if h.op.control() {
		return
	}
	if h.op != Continuation {
		u.op, u.compressed = h.op, h.compressed
	}
	u.fragments++
}

// more takes what p has of the payload of the frame that has begun.
func (d *Decoder) more(p []byte) (n int, m Message, ok bool, fail *Error) {
	u := d.open
	n = min(len(p), u.frame.length-u.got)
	p = p[:n]
	if u.frame.masked {
		mask(p, u.frame.key, u.got)
	}
	u.got += n
	if u.frame.op.control() {
		u.control = append(u.control, p...)
	} else {
		u.payload = append(u.payload, p...)
		if u.op == Text && !u.compressed { // RFC 6455 §8.1; at once, not at the message's end
			whole, ok := wholeRunes(u.payload[u.valid:])
			if !ok {
				return n, m, false, errUTF8
			}
			u.valid += whole
		}
	}
	if u.got < u.frame.length {
		return n, m, false, nil
	}

	u.inFrame = false
	switch {
	case u.frame.op.control():
		m = Message{u.frame.op, u.control}
		u.control = nil
		d.settle()
		return n, m, true, nil
	case u.frame.fin:
		d.open = nil
		m, fail = d.finish(u.op, u.compressed, u.payload, u.valid)
		return n, m, fail == nil, fail
	}
	return n, m, false, nil
}

// finish makes a message of a whole payload, of which valid bytes are already
// known to be UTF-8.
func (d *Decoder) finish(op Opcode, compressed bool, payload []byte, valid int) (m Message, fail *Error) {
	if compressed {
		if payload, fail = inflate(payload, d.maxBytes); fail != nil {
			return m, fail
		}
	}
	if op == Text && !utf8.Valid(payload[valid:]) {
		return m, errUTF8
	}
	return Message{op, payload}, nil
}

func (d *Decoder) unfinished() *unfinished {
	if d.open == nil {
		d.open = new(unfinished)
	}
	return d.open
}

// settle drops open if nothing is unfinished any more.
func (d *Decoder) settle() {
	if d.open != nil && d.open.op == 0 {
		d.open = nil
	}
}

// wholeRunes returns how much of p, from its start, is whole characters, leaving
// out a last one that may still go on; !ok means that p can't become valid UTF-8.
func wholeRunes(p []byte) (n int, ok bool) {
	n = len(p)
	for i := n - 1; i >= 0 && i > n-utf8.UTFMax; i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				n = i
			}
			break
		}
	}
	return n, utf8.Valid(p[:n])
}
