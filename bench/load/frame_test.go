package load

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// unmask turns a client's frame into the server's with the same payload.
func unmask(frame []byte) []byte {
	head := 2
	if frame[1]&0x7F == 126 {
		head = 4
	}
	out := append([]byte(nil), frame[:head]...)
	out[1] &= 0x7F
	for i, c := range frame[head+4:] {
		out = append(out, c^frame[head+i&3])
	}
	return out
}

func TestFramesAreTheSameHoweverTheirBytesAreCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payloads := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 1, 8).Draw(t, "payloads")
		var stream []byte
		for _, p := range payloads {
			stream = append(stream, unmask(masked(opText, p))...)
		}
		var rest []byte
		var got [][]byte
		for len(stream) > 0 {
			n := rapid.IntRange(1, len(stream)).Draw(t, "cut")
			rest = append(rest, stream[:n]...)
			stream = stream[n:]
			for {
				opcode, payload, size, err := next(rest)
				if err != nil {
					t.Fatal(err)
				}
				if size == 0 {
					break
				}
				if opcode != opText {
					t.Fatalf("opcode %d, want %d", opcode, opText)
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
	frame := append([]byte{0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}, make([]byte, 1<<16)...)
	if _, _, size, err := next(frame[:len(frame)-1]); size != 0 || err != nil {
		t.Errorf("a frame short of a byte: size %d, %v", size, err)
	}
	if _, payload, size, err := next(frame); size != len(frame) || len(payload) != 1<<16 || err != nil {
		t.Errorf("size %d, payload %d, %v", size, len(payload), err)
	}
}

func TestFramesThatNoServerHereSendsAreRefused(t *testing.T) {
	for name, frame := range map[string][]byte{
		"fragmented": {0x01, 0},
		"compressed": {0xC1, 0},
		"masked":     {0x81, 0x80},
	} {
		if _, _, _, err := next(frame); err == nil {
			t.Errorf("a %s frame passed", name)
		}
	}
}
