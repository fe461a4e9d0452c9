package engine_test

import (
	"fmt"
	"strings"
)

// closeCases are 7.1 to 7.5: what comes behind a close frame is passed over, and a
// close frame has a form.
func closeCases() []autobahnCase {
	normal := closing(1000, "")
	begin, end := sent{op: opText, payload: "fragment1", more: true}, sent{op: opContinuation, payload: "fragment2"}
	text := sent{op: opText, payload: "Hello World!"}
	echo := message{op: opText, payload: "Hello World!"}
	long := strings.Repeat("BAsd7&jh23", 256<<10/10+1)[:256<<10]
	return []autobahnCase{
		{id: "7.1.1", talk: says(together(text), echo)},
		{id: "7.1.2", talk: closes(1000, normal, sent{op: opClose})},
		{id: "7.1.3", talk: closes(1000, normal, sent{op: opPing})},
		{id: "7.1.4", talk: closes(1000, normal, text)},
		{id: "7.1.5", talk: closes(1000, begin, normal, end)},
		// The suite takes either, all of it or nothing: we answer what came before.
		{id: "7.1.6", talk: func(c *client) {
			c.say(together(sent{op: opText, payload: long}, text, normal, sent{op: opPing})...)
			c.closed = true
			c.hear(message{op: opText, payload: long}, echo)
			c.ends(1000)
		}},
		{id: "7.3.1", talk: closesWith([]int{1000, noCode}, sent{op: opClose})},
		{id: "7.3.2", talk: closes(1002, sent{op: opClose, payload: "a"})},
		{id: "7.3.3", talk: closes(1000, normal)},
		{id: "7.3.4", talk: closes(1000, closing(1000, "Hello World!"))},
		{id: "7.3.5", talk: closes(1000, closing(1000, strings.Repeat("*", 123)))},
		{id: "7.3.6", talk: closes(1002, closing(1000, strings.Repeat("*", 124)))},
		{id: "7.5.1", talk: closesWith([]int{1002, 1007}, closing(1000, greek+surrogate+edited))},
	}
}

// closeCodeCases are 7.7, codes that may be sent; 7.9, codes that may not; and 7.13,
// of which RFC 6455 says nothing.
func closeCodeCases() []autobahnCase {
	var cases []autobahnCase
	for i, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		cases = append(cases, autobahnCase{id: fmt.Sprintf("7.7.%d", i+1), talk: closesWith([]int{1000, code}, closing(code, ""))})
	}
	for i, code := range []int{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999} {
		cases = append(cases, autobahnCase{id: fmt.Sprintf("7.9.%d", i+1), talk: closes(1002, closing(code, ""))})
	}
	for i, code := range []int{5000, 65535} {
		cases = append(cases, autobahnCase{id: fmt.Sprintf("7.13.%d", i+1), talk: closesWith([]int{1000, 1002, code}, closing(code, ""))})
	}
	return cases
}

func closes(code int, frames ...sent) func(c *client) { return closesWith([]int{code}, frames...) }

// closesWith is a client whose frames, in one write, hold its close frame, and a
// server that answers that with one of these codes, and nothing else.
func closesWith(codes []int, frames ...sent) func(c *client) {
	return func(c *client) {
		c.t.Helper()
		c.closed = true
		c.say(together(frames...)...)
		c.ends(codes...)
	}
}
