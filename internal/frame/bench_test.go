package frame_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/frame"
)

// The copy into the buffer stands for the read that would fill it.
func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		name   string
		frames []byte
		cut    int // how many bytes a call gets; 0 for all
	}{
		{"whole 67-byte frame", fromClient(0x81, strings.Repeat("a", 67)), 0},
		{"whole 4096-byte frame", fromClient(0x81, strings.Repeat("a", 4096)), 0},
		{"67-byte frame cut in its header", fromClient(0x81, strings.Repeat("a", 67)), 3},
		{"67-byte frame cut in its payload", fromClient(0x81, strings.Repeat("a", 67)), 40},
		{"compressed 2 kB", wireFrame{first: 0xc1, payload: deflated(b, chatEvents(16), 1), key: key}.bytes(), 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := frame.NewDecoder(frame.Server, true, roomy)
			p := make([]byte, len(c.frames))
			b.SetBytes(int64(len(p)))
			b.ReportAllocs()
			for b.Loop() {
				copy(p, c.frames)
				decodeAll(b, &d, p[:c.cut])
				decodeAll(b, &d, p[c.cut:])
			}
		})
	}
}

// saved is how much of the plain frame deflate spares the wire, in percent.
func BenchmarkDeflate(b *testing.B) {
	for _, size := range []int{96, 128, 160, 192, 256, 512, 2048, 16384} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			payload := chatEvents(200)[:size]
			dst := make([]byte, 0, 2*size+64)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			var n int
			for b.Loop() {
				n = len(frame.AppendDeflatedFrame(dst, frame.Text, payload))
			}
			b.ReportMetric(100-100*float64(n)/float64(len(frame.AppendFrame(nil, frame.Text, payload))), "%saved")
		})
	}
}
