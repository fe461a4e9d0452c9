package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/schema/check"
)

// in speaks parley.v1.
func in(o *Opening) { o.Dialect = protocol.V1 }

// unlimited lets everybody write as fast as they can.
func unlimited(c *Config) { c.Rate = room.Window{} }

// v1Peer is a client that speaks parley.v1, and holds all that it hears to the
// contract.
type v1Peer struct {
	*peer
	check   check.Session
	ids     int
	welcome map[string]any
	held    []map[string]any // read while something else was waited for
}

func dial(t *testing.T, e *Engine, id auth.Identity) *v1Peer {
	t.Helper()
	p := &v1Peer{peer: tcp(t, e, in, as(id))}
	p.welcome = p.frame()
	if p.welcome["type"] != "welcome" {
		t.Fatalf("begins with %v", p.welcome)
	}
	return p
}

func (p *v1Peer) send(text string) {
	p.t.Helper()
	p.check.Sent([]byte(text))
	p.peer.send(text)
}

// frame is the next frame.
func (p *v1Peer) frame() map[string]any {
	p.t.Helper()
	if len(p.held) > 0 {
		f := p.held[0]
		p.held = p.held[1:]
		return f
	}
	return p.fresh()
}

func (p *v1Peer) fresh() map[string]any {
	p.t.Helper()
	var f map[string]any
	text := p.next()
	if err := p.check.Received([]byte(text)); err != nil {
		p.t.Error(err)
	}
	if json.Unmarshal([]byte(text), &f) != nil {
		p.t.Fatalf("no object: %s", text)
	}
	return f
}

// do sends a command, its fields as JSON without braces, and gives its answer.
func (p *v1Peer) do(name, fields string) map[string]any {
	p.t.Helper()
	id := p.ask(name, fields)
	for {
		f := p.fresh()
		if f["id"] == id {
			return f
		}
		p.held = append(p.held, f)
	}
}

// ask sends a command, and gives its id.
func (p *v1Peer) ask(name, fields string) string {
	p.t.Helper()
	p.ids++
	id := fmt.Sprint("c", p.ids)
	frame := fmt.Sprintf(`{"type":%q,"id":%q`, name, id)
	if fields != "" {
		frame += "," + fields
	}
	p.send(frame + "}")
	return id
}

// mustDo is do, and the answer is ok.
func (p *v1Peer) mustDo(name, fields string) map[string]any {
	p.t.Helper()
	f := p.do(name, fields)
	if f["type"] != "ok" {
		p.t.Fatalf("%s %s: %v", name, fields, f)
	}
	return f
}

// wantCode does a command that is refused.
func (p *v1Peer) wantCode(code protocol.Code, name, fields string) {
	p.t.Helper()
	if f := p.do(name, fields); f["type"] != "error" || f["code"] != string(code) || f["text"] == "" {
		p.t.Errorf("%s %.80s: %v, want %s", name, fields, f, code)
	}
}

// event is the next event; signals are passed over.
func (p *v1Peer) event() map[string]any { return p.ofType("event") }

func (p *v1Peer) ofType(want string) map[string]any {
	p.t.Helper()
	for {
		f := p.frame()
		switch f["type"] {
		case want:
			return f
		case "presence", "typing":
		default:
			p.t.Fatalf("%v, want %s", f, want)
		}
	}
}

// wantEvents reads the next events, each as "seq kind text".
func (p *v1Peer) wantEvents(want ...string) {
	p.t.Helper()
	for _, w := range want {
		if got := brief(p.event()); got != w {
			p.t.Fatalf("%s, want %s", got, w)
		}
	}
}

func brief(e map[string]any) string {
	text := e["text"]
	if text == nil {
		text = "-"
	}
	return fmt.Sprintf("%v %v %v", e["seq"], e["kind"], text)
}

