package debug_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/engine"
)

// everything is a view in which there is one of each.
func everything() engine.View {
	lag := engine.LagView{Events: 1234, Bytes: 5 << 20, Age: 2500, Older: true}
	return engine.View{
		Sessions: 20_000, Pairs: 3, Behind: 2, Draining: true, Rooms: 2,
		Writer: engine.WriterView{Waiting: 7, Bytes: 9000, Mean: 0.4, Longest: 12, Standing: 3000},
		Crew:   engine.CrewView{Working: 64, Waiting: 2},
		Loops: []engine.LoopView{
			{Number: 0, Sessions: 9000, Busy: 0.97, Load: 2.15, Gathering: 1, Passes: 2, Steps: 3, Longest: 4.2},
			{Number: 1, Silent: 1500},
		},
		Busiest: []engine.RoomView{
			{Name: `<script>alert("room")</script>`, Members: 12, Head: 98765, Events: 3.5, Bytes: 1 << 20, Work: 0.31, Gathering: true, Behind: 1, Lag: lag},
			{Name: "attic"},
		},
		Slowest: []engine.SessionView{
			{Addr: "192.0.2.1", User: `"><script>`, Name: "<img src=x onerror=alert(1)>", Dialect: "parley.v1", Carrier: "loop 0",
				Room: "</table><script>", Rooms: 3, Blocked: 65_000, Lag: lag, Held: 900, Store: true},
			{Name: "ada", Carrier: "goroutines", Rooms: 1},
		},
	}
}

func TestThePageShowsNamesAsText(t *testing.T) {
	w := ask(handler(&shown{view: everything()}), "/")
	text := w.Body.String()
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, text)
	}
	for _, want := range []string{"&lt;script&gt;alert(", "&lt;img src=x onerror", "&lt;/table&gt;&lt;script&gt;", "20,000", "98,765", "65.0 s",
		"Draining", "Loop 1 has been busy with one thing for 1.5 s", "over 2.5 s, 1,234 events, 5.0 MiB", "2 passes, 3 steps, 1 room gathers", "215 %"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page doesn't say %q", want)
		}
	}
	if n := strings.Count(text, "<script"); n != 1 {
		t.Errorf("%d scripts, want ours alone", n)
	}
	if strings.Contains(text, "<img") || strings.Contains(text, "style=") {
		t.Error("something stands in it that its policy doesn't allow")
	}
}

// TestThePageIsWellFormed looks at all elements but those whose ends may be left out.
func TestThePageIsWellFormed(t *testing.T) {
	for name, v := range map[string]engine.View{"full": everything(), "empty": {}} {
		text := ask(handler(&shown{view: v}), "/").Body.String()
		text = regexp.MustCompile(`(?s)(<(?:style|script)[^>]*>).*?(</(?:style|script)>)`).ReplaceAllString(text, "$1$2")
		var open []string
		free := []string{"!doctype", "meta", "link", "th", "td", "dt", "dd"}
		for _, m := range regexp.MustCompile(`<(/?)([a-z0-9!]+)((?:\s+[a-zA-Z0-9-]+(?:="[^"<]*")?)*)(/?)>|[<>]`).FindAllStringSubmatch(text, -1) {
			switch tag := m[2]; {
			case tag == "":
				t.Fatalf("%s: a %s stands alone, within %v", name, m[0], open)
			case slices.Contains(free, tag), m[4] == "/":
			case m[1] == "":
				open = append(open, tag)
			case len(open) == 0 || open[len(open)-1] != tag:
				t.Fatalf("%s: </%s> ends %v", name, tag, open)
			default:
				open = open[:len(open)-1]
			}
		}
		if len(open) > 0 {
			t.Errorf("%s: %v have no end", name, open)
		}
	}
}

func TestThePagesPolicyAllowsItsOwnScriptOnce(t *testing.T) {
	h := handler(&shown{})
	nonce := regexp.MustCompile(`script-src 'nonce-([A-Z2-7]+)'`)
	first, second := ask(h, "/"), ask(h, "/")
	one := nonce.FindStringSubmatch(first.Header().Get("Content-Security-Policy"))
	two := nonce.FindStringSubmatch(second.Header().Get("Content-Security-Policy"))
	if one == nil || two == nil || one[1] == two[1] {
		t.Fatalf("nonces %q and %q", one, two)
	}
	if !strings.Contains(first.Body.String(), `<script type="module" nonce="`+one[1]+`">`) {
		t.Error("the script has another nonce")
	}
	if policy := first.Header().Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %s", policy)
	}
}
