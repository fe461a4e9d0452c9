package engine_test

import (
	"bytes"
	"io"
	"testing"

	"pgregory.net/rapid"
)

// Whatever a peer sends, and however it is cut, both transports answer with the same
// bytes, and end the connection behind the same one.
func TestTransportsAnswerAlike(t *testing.T) {
	var servers []target
	for _, transport := range transports {
		servers = append(servers, startEcho(t, transport))
	}
	rapid.Check(t, func(r *rapid.T) {
		asked := rapid.SampledFrom([]string{"", offer("")}).Draw(r, "extensions")
		writes := drawConversation(r)
		var first []byte
		for i, to := range servers {
			c := dial(t, to, asked)
			said := make(chan struct{})
			go func() { defer close(said); c.say(writes...) }() // while it is answered, since much waits for being read
			got, err := io.ReadAll(c.in)
			c.conn.Close()
			<-said
			switch {
			case err != nil:
				r.Fatalf("%s: behind % x: %v", transports[i], got, err)
			case i == 0:
				first = got
			case !bytes.Equal(got, first):
				r.Fatalf("%s answered % x\n%s answered % x", transports[0], first, transports[i], got)
			}
		}
	})
}

// drawConversation is frames, most of them good, and a close: each is whole, so there
// is an end. They go out in pieces.
func drawConversation(r *rapid.T) [][]byte {
	usual := rapid.SampledFrom([]sent{
		{op: opText}, {op: opText, more: true}, {op: opContinuation}, {op: opContinuation, more: true},
		{op: opBinary}, {op: opBinary, rsv: 4}, {op: opPing}, {op: opPong},
	})
	anything := rapid.Custom(func(r *rapid.T) sent {
		return sent{op: rapid.Byte().Draw(r, "op") & 0x0F, rsv: rapid.Byte().Draw(r, "rsv") & 7, more: rapid.Bool().Draw(r, "more")}
	})
	payload := rapid.OneOf(rapid.String(), octets(130), rapid.Map(rapid.IntRange(0, 200<<10), func(n int) string { return repeated("BAsd7&jh23", n) }))
	var frames []sent
	for range rapid.IntRange(0, 12).Draw(r, "frames") {
		f := usual.Draw(r, "usual")
		if rapid.IntRange(0, 9).Draw(r, "odd") == 0 {
			f = anything.Draw(r, "anything")
		}
		f.payload = payload.Draw(r, "payload")
		frames = append(frames, f)
	}
	stream := together(append(frames, closing(1000, "bye"))...)[0]
	var writes [][]byte
	for len(stream) > 0 {
		n := rapid.IntRange(1, len(stream)).Draw(r, "write")
		writes, stream = append(writes, stream[:n]), stream[n:]
	}
	return writes
}

func octets(most int) *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, most), func(b []byte) string { return string(b) })
}
