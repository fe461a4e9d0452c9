package engine_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The cases of the Autobahn suite, by its numbers, written from its descriptions
// (https://github.com/crossbario/autobahn-testsuite): a client of our own talks to an
// echo behind Parley's door, and holds each answer to what the suite calls OK, and
// never to what it calls non-strict. Categories 8 and 11 it hasn't got; 9.9 and 9.10
// it doesn't run.

var full = flag.Bool("autobahn.full", false, "send as much, and wait as long, as the Autobahn suite does")

// autobahnCase is one of them.
type autobahnCase struct {
	id    string
	offer string          // Sec-WebSocket-Extensions; empty for none
	talk  func(c *client) // after the handshake, up to the end of the connection
}

func autobahnCases() []autobahnCase {
	return slices.Concat(
		framingCases(), pingCases(), reservedBitCases(), opcodeCases(), fragmentCases(),
		textCases(), failFastCases(), byteCases(),
		closeCases(), closeCodeCases(),
		sizeCases(), fragmentSizeCases(), chopCases(), roundTripCases(), autoFragmentCases(),
		compressionCases(), parameterCases(),
	)
}

func TestAutobahn(t *testing.T) {
	for _, transport := range transports {
		t.Run(string(transport), func(t *testing.T) { runAutobahn(t, startEcho(t, transport)) })
	}
}

func runAutobahn(t *testing.T, to target) {
	for _, c := range autobahnCases() {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			c.talk(dial(t, to, c.offer))
		})
	}
}

// Each subcategory with as many cases as the suite has.
func TestNoAutobahnCaseIsMissing(t *testing.T) {
	want := map[string]int{
		"1.1": 8, "1.2": 8, "2": 11, "3": 7, "4.1": 5, "4.2": 5, "5": 20,
		"6.1": 3, "6.2": 4, "6.3": 2, "6.4": 4, "6.5": 5, "6.6": 11, "6.7": 4, "6.8": 2, "6.9": 4, "6.10": 3, "6.11": 5, "6.12": 8,
		"6.13": 5, "6.14": 10, "6.15": 1, "6.16": 3, "6.17": 5, "6.18": 5, "6.19": 5, "6.20": 7, "6.21": 8, "6.22": 34, "6.23": 7,
		"7.1": 6, "7.3": 6, "7.5": 1, "7.7": 13, "7.9": 9, "7.13": 2,
		"9.1": 6, "9.2": 6, "9.3": 9, "9.4": 9, "9.5": 6, "9.6": 6, "9.7": 6, "9.8": 6, "10.1": 1,
		"12.1": 18, "12.2": 18, "12.3": 18, "12.4": 18, "12.5": 18,
		"13.1": 18, "13.2": 18, "13.3": 18, "13.4": 18, "13.5": 18, "13.6": 18, "13.7": 18,
	}
	got, all := map[string]int{}, 0
	for _, c := range autobahnCases() {
		i := strings.LastIndexByte(c.id, '.')
		group, number := c.id[:i], c.id[i+1:]
		got[group]++
		all++
		if number != fmt.Sprint(got[group]) {
			t.Errorf("%s stands where %s.%d belongs", c.id, group, got[group])
		}
	}
	for group, n := range want {
		if got[group] != n {
			t.Errorf("%s has %d cases, want %d", group, got[group], n)
		}
		delete(got, group)
	}
	if len(got) > 0 || all != 517 {
		t.Errorf("%d cases, want 517; the suite knows nothing of %v", all, got)
	}
}
