package load

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestADeliveryHasTheSizeAskedFor(t *testing.T) {
	for _, frame := range []int{minFrame, 124, 127, 130, 1000, maxFrame} {
		sent := newDraft(textBytes(frame)).number(7)
		_, command, _, err := next(unmask(sent))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSuffix(strings.TrimPrefix(string(command), sendPrefix), sendSuffix)
		delivery := unmask(masked(opText, []byte(chatPrefix+text+chatSuffix)))
		if len(delivery) != frame {
			t.Errorf("a delivery of %d bytes, want %d", len(delivery), frame)
		}
	}
}

func TestEachMessageCarriesItsNumber(t *testing.T) {
	d := newDraft(textBytes(124))
	for _, n := range []uint32{0, 1, 0xDEADBEEF} {
		_, command, _, err := next(unmask(d.number(n)))
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf(`{"type":"chat","text":"%08x`, n); !strings.HasPrefix(string(command), want) {
			t.Errorf("command %s, want %s…", command, want)
		}
	}
}

func TestATokenIsReadAsTheNumberItWasMadeFrom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint32().Draw(t, "n")
		if got, ok := numberOf(tokenOf(n)); !ok || got != n {
			t.Fatalf("%d came back as %d, %v", n, got, ok)
		}
	})
	if _, ok := numberOf(tokenOf(0) + 'x'); ok {
		t.Error("a token with a letter beyond f passed")
	}
}
