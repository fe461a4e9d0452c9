package node_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/node"
	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/schema"
)

// step is a command as somebody gives it, and what becomes of it: ok, or a code.
type step struct{ command, fields, want string }

// fine is one conversation that has every command, its seqs those of a new room.
var fine = []step{
	{"send", `"room":"lobby","text":"Hello, @grace","key":"k1"`, "ok"},     // 1
	{"send", `"room":"lobby","text":"Hello, @grace","key":"k1"`, "ok"},     // again
	{"send", `"room":"lobby","text":"And\r\ngood day","reply_to":1`, "ok"}, // 2
	{"edit", `"room":"lobby","seq":1,"text":"Hello, Grace"`, "ok"},         // 3
	{"react", `"room":"lobby","seq":1,"emoji":"👋"`, "ok"},                  // 4
	{"unreact", `"room":"lobby","seq":1,"emoji":"👋"`, "ok"},                // 5
	{"topic", `"room":"lobby","text":"Tea at four"`, "ok"},                 // 6
	{"delete", `"room":"lobby","seq":1`, "ok"},                             // 7
	{"delete", `"room":"lobby","seq":1`, "ok"},                             // again
	{"topic", `"room":"cellar","text":""`, "ok"},                           // there never was one
	{"history", `"room":"lobby"`, "ok"},
	{"history", `"room":"lobby","before":3,"limit":2`, "ok"},
	{"history", `"room":"lobby","after":0,"limit":100`, "ok"},
	{"history", `"room":"nowhere"`, "ok"},
	{"search", `"text":"good"`, "ok"},
	{"search", `"text":"good da","room":"lobby","limit":1`, "ok"},
	{"rooms", ``, "ok"},
	{"read", `"room":"lobby","seq":7`, "ok"},
	{"read", `"room":"nowhere","seq":7`, "ok"},
	{"ping", ``, "ok"},
	{"rename", `"name":"Ada"`, "ok"},
	{"ping", `"more":{"than":"is known"}`, "ok"},
}

// wrong is what is refused, after fine.
var wrong = []step{
	{"send", `"room":"lobby","text":"x","text":"y"`, "invalid_json"},
	{"send", `"room":"lobby","text":"x","reply_to":"1"`, "invalid_field"},
	{"send", `"room":"lobby","text":"x","reply_to":-1`, "invalid_field"},
	{"send", `"room":"lobby","text":"x","key":"a\u0000"`, "invalid_field"},
	{"send", `"text":"x"`, "invalid_room"},
	{"send", `"room":7,"text":"x"`, "invalid_room"},
	{"send", `"room":"` + strings.Repeat("a", 65) + `","text":"x"`, "invalid_room"},
	{"send", `"room":"lobby","text":""`, "invalid_text"},
	{"send", `"room":"lobby","text":"a\u0007"`, "invalid_text"},
	{"send", `"room":"lobby","text":"` + strings.Repeat("a", 4001) + `"`, "too_large"},
	{"send", `"room":"lobby","text":"x","key":"` + strings.Repeat("k", 65) + `"`, "too_large"},
	{"send", `"room":"lobby","text":"another","key":"k1"`, "key_reused"},
	{"send", `"room":"lobby","text":"x","reply_to":99`, "not_found"},
	{"edit", `"room":"lobby","text":"x"`, "invalid_field"},
	{"edit", `"room":"","seq":2,"text":"x"`, "invalid_room"},
	{"edit", `"room":"lobby","seq":2,"text":""`, "invalid_text"},
	{"edit", `"room":"lobby","seq":2,"text":"` + strings.Repeat("a", 4001) + `"`, "too_large"},
	{"edit", `"room":"lobby","seq":1,"text":"it was deleted"`, "not_found"},
	{"edit", `"room":"attic","seq":1,"text":"x"`, "forbidden"},
	{"delete", `"room":"lobby","seq":3`, "not_found"},
	{"delete", `"room":"","seq":3`, "invalid_room"},
	{"delete", `"room":"attic","seq":1`, "forbidden"},
	{"react", `"room":"lobby","seq":2,"emoji":""`, "invalid_emoji"},
	{"react", `"room":"lobby","seq":2,"emoji":"` + strings.Repeat("👋", 9) + `"`, "too_large"},
	{"react", `"room":"","seq":2,"emoji":"👋"`, "invalid_room"},
	{"react", `"room":"lobby","seq":1,"emoji":"👋"`, "not_found"},
	{"unreact", `"room":"lobby","seq":2,"emoji":" "`, "invalid_emoji"},
	{"unreact", `"room":"lobby","seq":2,"emoji":"` + strings.Repeat("👋", 9) + `"`, "too_large"},
	{"unreact", `"room":"","seq":2,"emoji":"👋"`, "invalid_room"},
	{"unreact", `"room":"lobby","seq":2,"emoji":"👋"`, "not_found"},
	{"topic", `"room":"lobby","text":"two\nlines"`, "invalid_text"},
	{"topic", `"room":"lobby","text":"` + strings.Repeat("a", 251) + `"`, "too_large"},
	{"topic", `"room":"","text":"x"`, "invalid_room"},
	{"history", `"room":""`, "invalid_room"},
	{"history", `"room":"lobby","before":1,"after":1`, "invalid_field"},
	{"history", `"room":"lobby","limit":101`, "too_large"},
	{"search", `"text":"x","room":"\n"`, "invalid_room"},
	{"search", `"text":" "`, "invalid_text"},
	{"search", `"text":"` + strings.Repeat("a", 251) + `"`, "too_large"},
	{"search", `"text":"x","cursor":"made up"`, "invalid_field"},
	{"read", `"room":"","seq":1`, "invalid_room"},
	{"revoke", ``, "invalid_field"},
	{"revoke", `"user":"u1","token":"x.y.z"`, "invalid_field"},
	{"revoke", `"user":"` + strings.Repeat("u", 65) + `"`, "too_large"},
	{"revoke", `"token":"` + strings.Repeat("t", protocol.MaxTokenBytes+1) + `"`, "too_large"},
	{"revoke", `"token":"pass1.made-up"`, "invalid_field"},
	{"revoke", `"user":"u1"`, "forbidden"},
	{"rename", `"name":""`, "invalid_name"},
	{"rename", `"name":7`, "invalid_name"},
}

