package engine_test

import (
	"fmt"
	"strings"
	"testing"
)

// upTo is a size of the suite's, or in the fast loop no more than what shows the same.
func upTo(size int) int {
	switch {
	case *full:
		return size
	case testing.Short(): // under the race detector
		return min(size, 64<<10)
	}
	return min(size, 4<<20)
}

// often is how many messages of a size a case sends that has 1,000 in the suite.
func often(size int) int {
	switch {
	case *full:
		return 1000
	case testing.Short():
		return min(max(16<<10/max(size, 1), 1), 10)
	}
	return min(max(64<<10/max(size, 1), 2), 50)
}

// repeated is size octets of a pattern.
func repeated(pattern string, size int) string {
	return strings.Repeat(pattern, size/len(pattern)+1)[:size]
}

// A large case makes its message only once it runs.
func large(op byte, pattern string, size int, write func(sent) [][]byte) func(c *client) {
	return func(c *client) {
		c.t.Helper()
		payload := repeated(pattern, size)
		echoed(write(sent{op: op, payload: payload}), op, payload)(c)
	}
}

// sizeCases are 9.1 and 9.2: one frame of up to 16 MiB.
func sizeCases() []autobahnCase {
	var cases []autobahnCase
	for kind, op := range []byte{opText, opBinary} {
		pattern := []string{"BAsd7&jh23", "\x00\xfe\x23\xfa\xf0"}[kind]
		for i, size := range []int{64 << 10, 256 << 10, 1 << 20, 4 << 20, 8 << 20, 16 << 20} {
			talk := large(op, pattern, upTo(size), func(f sent) [][]byte { return together(f) })
			cases = append(cases, autobahnCase{id: fmt.Sprintf("9.%d.%d", kind+1, i+1), talk: talk})
		}
	}
	return cases
}

// fragmentSizeCases are 9.3 and 9.4: 4 MiB in fragments of 64 octets and more.
func fragmentSizeCases() []autobahnCase {
	var cases []autobahnCase
	for kind, op := range []byte{opText, opBinary} {
		pattern := []string{"*", "\xfe"}[kind]
		for i, size := range []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20} {
			talk := large(op, pattern, upTo(4<<20), func(f sent) [][]byte { return together(fragments(f, size)...) })
			cases = append(cases, autobahnCase{id: fmt.Sprintf("9.%d.%d", kind+3, i+1), talk: talk})
		}
	}
	return cases
}

// chopCases are 9.5 and 9.6: 1 MiB in writes of 64 octets and more.
func chopCases() []autobahnCase {
	var cases []autobahnCase
	for kind, op := range []byte{opText, opBinary} {
		pattern := []string{"BAsd7&jh23", "\x00\xfe\x23\xfa\xf0"}[kind]
		for i, chop := range []int{64, 128, 256, 512, 1024, 2048} {
			talk := large(op, pattern, upTo(1<<20), func(f sent) [][]byte { return chopped(chop, f) })
			cases = append(cases, autobahnCase{id: fmt.Sprintf("9.%d.%d", kind+5, i+1), talk: talk})
		}
	}
	return cases
}

// roundTripCases are 9.7 and 9.8: message by message, each sent once the last is back.
func roundTripCases() []autobahnCase {
	var cases []autobahnCase
	for kind, op := range []byte{opText, opBinary} {
		octet := []string{"*", "\xfe"}[kind]
		for i, size := range []int{0, 16, 64, 256, 1024, 4096} {
			talk := func(c *client) {
				payload := strings.Repeat(octet, size)
				for range often(size) {
					c.say(sent{op: op, payload: payload}.bytes())
					c.hear(message{op: op, payload: payload})
				}
				c.close()
			}
			cases = append(cases, autobahnCase{id: fmt.Sprintf("9.%d.%d", kind+7, i+1), talk: talk})
		}
	}
	return cases
}

// autoFragmentCases are 10.
func autoFragmentCases() []autobahnCase {
	payload := strings.Repeat("*", 65536)
	frames := fragments(sent{op: opText, payload: payload}, 1300)
	talk := func(c *client) {
		if whole, rest := 65536/1300, 65536%1300; len(frames) != whole+1 || len(frames[whole].payload) != rest {
			c.t.Fatalf("sends %d frames", len(frames))
		}
		echoed(together(frames...), opText, payload)(c)
	}
	return []autobahnCase{{id: "10.1.1", talk: talk}}
}
