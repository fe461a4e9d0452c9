package engine_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// deflate is permessage-deflate on the client's side (RFC 7692), as it was agreed:
// without context takeover, so each message is compressed by itself.
type deflate struct {
	window int // in bits: how far the server's messages may look back
	packer *flate.Writer
	packed bytes.Buffer
	opener io.ReadCloser // also a flate.Resetter
}

// agreed holds the server's answer to what was offered (§7.1). Without an offer, there
// is to be none.
func agreed(t *testing.T, offer string, answers []string) *deflate {
	t.Helper()
	if offer == "" || len(answers) != 1 {
		if offer != "" || len(answers) > 0 {
			t.Fatalf("to %q the server answered %q", offer, answers)
		}
		return nil
	}
	d := &deflate{window: 15, opener: flate.NewReader(nil)}
	d.packer, _ = flate.NewWriter(&d.packed, flate.BestSpeed) // the time of a full run is its
	parts := strings.Split(answers[0], "; ")
	for i, part := range parts[1:] {
		name, value, _ := strings.Cut(part, "=")
		offered := strings.Contains(offer, part)
		switch {
		case slices.Contains(parts[:i+1], part):
			t.Fatalf("%s stands twice in %q", part, answers[0])
		case name == "server_max_window_bits" && offered:
			d.window, _ = strconv.Atoi(value)
		case part == "server_no_context_takeover": // may be said unasked (§7.1.1.1)
		case part == "client_no_context_takeover" && offered:
		default:
			t.Fatalf("%s was not offered by %q", part, offer)
		}
	}
	if parts[0] != "permessage-deflate" || !slices.Contains(parts, "server_no_context_takeover") || !slices.Contains(parts, "client_no_context_takeover") {
		t.Fatalf("answered %q: the rest of this client needs messages that stand alone", answers[0])
	}
	return d
}

// pack is a payload as it is sent, §7.2.1.
func (d *deflate) pack(payload string) string {
	d.packed.Reset()
	d.packer.Reset(&d.packed)
	_, _ = io.WriteString(d.packer, payload) // to memory
	_ = d.packer.Flush()
	return strings.TrimSuffix(d.packed.String(), "\x00\x00\xff\xff")
}

// unpack is a payload as it was meant, §7.2.2.
func (d *deflate) unpack(t *testing.T, payload string) string {
	t.Helper()
	if d.window < 15 {
		t.Fatalf("a compressed message, to a client whose window has %d bits", d.window)
	}
	stream := io.MultiReader(strings.NewReader(payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))
	_ = d.opener.(flate.Resetter).Reset(stream, nil) // always nil
	out, err := io.ReadAll(d.opener)
	if err != nil {
		t.Fatalf("a compressed message of %d bytes: %v", len(payload), err)
	}
	return string(out)
}

// volume is a kind of message that 12 and 13 send 1,000 of: so many characters, each
// in frames of so many octets, 0 for one.
type volume struct{ length, fragment int }

var volumes = []volume{
	{16, 0}, {64, 0}, {256, 0}, {1 << 10, 0}, {4 << 10, 0}, {8 << 10, 0}, {16 << 10, 0}, {32 << 10, 0}, {64 << 10, 0}, {128 << 10, 0},
	{8 << 10, 256}, {16 << 10, 256}, {32 << 10, 256}, {64 << 10, 256}, {128 << 10, 256},
	{128 << 10, 1 << 10}, {128 << 10, 4 << 10}, {128 << 10, 32 << 10},
}

// compressionCases are 12: five kinds of data, with the suite's usual offer.
func compressionCases() []autobahnCase {
	var cases []autobahnCase
	for i, data := range samples {
		cases = append(cases, compressed(fmt.Sprintf("12.%d", i+1), offer(""), data)...)
	}
	return cases
}

// parameterCases are 13: seven offers, with one kind of data. The last three are one
// handshake: the best that the server can meet is to be chosen.
func parameterCases() []autobahnCase {
	const alone, narrow, wide = "; server_no_context_takeover", "; server_max_window_bits=8", "; server_max_window_bits=15"
	var cases []autobahnCase
	for i, o := range []string{
		offer(""), offer(alone), offer(narrow), offer(wide), offer(alone + narrow), offer(alone + wide),
		strings.Join([]string{offer(alone + narrow), offer(alone), offer("")}, ", "),
	} {
		cases = append(cases, compressed(fmt.Sprintf("13.%d", i+1), o, samples[0])...)
	}
	return cases
}

// offer is what the suite's client offers, and what more it asks for.
func offer(more string) string {
	return "permessage-deflate; client_no_context_takeover; client_max_window_bits" + more
}

// compressed are a subcategory's cases.
func compressed(id, offer string, data *sample) []autobahnCase {
	var cases []autobahnCase
	for i, v := range volumes {
		talk := func(c *client) {
			packed := 0
			for n := range often(v.length) {
				packed += c.exchange(data, n*v.length, v)
			}
			// What is worth compressing comes back compressed, where the window is ours.
			if worth := data.text && v.length >= 1<<10 && c.deflate.window == 15; worth && packed < often(v.length) {
				c.t.Errorf("%d of %d messages came back compressed", packed, often(v.length))
			}
			c.close()
		}
		cases = append(cases, autobahnCase{id: fmt.Sprintf("%s.%d", id, i+1), offer: offer, talk: talk})
	}
	return cases
}

// exchange sends a message of the data from a place on, and wants it back. It tells
// how many came back compressed.
func (c *client) exchange(data *sample, from int, v volume) int {
	c.t.Helper()
	op, payload := data.op(), data.from(from, v.length)
	f := sent{op: op, payload: c.deflate.pack(payload), rsv: 4}
	frames := []sent{f}
	if v.fragment > 0 {
		frames = fragments(f, v.fragment)
	}
	c.say(together(frames...)...)
	got, err := c.next()
	if err != nil || got.op != op || got.payload != payload {
		c.t.Fatalf("got %v, %v (wrote: %v), want opcode %d with %d bytes", got, err, c.unsaid, op, len(payload))
	}
	if got.packed {
		return 1
	}
	return 0
}