// alone is what only a session can do, in the conversation's room and after it.
var alone = []step{
	{"join", `"room":"lobby"`, "ok"},
	{"join", `"room":"lobby","last":0`, "ok"},
	{"join", `"room":"lobby","last":3`, "ok"},
	{"join", `"room":"lobby","since":{"epoch":"another","seq":3}`, "ok"},
	{"join", `"room":"nowhere"`, "ok"},
	{"join", `"room":""`, "invalid_room"},
	{"join", `"room":"lobby","last":201`, "too_large"},
	{"join", `"room":"lobby","last":-1`, "invalid_field"},
	{"join", `"room":"lobby","since":{"epoch":"x"},"since":{}`, "invalid_json"},
	{"typing", `"room":"lobby"`, "ok"},
	{"typing", `"room":"attic"`, "not_joined"},
	{"typing", `"room":7`, "invalid_room"},
	{"leave", `"room":"nowhere"`, "ok"},
	{"leave", `"room":"nowhere"`, "not_joined"},
	{"leave", `"room":""`, "invalid_room"},
	{"dance", ``, "unknown_type"},
}

func TestEveryCommandKeepsToTheContract(t *testing.T) {
	s := &seen{all: map[string]bool{}}
	for _, store := range []string{"memory", "sqlite"} {
		for _, transport := range []string{"auto", "goroutines"} {
			t.Run(store+" socket "+transport, func(t *testing.T) { everyCommandOfASession(t, s, store, transport) })
		}
		t.Run(store+" http", func(t *testing.T) { everyCommandOverHTTP(t, s, store) })
	}
	t.Run("rooms of a token", func(t *testing.T) { everyCommandIsForbidden(t, s) })
	t.Run("rate", func(t *testing.T) { everyWriteIsLimited(t, s) })

	// The engine's own tests have a store that fails, and time for a session to come
	// into a hundred rooms.
	elsewhere := func(c protocol.Command, code protocol.Code) bool {
		return code == protocol.CodeUnavailable || c.Name == "join" && code == protocol.CodeTooMany
	}
	for _, c := range protocol.Commands() {
		ways := []string{"socket"}
		if c.Reach == protocol.Everywhere {
			ways = append(ways, "http")
		}
		for _, way := range ways {
			s.want(t, "%s %s ok", way, c.Name)
			for _, code := range c.Codes {
				if !elsewhere(c, code) {
					s.want(t, "%s %s %s", way, c.Name, code)
				}
			}
		}
	}
	for _, kind := range protocol.Kinds() {
		s.want(t, "kind %s", kind)
	}
	for _, frame := range []string{"welcome", "ok", "error", "event", "caught_up", "presence", "typing", "read"} {
		s.want(t, "type %s", frame)
	}
	for _, code := range []protocol.Code{protocol.CodeInvalidJSON, protocol.CodeUnknownType, protocol.CodeInvalidID, protocol.CodeInvalidField} {
		s.want(t, "code %s", code)
	}
}