func TestEveryCommandOfTheTableIsDone(t *testing.T) {
	table := map[string]bool{}
	for _, c := range protocol.Commands() {
		table[c.Name] = true
		h := commands[c.Name]
		if overHTTP := h.write != nil || h.look != nil; overHTTP != (c.Reach == protocol.Everywhere) {
			t.Errorf("%s: over HTTP %v, the table says otherwise", c.Name, overHTTP)
		}
		if h.write == nil && h.look == nil && h.own == nil {
			t.Errorf("%s does nothing", c.Name)
		}
	}
	if got, want := slices.Sorted(maps.Keys(commands)), slices.Sorted(maps.Keys(table)); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestANewcomerGetsTheLastEventsThenWhatComes(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		ada := dial(t, e, guest("ada"))
		for i := range 5 {
			ada.mustDo("send", fmt.Sprintf(`"room":"lobby","text":"%d"`, i+1)) // one needs not have joined
		}
		grace := dial(t, e, guest("grace"))
		got := grace.mustDo("join", `"room":"lobby","last":2`)
		if got["from"] != 4.0 || got["count"] != 1.0 || got["reset"] != nil {
			t.Fatal(got)
		}
		grace.wantEvents("4 message 4", "5 message 5")
		if f := grace.ofType("caught_up"); f["seq"] != 5.0 || f["room"] != "lobby" {
			t.Fatal(f)
		}
		ada.mustDo("send", `"room":"lobby","text":"6"`)
		grace.wantEvents("6 message 6")
	})
}

func TestACursorIsHonouredOrResetWithTheReason(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		ada := dial(t, e, guest("ada"))
		for i := range 5 {
			ada.mustDo("send", fmt.Sprintf(`"room":"lobby","text":"%d"`, i+1))
		}
		epoch := ada.mustDo("join", `"room":"lobby","last":0`)["room"].(map[string]any)["epoch"].(string)
		for _, x := range []struct {
			since, last string
			from        float64
			reset       any
		}{
			{fmt.Sprintf(`{"epoch":%q,"seq":3}`, epoch), "50", 4, nil},
			{fmt.Sprintf(`{"epoch":%q,"seq":0}`, epoch), "1", 1, nil},
			{fmt.Sprintf(`{"epoch":%q,"seq":5}`, epoch), "1", 6, nil},
			{fmt.Sprintf(`{"epoch":%q,"seq":6}`, epoch), "1", 5, "ahead"},
			{`{"epoch":"another","seq":3}`, "2", 4, "epoch"},
			{`{"epoch":"another","seq":3}`, "200", 1, "epoch"},
		} {
			p := dial(t, e, guest("grace"))
			got := p.mustDo("join", `"room":"lobby","since":`+x.since+`,"last":`+x.last)
			if got["from"] != x.from || got["reset"] != x.reset {
				t.Errorf("since %s: %v, want from %v, reset %v", x.since, got, x.from, x.reset)
				continue
			}
			for seq := x.from; seq <= 5; seq++ {
				if got := p.event()["seq"]; got != seq {
					t.Errorf("since %s: seq %v, want %v", x.since, got, seq)
				}
			}
			p.ofType("caught_up")
		}
	})
}

func TestBothDialectsShareARoom(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on)
		ada, grace := tcp(t, e), dial(t, e, guest("grace"))
		ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
		ada.want(`{"type":"system","text":"ada joined #lobby","users":["ada"]}`)
		if got := grace.mustDo("join", `"room":"lobby"`); got["count"] != 2.0 {
			t.Error(got)
		}
		ada.want(`{"type":"system","text":"grace joined #lobby","users":["ada","grace"]}`)
		ada.send(`{"type":"chat","text":"hello"}`)
		ada.next()
		grace.ofType("caught_up")
		if got := grace.event(); brief(got) != "1 message hello" || got["user"].(map[string]any)["name"] != "ada" {
			t.Error(got)
		}
		grace.mustDo("send", `"room":"lobby","text":"hi"`)
		if got := ada.next(); !strings.HasPrefix(got, `{"type":"chat","username":"grace","text":"hi","timestamp":`) {
			t.Error(got)
		}
		grace.mustDo("edit", `"room":"lobby","seq":2,"text":"hi, ada"`) // tells the tutorial's nothing
		grace.mustDo("leave", `"room":"lobby"`)
		ada.want(`{"type":"system","text":"grace left #lobby","users":["ada"]}`)
	})
}

