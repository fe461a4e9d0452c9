package engine_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
)

const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// sent is a frame of the client's, which need not be a good one.
type sent struct {
	op      byte
	payload string
	more    bool // FIN is 0
	rsv     byte // RSV1 is 4, RSV2 is 2, RSV3 is 1
}

// bytes is the frame as it goes out, masked.
func (f sent) bytes() []byte {
	first := f.op | f.rsv<<4
	if !f.more {
		first |= 0x80
	}
	const masked = 0x80
	b := make([]byte, 0, len(f.payload)+14)
	switch n := len(f.payload); {
	case n < 126:
		b = append(b, first, masked|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, first, masked|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, first, masked|127), uint64(n))
	}
	var key [4]byte
	binary.NativeEndian.PutUint32(key[:], rand.Uint32())
	b = append(b, key[:]...)
	head := len(b)
	b = append(b, f.payload...)
	for i := range b[head:] {
		b[head+i] ^= key[i&3]
	}
	return b
}

// closing is a close frame.
func closing(code int, reason string) sent {
	return sent{op: opClose, payload: string([]byte{byte(code >> 8), byte(code)}) + reason}
}

// together is frames that go out in one write.
func together(frames ...sent) [][]byte { return [][]byte{slices.Concat(apart(frames...)...)} }

// apart is frames that go out in one write each.
func apart(frames ...sent) [][]byte {
	var writes [][]byte
	for _, f := range frames {
		writes = append(writes, f.bytes())
	}
	return writes
}

// chopped is frames that go out in writes of n octets.
func chopped(n int, frames ...sent) [][]byte {
	return slices.Collect(slices.Chunk(together(frames...)[0], n))
}

// fragments is a message in frames of size octets; first says what it is.
func fragments(first sent, size int) []sent {
	var frames []sent
	for rest := first.payload; ; {
		f := sent{op: first.op, rsv: first.rsv, payload: rest[:min(size, len(rest))]}
		rest = rest[len(f.payload):]
		f.more = rest != ""
		frames = append(frames, f)
		if !f.more {
			return frames
		}
		first.op, first.rsv = opContinuation, 0
	}
}

// says is the client's part in a case that goes well: the writes, all that is to be
// heard, and a close with 1000.
func says(writes [][]byte, heard ...message) func(c *client) {
	return func(c *client) {
		c.t.Helper()
		c.say(writes...)
		c.hear(heard...)
		c.close()
	}
}

// echoed is a case whose one message comes back.
func echoed(writes [][]byte, op byte, payload string) func(c *client) {
	return says(writes, message{op: op, payload: payload})
}

// fails is the client's part in a case where the server has to fail the connection,
// with code, behind what is to be heard.
func fails(code int, writes [][]byte, heard ...message) func(c *client) {
	return func(c *client) {
		c.t.Helper()
		c.say(writes...)
		c.hear(heard...)
		c.ends(code)
	}
}
