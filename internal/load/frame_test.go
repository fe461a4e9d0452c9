package load

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/frame"
)

func TestFramesAreTheSameHoweverTheirBytesAreCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payloads := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 1, 8).Draw(t, "payloads")
		var stream []byte
		for _, p := range payloads {
			stream = frame.AppendFrame(stream, frame.Text, p)
		}
		var rest []byte
		var got [][]byte
		for len(stream) > 0 {
			n := rapid.IntRange(1, len(stream)).Draw(t, "cut")
			rest = append(rest, stream[:n]...)
			stream = stream[n:]
			for {
				op, payload, size, err := next(rest)
				if err != nil {
					t.Fatal(err)
				}
				if size == 0 {
					break
				}
				if op != frame.Text {
					t.Fatalf("opcode %d, want %d", op, frame.Text)
				}
				got = append(got, bytes.Clone(payload))
				rest = rest[size:]
			}
		}
		if len(rest) > 0 || len(got) != len(payloads) {
			t.Fatalf("%d frames and %d bytes left, want %d frames and none", len(got), len(rest), len(payloads))
		}
		for i := range got {
			if !bytes.Equal(got[i], payloads[i]) {
				t.Fatalf("frame %d is %q, want %q", i, got[i], payloads[i])
			}
		}
	})
}

func TestALongFrameIsFoundByItsEightByteLength(t *testing.T) {
	long := frame.AppendFrame(nil, frame.Text, make([]byte, 1<<16))
	if _, _, size, err := next(long[:len(long)-1]); size != 0 || err != nil {
		t.Errorf("a frame short of a byte: size %d, %v", size, err)
	}
	if _, payload, size, err := next(long); size != len(long) || len(payload) != 1<<16 || err != nil {
		t.Errorf("size %d, payload %d, %v", size, len(payload), err)
	}
}

func TestFramesThatNoServerHereSendsAreRefused(t *testing.T) {
	for name, b := range map[string][]byte{
		"fragmented": {0x01, 0},
		"compressed": {0xC1, 0},
		"masked":     {0x81, 0x80},
	} {
		if _, _, _, err := next(b); !errors.Is(err, ErrBroken) {
			t.Errorf("a %s frame: %v", name, err)
		}
	}
}