// furnish has grace put what the conversation finds, and stay in the lobby.
func furnish(t *testing.T, n *node.Node, s *seen) *talker {
	grace := open(t, n, s, "?name=grace", nil)
	grace.mustDo("join", `"room":"lobby"`)
	grace.mustDo("send", `"room":"attic","text":"Nobody else may touch this"`)
	return grace
}

func everyCommandOfASession(t *testing.T, s *seen, store, transport string) {
	n := start(t, func(c *config.Serve) { c.Store, c.Transport = store, transport })
	grace := furnish(t, n, s)
	ada := open(t, n, s, "?name=ada", nil)
	if f := ada.mustDo("join", `"room":"lobby"`); !strings.Contains(f.text, `"from":1,`) {
		t.Errorf("a new room begins at 1: %s", f.text)
	}
	ada.mustDo("typing", `"room":"lobby"`)
	grace.until("sign of ada writing", func(f frame) bool { return f.Type == protocol.TypeTyping })
	for _, c := range slices.Concat(fine, wrong, alone) {
		if f := ada.do(c.command, c.fields); outcome(f) != c.want {
			t.Errorf("%s {%.100s}: want %s: %s", c.command, c.fields, c.want, f.text)
		}
	}
	grace.until("the conversation's last event", func(f frame) bool { return f.Type == protocol.TypeEvent && f.Seq == 7 })
	resume(t, open(t, n, s, "?name=linus", nil))
	wear(t, ada.do)
	ada.misspeak()
	eve := open(t, n, s, "?name=eve", nil)
	ada.do("revoke", `"token":"`+eve.welcome.Pass+`"`) // not hers
	eve.mustDo("revoke", `"token":"`+eve.welcome.Pass+`"`)
	eve.mustEnd()
}

// resume joins with the cursor of an earlier join.
func resume(t *testing.T, linus *talker) {
	var was struct {
		Room protocol.RoomState `json:"room"`
	}
	if err := json.Unmarshal([]byte(linus.mustDo("join", `"room":"lobby"`).text), &was); err != nil {
		t.Fatal(err)
	}
	for cursor, reset := range map[protocol.Seq]string{0: "", 3: "", 7: "", 8: `"reset":"ahead"`} {
		f := linus.mustDo("join", fmt.Sprintf(`"room":"lobby","since":{"epoch":%q,"seq":%d}`, was.Room.Epoch, cursor))
		if strings.Contains(f.text, `"reset"`) != (reset != "") || !strings.Contains(f.text, reset) {
			t.Errorf("since %d: want %s: %s", cursor, reset, f.text)
		}
		linus.until("end of the past", func(f frame) bool { return f.Type == protocol.TypeCaughtUp })
	}
}

// misspeak sends what isn't even a command.
func (p *talker) misspeak() {
	for text, want := range map[string]protocol.Code{
		`no JSON`:                        protocol.CodeInvalidJSON,
		`["type","ping"]`:                protocol.CodeInvalidJSON,
		`{"type":"ping","id":"a"`:        protocol.CodeInvalidJSON,
		`{"type":"ping","id":"\ud83d"}`:  protocol.CodeInvalidJSON,
		`{"id":"a"}`:                     protocol.CodeUnknownType,
		`{"type":7,"id":"a"}`:            protocol.CodeUnknownType,
		`{"type":"ping"}`:                protocol.CodeInvalidID,
		`{"type":"ping","id":""}`:        protocol.CodeInvalidID,
		`{"type":"ping","id":7}`:         protocol.CodeInvalidID,
		`{"type":"ping","id":"a\u0000"}`: protocol.CodeInvalidID,
		`{"type":"ping","id":"` + strings.Repeat("a", 65) + `"}`: protocol.CodeInvalidID,
	} {
		p.send(text)
		f := p.until("answer to "+text, func(f frame) bool { return f.Type == protocol.TypeOK || f.Type == protocol.TypeError })
		if outcome(f) != string(want) {
			p.t.Errorf("%.80s: want %s: %s", text, want, f.text)
		}
	}
}

// wear puts one emoji too many on ada's second message.
func wear(t *testing.T, do func(command, fields string) frame) {
	for i := range protocol.MaxEmoji + 1 {
		f := do("react", fmt.Sprintf(`"room":"lobby","seq":2,"emoji":"%c"`, rune(0x1F400+i)))
		if full := i == protocol.MaxEmoji; (outcome(f) == string(protocol.CodeTooMany)) != full {
			t.Errorf("the emoji %d: %s", i+1, f.text)
		}
	}
}

