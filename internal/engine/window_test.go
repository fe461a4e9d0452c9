package engine

import (
	"fmt"
	"strings"
	"testing"
)

// Frames are compressed once for all, and look back as far as they like.
func TestWhoHasASmallWindowIsSentNothingCompressed(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on)
		deflates := func(window int) func(*Opening) {
			return func(o *Opening) { o.Deflate, o.Window = true, window }
		}
		text := strings.Repeat("hello ", 300)
		for window, compressed := range map[int]bool{8: false, 14: false, 15: true, 0: true} {
			ada := tcp(t, e, deflates(window))
			ada.send(fmt.Sprintf(`{"type":"join","username":"ada","room":"%d"}`, window)) // alone
			ada.next()
			before := ada.received
			ada.send(`{"type":"chat","text":"` + text + `"}`)
			if got := ada.next(); !strings.Contains(got, text) {
				t.Errorf("a window of %d: got %s", window, got)
			}
			if bytes := ada.received - before; (bytes < len(text)) != compressed {
				t.Errorf("a window of %d: a text of %d bytes came in %d; compressed is to be %v", window, len(text), bytes, compressed)
			}
		}
	})
}