func TestARepeatedKeyAnswersWithTheFirst(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		ada := dial(t, e, guest("ada"))
		first := ada.mustDo("send", `"room":"lobby","text":"once","key":"k1"`)
		ada.mustDo("delete", `"room":"lobby","seq":1`)
		again := ada.mustDo("send", `"room":"lobby","text":"once","key":"k1"`)
		if again["repeated"] != true || again["seq"] != first["seq"] || again["ts"] != first["ts"] || first["repeated"] != nil {
			t.Errorf("%v, then %v", first, again)
		}
		ada.wantCode(protocol.CodeKeyReused, "send", `"room":"lobby","text":"twice","key":"k1"`)
		if got := dial(t, e, guest("grace")).mustDo("send", `"room":"lobby","text":"mine","key":"k1"`); got["seq"] != 3.0 {
			t.Errorf("another's key: %v", got)
		}
	})
}

func TestEveryRefusalHasItsCode(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		grace := dial(t, e, guest("grace"))
		grace.mustDo("send", `"room":"lobby","text":"mine"`)
		long := func(n int) string { return strings.Repeat("x", n) }
		rows := []struct {
			code         protocol.Code
			name, fields string
		}{
			{protocol.CodeUnknownType, "dance", ``},
			{protocol.CodeInvalidRoom, "join", ``},
			{protocol.CodeInvalidRoom, "join", `"room":7`},
			{protocol.CodeInvalidRoom, "join", `"room":"` + long(65) + `"`},
			{protocol.CodeInvalidField, "join", `"room":"lobby","last":"2"`},
			{protocol.CodeInvalidField, "join", `"room":"lobby","last":-1`},
			{protocol.CodeTooLarge, "join", `"room":"lobby","last":201`},
			{protocol.CodeInvalidField, "join", `"room":"lobby","since":7`},
			{protocol.CodeInvalidField, "join", `"room":"lobby","since":{"epoch":7,"seq":1}`},
			{protocol.CodeForbidden, "join", `"room":"attic"`},
			{protocol.CodeForbidden, "send", `"room":"attic","text":"x"`},
			{protocol.CodeForbidden, "history", `"room":"attic"`},
			{protocol.CodeForbidden, "search", `"room":"attic","text":"x"`},
			{protocol.CodeForbidden, "read", `"room":"attic","seq":1`},
			{protocol.CodeNotJoined, "leave", `"room":"lobby"`},
			{protocol.CodeNotJoined, "typing", `"room":"lobby"`},
			{protocol.CodeInvalidText, "send", `"room":"lobby"`},
			{protocol.CodeInvalidText, "send", `"room":"lobby","text":null`},
			{protocol.CodeInvalidText, "send", `"room":"lobby","text":["x"]`},
			{protocol.CodeInvalidText, "send", `"room":"lobby","text":"a\u0000"`},
			{protocol.CodeTooLarge, "send", `"room":"lobby","text":"` + long(4001) + `"`},
			{protocol.CodeTooLarge, "send", `"room":"lobby","text":"x","key":"` + long(65) + `"`},
			{protocol.CodeInvalidField, "send", `"room":"lobby","text":"x","key":"a\n"`},
			{protocol.CodeInvalidField, "send", `"room":"lobby","text":"x","reply_to":"1"`},
			{protocol.CodeInvalidField, "send", `"room":"lobby","text":"x","reply_to":-1`},
			{protocol.CodeNotFound, "send", `"room":"lobby","text":"x","reply_to":99`},
			{protocol.CodeForbidden, "edit", `"room":"lobby","seq":1,"text":"x"`},
			{protocol.CodeNotFound, "edit", `"room":"lobby","seq":99,"text":"x"`},
			{protocol.CodeInvalidField, "edit", `"room":"lobby","text":"x"`},
			{protocol.CodeForbidden, "delete", `"room":"lobby","seq":1`},
			{protocol.CodeNotFound, "delete", `"room":"lobby","seq":99`},
			{protocol.CodeInvalidEmoji, "react", `"room":"lobby","seq":1`},
			{protocol.CodeInvalidEmoji, "react", `"room":"lobby","seq":1,"emoji":"a b"`},
			{protocol.CodeTooLarge, "react", `"room":"lobby","seq":1,"emoji":"` + long(33) + `"`},
			{protocol.CodeNotFound, "react", `"room":"lobby","seq":99,"emoji":"👍"`},
			{protocol.CodeNotFound, "unreact", `"room":"lobby","seq":1,"emoji":"👍"`},
			{protocol.CodeTooLarge, "topic", `"room":"lobby","text":"` + long(251) + `"`},
			{protocol.CodeInvalidText, "topic", `"room":"lobby","text":"a\nb"`},
			{protocol.CodeTooLarge, "history", `"room":"lobby","limit":101`},
			{protocol.CodeInvalidField, "history", `"room":"lobby","before":3,"after":1`},
			{protocol.CodeInvalidText, "search", `"text":" "`},
			{protocol.CodeInvalidField, "search", `"text":"x","cursor":"nonsense"`},
			{protocol.CodeForbidden, "rename", `"name":"eve"`},
		}
		id := auth.Identity{User: "ada", Name: "ada", Terms: &auth.Terms{Rooms: []string{"lobby"}}}
		for _, x := range rows {
			dial(t, e, id).wantCode(x.code, x.name, x.fields)
		}
		dial(t, e, guest("x")).wantCode(protocol.CodeInvalidName, "rename", `"name":" "`)
	})
}

