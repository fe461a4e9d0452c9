package frame

import (
	"bytes"
	"testing"
)

func TestMaskingIsByteByByteAtAnyOffset(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for n := range 100 {
		for from := range 9 {
			got, want := make([]byte, n), make([]byte, n)
			for i := range got {
				got[i] = byte(i * 7)
				want[i] = got[i] ^ key[(from+i)%4] // RFC 6455 §5.3
			}
			if mask(got, key, from); !bytes.Equal(got, want) {
				t.Fatalf("%d bytes from offset %d: got % x, want % x", n, from, got, want)
			}
		}
	}
}

func BenchmarkMask(b *testing.B) {
	p := make([]byte, 64<<10)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		mask(p, [4]byte{1, 2, 3, 4}, 1)
	}
}