func everyCommandOverHTTP(t *testing.T, s *seen, store string) {
	n := start(t, func(c *config.Serve) { c.Store = store })
	furnish(t, n, s)
	ada := open(t, n, s, "?name=ada", nil)
	post := &caller{t: t, seen: s, url: n.URL(), token: ada.welcome.Pass}
	for _, c := range slices.Concat(fine, wrong) {
		if f := post.do(c.command, c.fields); outcome(f) != c.want {
			t.Errorf("POST %s {%.100s}: want %s: %s", c.command, c.fields, c.want, f.text)
		}
	}
	ada.until("own read mark", func(f frame) bool { return f.Type == protocol.TypeRead })
	wear(t, func(command, fields string) frame { return post.do(command, fields) })
	for _, c := range []struct {
		fields string
		header []string
		want   protocol.Code
	}{
		{`"id":"a"`, nil, "ok"},
		{`"id":7`, nil, protocol.CodeInvalidID},
		{`"id":""`, nil, protocol.CodeInvalidID},
		{`"id"`, nil, protocol.CodeInvalidJSON},
		{``, []string{"Content-Type", "text/plain"}, protocol.CodeInvalidField},
		{``, []string{"Origin", "https://evil.example"}, protocol.CodeOriginRefused},
		{``, []string{"Authorization", "Bearer pass1.made-up"}, protocol.CodeUnauthenticated},
		{`"more":"` + strings.Repeat("a", protocol.MaxMessageBytes) + `"`, nil, protocol.CodeTooLarge},
	} {
		if f := post.do("ping", c.fields, c.header...); outcome(f) != string(c.want) {
			t.Errorf("POST ping {%.100s} %v: want %s: %s", c.fields, c.header, c.want, f.text)
		}
	}
	eve := open(t, n, s, "?name=eve", nil)
	hers := &caller{t: t, seen: s, url: n.URL(), token: eve.welcome.Pass}
	for _, want := range []string{"ok", "unauthenticated"} {
		if f := hers.do("revoke", `"token":"`+eve.welcome.Pass+`"`); outcome(f) != want {
			t.Errorf("POST revoke of one's own pass: want %s: %s", want, f.text)
		}
	}
	eve.mustEnd()
}

// mustEnd reads up to the session's end.
func (p *talker) mustEnd() {
	p.t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case _, ok := <-p.frames:
			if !ok {
				return
			}
		case <-timeout:
			p.t.Fatal("the session goes on")
		}
	}
}

// everyCommandIsForbidden has one whose token opens the attic alone speak of the
// lobby.
func everyCommandIsForbidden(t *testing.T, s *seen) {
	const secret = "a secret of this test, thirty-two bytes long"
	n := start(t, func(c *config.Serve) { c.JWTSecret = secret })
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "u1", "name": "ada", "rooms": []string{"attic"}, "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	ada := open(t, n, s, "", http.Header{"Authorization": {"Bearer " + token}})
	post := &caller{t: t, seen: s, url: n.URL(), token: token}
	for _, c := range protocol.Commands() {
		if !slices.Contains(c.Codes, protocol.CodeForbidden) {
			continue
		}
		fields := exampleOf(c)
		if f := ada.do(c.Name, fields); f.Code != protocol.CodeForbidden {
			t.Errorf("%s: %s", c.Name, f.text)
		}
		if c.Reach != protocol.Everywhere {
			continue
		}
		if f := post.do(c.Name, fields); f.Code != protocol.CodeForbidden {
			t.Errorf("POST %s: %s", c.Name, f.text)
		}
	}
}

// everyWriteIsLimited has somebody go on until they are held back.
func everyWriteIsLimited(t *testing.T, s *seen) {
	n := start(t, func(c *config.Serve) { c.Rate = config.Rate{N: 1, Per: time.Hour} })
	for _, c := range protocol.Commands() {
		if !slices.Contains(c.Codes, protocol.CodeRateLimited) {
			continue
		}
		ada := open(t, n, s, "?name=ada", nil)
		post := &caller{t: t, seen: s, url: n.URL(), token: ada.welcome.Pass}
		limited := false
		for range 20 {
			if limited = ada.do(c.Name, exampleOf(c)).Code == protocol.CodeRateLimited; limited {
				break
			}
		}
		if f := post.do(c.Name, exampleOf(c)); !limited || f.Code != protocol.CodeRateLimited {
			t.Errorf("%s is not limited: %s", c.Name, f.text)
		}
	}
}

// exampleOf is the fields of the contract's example of a command, without braces.
func exampleOf(c protocol.Command) string {
	_, fields, _ := strings.Cut(string(schema.ExampleOf(c).Command), `"id":"7"`)
	return strings.TrimPrefix(strings.TrimSuffix(fields, "}"), ",")
}