func TestAFrameThatIsNoCommandIsRefusedByWhatIsWrong(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on)
		for frame, want := range map[string]string{
			`nonsense`:                             `invalid_json <nil>`,
			`[]`:                                   `invalid_json <nil>`,
			`"ping"`:                               `invalid_json <nil>`,
			`{"type":"ping","id":"a"`:              `invalid_json a`,
			`{"type":"ping","type":"ping"}`:        `invalid_json <nil>`,
			"{\"type\":\"ping\",\"id\":\"a\xff\"}": `close`,
			`{"type":"ping","id":"\ud83d"}`:        `invalid_json <nil>`,
			`{"id":"a"}`:                           `unknown_type a`,
			`{"id":"a","type":7}`:                  `unknown_type a`,
			`{"type":"ping"}`:                      `invalid_id <nil>`,
			`{"type":"ping","id":7}`:               `invalid_id <nil>`,
			`{"type":"ping","id":""}`:              `invalid_id <nil>`,
			`{"type":"ping","id":"` + strings.Repeat("x", 65) + `"}`: `invalid_id <nil>`,
			`{"type":"PING","id":"a"}`:                               `unknown_type a`,
			`{"type":"ping","id":"a","more":{"is":"passed over"}}`:   `<nil> a`,
			`{"type":"ping","id":"` + strings.Repeat("x", 64) + `"}`: `<nil> ` + strings.Repeat("x", 64),
		} {
			p := dial(t, e, guest("ada"))
			p.send(frame)
			if want == "close" {
				p.wantClose(1007)
				continue
			}
			got := p.frame()
			if s := fmt.Sprint(got["code"], " ", got["id"]); s != want {
				t.Errorf("%s: %v, want %s", frame, got, want)
			}
		}
		p := dial(t, e, guest("ada"))
		p.sendFrame(2, `{"type":"ping","id":"a"}`)
		p.wantClose(1003)
	})
}
