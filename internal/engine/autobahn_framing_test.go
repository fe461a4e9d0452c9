package engine_test

import (
	"fmt"
	"strings"
)

// framingCases are 1.1 and 1.2: messages at every length where the header changes.
func framingCases() []autobahnCase {
	var cases []autobahnCase
	for kind, op := range []byte{opText, opBinary} {
		octet := []string{"*", "\xfe"}[kind]
		for i, length := range []int{0, 125, 126, 127, 128, 65535, 65536, 65536} {
			payload := strings.Repeat(octet, length)
			writes := together(sent{op: op, payload: payload})
			if i == 7 {
				writes = chopped(997, sent{op: op, payload: payload})
			}
			cases = append(cases, autobahnCase{id: fmt.Sprintf("1.%d.%d", kind+1, i+1), talk: echoed(writes, op, payload)})
		}
	}
	return cases
}

const odd = "\x00\xff\xfe\xfd\xfc\xfb\x00\xff" // octets that are no text

// pingCases are 2: pings are answered, pongs are not.
func pingCases() []autobahnCase {
	ping := func(payload string) sent { return sent{op: opPing, payload: payload} }
	pong := func(payload string) message { return message{op: opPong, payload: payload} }
	unasked := sent{op: opPong, payload: "unsolicited pong payload"}
	var ten []sent
	var answers []message
	for i := range 10 {
		payload := fmt.Sprintf("payload-%d", i)
		ten, answers = append(ten, ping(payload)), append(answers, pong(payload))
	}
	longest := strings.Repeat("\xfe", 125)
	return []autobahnCase{
		{id: "2.1", talk: says(together(ping("")), pong(""))},
		{id: "2.2", talk: says(together(ping("Hello, world!")), pong("Hello, world!"))},
		{id: "2.3", talk: says(together(ping(odd)), pong(odd))},
		{id: "2.4", talk: says(together(ping(longest)), pong(longest))},
		{id: "2.5", talk: fails(1002, together(ping(longest+"\xfe")))},
		{id: "2.6", talk: says(chopped(1, ping(longest)), pong(longest))},
		{id: "2.7", talk: says(together(sent{op: opPong}))},
		{id: "2.8", talk: says(together(unasked))},
		{id: "2.9", talk: says(together(unasked, ping("ping payload")), pong("ping payload"))},
		{id: "2.10", talk: says(together(ten...), answers...)},
		{id: "2.11", talk: says(chopped(1, ten...), answers...)},
	}
}

const hello = "Hello, world!"

// reservedBitCases are 3: no reserved bit means anything, so each fails the connection.
func reservedBitCases() []autobahnCase {
	first := sent{op: opText, payload: hello}
	reserved := func(rsv byte) []sent { return []sent{first, {op: opText, payload: hello, rsv: rsv}, {op: opPing}} }
	echo := message{op: opText, payload: hello}
	return []autobahnCase{
		{id: "3.1", talk: fails(1002, together(sent{op: opText, payload: hello, rsv: 1}))},
		{id: "3.2", talk: fails(1002, together(reserved(2)...), echo)},
		{id: "3.3", talk: fails(1002, apart(reserved(3)...), echo)},
		{id: "3.4", talk: fails(1002, chopped(1, reserved(4)...), echo)},
		{id: "3.5", talk: fails(1002, together(sent{op: opBinary, payload: odd, rsv: 5}))},
		{id: "3.6", talk: fails(1002, together(sent{op: opPing, payload: hello, rsv: 6}))},
		{id: "3.7", talk: fails(1002, together(sent{op: opClose, rsv: 7}))},
	}
}

