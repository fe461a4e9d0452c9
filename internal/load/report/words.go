package report

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/load"
)

// scenarios are what a page calls them, and what happens in them.
var scenarios = map[load.Scenario]struct{ title, about string }{
	load.Fanout:  {"Fan-out", "All sessions are in one room and hear what a few of them say."},
	load.Rooms:   {"Many rooms", "The sessions are spread over many rooms; somebody speaks in each."},
	load.Idle:    {"Idle sessions", "The sessions only keep their connections alive."},
	load.Storm:   {"Reconnect storm", "Most sessions are cut off at once and come back, while the others go on."},
	load.Slow:    {"Slow readers", "Some sessions stop reading for a while; the others go on."},
	load.History: {"History", "Many sessions read pages of a room's history."},
}

func titleOf(s load.Scenario) string {
	return cmp.Or(scenarios[s].title, string(s), "Without a scenario")
}

// Setup says in words what a run's sessions did: "1,000 sessions in 1 room".
func Setup(r load.Result) string {
	parts := []string{plural(r.Sessions, "session") + " in " + plural(r.Rooms, "room")}
	if r.Nodes > 1 {
		parts = append(parts, plural(r.Nodes, "node"))
	}
	if r.Senders > 0 {
		parts = append(parts, plural(r.Senders, "sender"))
	}
	switch {
	case r.Offered > 0:
		parts = append(parts, count(r.Offered)+" messages/s offered")
	case r.Senders > 0:
		parts = append(parts, "each sends when its last message is back")
	}
	if r.Frame > 0 {
		parts = append(parts, fmt.Sprintf("%d bytes a delivery", r.Frame))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(float64(n)) + " " + noun + "s"
}

// Verdict says in a sentence what kept a run from being faster; nothing, where
// the run doesn't say.
func Verdict(r load.Result) string {
	switch r.Limit {
	case load.LimitGenerator:
		return fmt.Sprintf("the generator used %s of its core: these figures say nothing of the server", cores(generatorCores(r)))
	case load.LimitOthers:
		return fmt.Sprintf("other programs used %s cores meanwhile: measure again on a calm machine", cores(otherCores(r)))
	case load.LimitRate:
		return "the rate that was asked for was the limit: the server may carry more"
	case load.LimitMachine:
		return fmt.Sprintf("server and generator together used all of the machine's %s: "+
			"with the generator elsewhere the server may carry more", plural(r.Cores, "core"))
	case load.LimitServer:
		if busy := serverCores(r); known(busy) {
			return fmt.Sprintf("the server was the limit: it used %s of %s, and some were left",
				cores(busy), plural(r.Cores, "core"))
		}
		return "the server was the limit"
	}
	return ""
}

// capital begins a sentence.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// printable keeps what a name holds from steering a terminal; a tab ends a cell.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
