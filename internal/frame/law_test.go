package frame_test

import (
	"bytes"
	"compress/flate"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/frame"
)

// exchange is a stream as one side may send it, and what it says.
type exchange struct {
	role   frame.Role // who reads it
	stream []byte
	want   []frame.Message
}

// exchanges draws any messages in any fragments, compressed or not, with any
// control frames between them.
func exchanges(t *rapid.T) (x exchange) {
	x.role = rapid.SampledFrom([]frame.Role{frame.Server, frame.Client}).Draw(t, "role")
	send := func(first byte, payload []byte) {
		f := wireFrame{first: first, payload: payload, bare: x.role == frame.Client}
		copy(f.key[:], rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "key"))
		x.stream = append(x.stream, f.bytes()...)
	}
	sayControl := func() {
		for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "control frames") {
			op := rapid.SampledFrom([]frame.Opcode{frame.Ping, frame.Pong, frame.Close}).Draw(t, "control")
			payload := rapid.SliceOfN(rapid.Byte(), 0, 125).Draw(t, "control payload")
			send(0x80|byte(op), payload)
			x.want = append(x.want, frame.Message{Op: op, Payload: payload})
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "messages") {
		m := frame.Message{Op: rapid.SampledFrom([]frame.Opcode{frame.Text, frame.Binary}).Draw(t, "op")}
		if m.Op == frame.Text {
			m.Payload = []byte(rapid.String().Draw(t, "text"))
		} else {
			m.Payload = rapid.SliceOf(rapid.Byte()).Draw(t, "binary")
		}
		m.Payload = bytes.Repeat(m.Payload, rapid.SampledFrom([]int{1, 1, 20, 3000}).Draw(t, "times"))
		first, payload := byte(m.Op), m.Payload
		if rapid.Bool().Draw(t, "compressed") {
			level := rapid.IntRange(flate.HuffmanOnly, flate.BestCompression).Draw(t, "level")
			first, payload = first|0x40, deflated(t, payload, level)
		}
		from := 0
		cuts := cutsOf(t, "fragment ends", len(payload), 4)
		for _, end := range cuts {
			send(first, payload[from:end])
			first, from = byte(frame.Continuation), end
			sayControl()
		}
		send(0x80|first, payload[from:])
		x.want = append(x.want, m)
		sayControl()
	}
	return x
}

// cutsOf draws up to most places in n bytes, in order.
func cutsOf(t *rapid.T, label string, n, most int) []int {
	cuts := rapid.SliceOfN(rapid.IntRange(0, n), 0, most).Draw(t, label)
	slices.Sort(cuts)
	return cuts
}

func TestMessagesArriveHoweverTheyAreFragmentedAndCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := exchanges(t)
		d := frame.NewDecoder(x.role, true, roomy)
		want := outcome{messages: x.want, idle: true}
		sameOutcome(t, decode(t, d, x.stream), want)
		sameOutcome(t, decode(t, d, x.stream, cutsOf(t, "cuts", len(x.stream), 20)...), want)
		if len(x.stream) < 2000 {
			sameOutcome(t, decode(t, d, x.stream, everyByte(x.stream)...), want)
		}
	})
}

func TestWhatIsEncodedIsDecoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.SampledFrom([]frame.Opcode{frame.Text, frame.Binary}).Draw(t, "op")
		payload := []byte(rapid.String().Draw(t, "payload"))
		payload = bytes.Repeat(payload, rapid.SampledFrom([]int{1, 5, 500}).Draw(t, "times"))
		mask := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "key"))
		want := outcome{messages: []frame.Message{{Op: op, Payload: payload}}, idle: true}

		sameOutcome(t, decode(t, frame.NewDecoder(frame.Client, false, roomy), frame.AppendFrame(nil, op, payload)), want)
		sameOutcome(t, decode(t, frame.NewDecoder(frame.Client, true, roomy), frame.AppendDeflatedFrame(nil, op, payload)), want)
		masked := frame.AppendMaskedFrame(nil, op, payload, mask)
		sameOutcome(t, decode(t, frame.NewDecoder(frame.Server, false, roomy), masked), want)
		sameOutcome(t, decode(t, frame.NewDecoder(frame.Server, false, roomy), masked, cutsOf(t, "cuts", len(masked), 9)...), want)
	})
}

// A good stream is damaged somewhere: whatever becomes of it, it is the same for
// every way to cut it. The limits are low, so that they are met as well.
func TestDamageEndsTheSameWayHoweverTheStreamIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := exchanges(t)
		if len(x.stream) == 0 {
			t.Skip("nothing to damage")
		}
		for range rapid.IntRange(0, 3).Draw(t, "damages") {
			x.stream[rapid.IntRange(0, len(x.stream)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		d := frame.NewDecoder(x.role, rapid.Bool().Draw(t, "deflate"), frame.Limits{
			MessageBytes: rapid.IntRange(1, 2000).Draw(t, "message bytes"),
			Fragments:    rapid.IntRange(1, 4).Draw(t, "fragments"),
		})
		whole := decode(t, d, x.stream)
		sameOutcome(t, decode(t, d, x.stream, cutsOf(t, "cuts", len(x.stream), 20)...), whole)
		if len(x.stream) < 2000 {
			sameOutcome(t, decode(t, d, x.stream, everyByte(x.stream)...), whole)
		}
	})
}
