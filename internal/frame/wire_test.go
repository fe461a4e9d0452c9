package frame_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"

	"github.com/parley-chat/parley/internal/frame"
)

// roomy is for tests that are not about limits.
var roomy = frame.Limits{MessageBytes: 1 << 20, Fragments: 1 << 10}

var key = [4]byte{0x37, 0xfa, 0x21, 0x3d} // RFC 6455 §5.7's

// wireFrame spells one frame bit by bit. It shares no code with the package, and
// can say what the package never would.
type wireFrame struct {
	first   byte // FIN, RSV1 to 3, opcode
	payload []byte
	bare    bool // unmasked
	key     [4]byte
}

func (f wireFrame) bytes() []byte {
	var out []byte
	mask := byte(0x80)
	if f.bare {
		mask = 0
	}
	switch n := len(f.payload); {
	case n <= 125:
		out = []byte{f.first, mask | byte(n)}
	case n <= 65535:
		out = binary.BigEndian.AppendUint16([]byte{f.first, mask | 126}, uint16(n))
	default:
		out = binary.BigEndian.AppendUint64([]byte{f.first, mask | 127}, uint64(n))
	}
	if f.bare {
		return append(out, f.payload...)
	}
	out = append(out, f.key[:]...)
	for i, b := range f.payload {
		out = append(out, b^f.key[i%4])
	}
	return out
}

// fromClient is a masked frame.
func fromClient(first byte, payload string) []byte {
	return wireFrame{first: first, payload: []byte(payload), key: key}.bytes()
}

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

// deflated is s as a compressed message carries it.
func deflated(t failer, s []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(s); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte{0, 0, 0xff, 0xff})
}

// outcome is what a decoder made of a stream: its messages, and how it ended.
type outcome struct {
	messages []frame.Message
	fail     *frame.Error
	idle     bool
}

// decode gives stream to d in pieces that end at cuts, and copies what it says.
func decode(t failer, d frame.Decoder, stream []byte, cuts ...int) (out outcome) {
	t.Helper()
	start := 0
	for _, end := range append(cuts, len(stream)) {
		p := bytes.Clone(stream[start:end])
		start = end
		for len(p) > 0 {
			n, m, ok, err := d.Decode(p)
			if n > len(p) {
				t.Fatalf("took %d of %d bytes", n, len(p))
			}
			if err != nil {
				if !errors.As(err, &out.fail) {
					t.Fatalf("error is %T, want *frame.Error", err)
				}
				if _, _, _, again := d.Decode(p); again != err {
					t.Fatalf("after %v a later call says %v", err, again)
				}
				return out
			}
			if ok {
				out.messages = append(out.messages, frame.Message{Op: m.Op, Payload: bytes.Clone(m.Payload)})
			} else if n != len(p) {
				t.Fatalf("took %d of %d bytes without a message", n, len(p))
			}
			p = p[n:]
		}
	}
	out.idle = d.Idle()
	return out
}

// everyByte are the cuts that give a stream byte by byte.
func everyByte(stream []byte) (cuts []int) {
	for i := 1; i < len(stream); i++ {
		cuts = append(cuts, i)
	}
	return cuts
}

func sameOutcome(t failer, got, want outcome) {
	t.Helper()
	sameMessages(t, got.messages, want.messages)
	switch {
	case (got.fail == nil) != (want.fail == nil), got.fail != nil && *got.fail != *want.fail:
		t.Fatalf("ended with %v, want %v", got.fail, want.fail)
	case got.idle != want.idle:
		t.Fatalf("idle is %v, want %v", got.idle, want.idle)
	}
}

func sameMessages(t failer, got, want []frame.Message) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i].Op != want[i].Op || !bytes.Equal(got[i].Payload, want[i].Payload) {
			t.Fatalf("message %d is %v %.80q, want %v %.80q", i, got[i].Op, got[i].Payload, want[i].Op, want[i].Payload)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d messages, want %d", len(got), len(want))
	}
}