// opcodeCases are 4: of data frames in 4.1, of control frames in 4.2.
func opcodeCases() []autobahnCase {
	var cases []autobahnCase
	for kind, lowest := range []byte{3, 11} {
		reserved := func(i byte, payload string) sent { return sent{op: lowest + i, payload: payload} }
		behind := func(f sent) []sent { return []sent{{op: opText, payload: hello}, f, {op: opPing}} }
		echo := message{op: opText, payload: hello}
		for i, talk := range []func(*client){
			fails(1002, together(reserved(0, ""))),
			fails(1002, together(reserved(1, "reserved opcode payload"))),
			fails(1002, together(behind(reserved(2, ""))...), echo),
			fails(1002, together(behind(reserved(3, hello))...), echo),
			fails(1002, chopped(1, behind(reserved(4, hello))...), echo),
		} {
			cases = append(cases, autobahnCase{id: fmt.Sprintf("4.%d.%d", kind+1, i+1), talk: talk})
		}
	}
	return cases
}

// fragmentCases are 5.
func fragmentCases() []autobahnCase {
	begin := sent{op: opText, payload: "fragment1", more: true}
	end := sent{op: opContinuation, payload: "fragment2"}
	ping, pong := sent{op: opPing, payload: "ping payload"}, message{op: opPong, payload: "ping payload"}
	whole := message{op: opText, payload: "fragment1fragment2"}

	lost := func(more bool) []sent { // continues nothing
		return []sent{{op: opContinuation, payload: "non-continuation payload", more: more}, {op: opText, payload: hello}}
	}
	twice := func(more bool) []sent {
		once := []sent{{op: opContinuation, payload: "fragment1", more: more}, {op: opText, payload: "fragment2", more: true},
			{op: opContinuation, payload: "fragment3"}}
		return append(once, once...)
	}
	return []autobahnCase{
		{id: "5.1", talk: fails(1002, together(sent{op: opPing, payload: "fragment1", more: true}, end))},
		{id: "5.2", talk: fails(1002, together(sent{op: opPong, payload: "fragment1", more: true}, end))},
		{id: "5.3", talk: says(together(begin, end), whole)},
		{id: "5.4", talk: says(apart(begin, end), whole)},
		{id: "5.5", talk: says(chopped(1, begin, end), whole)},
		{id: "5.6", talk: says(together(begin, ping, end), pong, whole)},
		{id: "5.7", talk: says(apart(begin, ping, end), pong, whole)},
		{id: "5.8", talk: says(chopped(1, begin, ping, end), pong, whole)},
		{id: "5.9", talk: fails(1002, together(lost(false)...))},
		{id: "5.10", talk: fails(1002, apart(lost(false)...))},
		{id: "5.11", talk: fails(1002, chopped(1, lost(false)...))},
		{id: "5.12", talk: fails(1002, together(lost(true)...))},
		{id: "5.13", talk: fails(1002, apart(lost(true)...))},
		{id: "5.14", talk: fails(1002, chopped(1, lost(true)...))},
		{id: "5.15", talk: fails(1002, together(begin, end, sent{op: opContinuation, payload: "fragment3", more: true},
			sent{op: opText, payload: "fragment4"}), whole)},
		{id: "5.16", talk: fails(1002, together(twice(true)...))},
		{id: "5.17", talk: fails(1002, together(twice(false)...))},
		{id: "5.18", talk: fails(1002, together(begin, sent{op: opText, payload: "fragment2"}))},
		{id: "5.19", talk: pingsWithin(together)},
		{id: "5.20", talk: pingsWithin(apart)},
	}
}

// pingsWithin is a message in five fragments, two pings within it, and a pause
// behind the first.
func pingsWithin(write func(...sent) [][]byte) func(c *client) {
	part := func(i int) sent { return sent{op: opContinuation, payload: fmt.Sprintf("fragment%d", i), more: true} }
	first, last := part(1), part(5)
	first.op, last.more = opText, false
	ping := func(i int) sent { return sent{op: opPing, payload: fmt.Sprintf("pongme %d!", i)} }
	return func(c *client) {
		c.t.Helper()
		c.say(write(first, part(2), ping(1))...)
		c.hear(message{op: opPong, payload: "pongme 1!"}) // before the message is whole
		c.lull()
		c.say(write(part(3), part(4), ping(2), last)...)
		c.hear(message{op: opPong, payload: "pongme 2!"},
			message{op: opText, payload: "fragment1fragment2fragment3fragment4fragment5"})
		c.close()
	}
}
