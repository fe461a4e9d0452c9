package load

import (
	"encoding/binary"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/frame"
)

func TestADeliveryHasTheSizeAskedFor(t *testing.T) {
	const before, after = `{"type":"chat","username":"u00000","text":"`, `","timestamp":1234567890123}`
	for _, size := range []int{100, 124, 127, 130, 1000, maxFrame} {
		n, err := textBytes(size, len(before)+len(after))
		if err != nil {
			t.Fatal(err)
		}
		delivery := frame.AppendFrame(nil, frame.Text, []byte(before+string(newText(n))+after))
		if len(delivery) != size {
			t.Errorf("a delivery of %d bytes, want %d", len(delivery), size)
		}
	}
	if _, err := textBytes(60, len(before)+len(after)); err == nil || !strings.Contains(err.Error(), "81 at least") {
		t.Errorf("a frame without room for a text: %v", err)
	}
}

func TestEachMessageCarriesItsNumber(t *testing.T) {
	said := newText(40)
	for n, want := range map[uint32]string{0: "00000000", 1: "00000001", 0xDEADBEEF: "deadbeef"} {
		if got := string(said.number(n)); !strings.HasPrefix(got, want+"all work") || len(got) != 40 {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestATokenIsReadAsTheNumberItWasMadeFrom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint32().Draw(t, "n")
		token := binary.LittleEndian.Uint64(newText(0).number(n))
		if got, ok := numberOf(token); !ok || got != n {
			t.Fatalf("%d came back as %d, %v", n, got, ok)
		}
	})
	if _, ok := numberOf(tokenOf(0) + 'x'); ok {
		t.Error("a token with a letter beyond f passed")
	}
}
