package frame_test

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/frame"
)

func TestFramesAreEncodedAsTheRFCShows(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{string(frame.AppendFrame(nil, frame.Text, []byte("Hello"))), "\x81\x05Hello"},
		{string(frame.AppendFrame([]byte("before"), frame.Ping, nil)), "before\x89\x00"},
		{string(frame.AppendMaskedFrame(nil, frame.Text, []byte("Hello"), key)), "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"},
		{string(frame.AppendFrame(nil, frame.Binary, make([]byte, 256))), "\x82\x7e\x01\x00" + strings.Repeat("\x00", 256)},
		{string(frame.AppendFrame(nil, frame.Binary, make([]byte, 65536))), "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("\x00", 65536)},
	} {
		if c.got != c.want {
			t.Errorf("got % .40x, want % .40x", c.got, c.want)
		}
	}
}

func TestEveryLengthTakesTheFewestBytes(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 127, 128, 65535, 65536, 70000} {
		payload := bytes.Repeat([]byte{'a'}, n)
		want := wireFrame{first: 0x82, payload: payload, key: key}.bytes()
		if got := frame.AppendMaskedFrame(nil, frame.Binary, payload, key); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got % .20x, want % .20x", n, got, want)
		}
		want = wireFrame{first: 0x82, payload: payload, bare: true}.bytes()
		if got := frame.AppendFrame(nil, frame.Binary, payload); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got % .20x, want % .20x", n, got, want)
		}
	}
}

func TestDeflateIsUsedOnlyWhereItPays(t *testing.T) {
	noise := make([]byte, 100_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	before := []byte("before")
	for _, payload := range [][]byte{nil, []byte("{}"), chatEvents(1), chatEvents(2), chatEvents(50), chatEvents(5000), noise[:100], noise[:300], noise} {
		plain := frame.AppendFrame(bytes.Clone(before), frame.Text, payload)
		got := frame.AppendDeflatedFrame(bytes.Clone(before), frame.Text, payload)
		if !bytes.HasPrefix(got, before) {
			t.Fatalf("%d bytes: what stood there before is gone", len(payload))
		}
		if got[len(before)]&0x40 == 0 {
			if !bytes.Equal(got, plain) {
				t.Errorf("%d bytes: neither compressed nor as AppendFrame gives it", len(payload))
			}
			continue
		}
		if len(got) >= len(plain) {
			t.Errorf("%d bytes: the compressed frame has %d bytes, the plain one %d", len(payload), len(got), len(plain))
		}
		limits := frame.Limits{MessageBytes: 1 << 20, Fragments: 1}
		out := decode(t, frame.NewDecoder(frame.Client, true, limits), bytes.Clone(got[len(before):]))
		sameOutcome(t, out, outcome{messages: []frame.Message{{Op: frame.Text, Payload: payload}}, idle: true})
	}
	if got := frame.AppendDeflatedFrame(nil, frame.Text, chatEvents(50)); len(got) > len(chatEvents(50))/4 {
		t.Errorf("50 events of %d bytes became %d", len(chatEvents(50)), len(got))
	}
}

// Package flate itself says what the bytes mean: the trimmed flush is put back.
func TestADeflatedFrameIsAFlushWithoutItsEnd(t *testing.T) {
	payload := chatEvents(3)
	got := frame.AppendDeflatedFrame(nil, frame.Binary, payload)
	if got[0] != 0xc2 || got[1] != 126 {
		t.Fatalf("the header is % x", got[:4])
	}
	r := flate.NewReader(io.MultiReader(bytes.NewReader(got[4:]), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")))
	if inflated, err := io.ReadAll(r); !bytes.Equal(inflated, payload) || err != nil {
		t.Errorf("got %q, %v", inflated, err)
	}
}

// chatEvents is n events of a room, one after the other, each with other words.
func chatEvents(n int) []byte {
	words := strings.Fields("the log is what every reader pulls from and a cursor says how far one has come ada wrote that grace read it linus joined late")
	rnd := rand.New(rand.NewPCG(1, 2))
	var out strings.Builder
	for i := range n {
		out.WriteString(`{"type":"chat","username":"` + []string{"ada", "grace", "linus"}[rnd.IntN(3)] + `","text":"`)
		for range 8 {
			out.WriteString(words[rnd.IntN(len(words))] + " ")
		}
		out.WriteString(`","timestamp":17690` + string(rune('0'+i%10)) + `4461123}`)
	}
	return []byte(out.String())
}
