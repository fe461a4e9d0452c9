package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/gateway"
	"github.com/parley-chat/parley/protocol"
)

// post is the text of a POST to /api/v1 with a body of JSON.
func post(command, body string, header ...string) string {
	return "POST /api/v1/" + command + " HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n" + strings.Join(append(header, "\r\n"), "\r\n") + body
}

// frameOf is what an answer's body says.
type frameOf struct {
	Type, ID, Code, Text string
	RetryMS              int64 `json:"retry_ms"`
	Seq                  protocol.Seq
	Repeated             bool
	Events               []protocol.Event
	User                 protocol.User
}

func (d *door) postFor(t *testing.T, status int, command, body string, header ...string) frameOf {
	t.Helper()
	got := d.ask(post(command, body, header...))
	var f frameOf
	if err := json.Unmarshal([]byte(got.body), &f); err != nil || got.status != status ||
		got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s: %+v, %v; want JSON and %d", command, got, err, status)
	}
	return f
}

func TestCommandsAreDoneOverHTTPAsWhoAsks(t *testing.T) {
	for name, c := range map[string]struct {
		users bool
		as    func(d *door) string
		id    string
	}{
		"a user with a token": {true, func(d *door) string { return "Authorization: Bearer " + d.token("user-1") }, "user-1"},
		"a guest with a pass": {false, func(d *door) string { return "Authorization: Bearer " + d.pass(ada, 0) }, ada.ID},
	} {
		t.Run(name, func(t *testing.T) {
			d := openDoor(t, func(g *gateway.Config) {
				if c.users {
					asUsers(g)
				}
			})
			as := c.as(d)
			said := d.postFor(t, 200, "send", `{"room":"lobby","text":"hello","key":"k1","id":"1"}`, as)
			if said.Type != "ok" || said.ID != "1" || said.Seq != 1 || said.Repeated {
				t.Errorf("said as %+v", said)
			}
			if again := d.postFor(t, 200, "send", `{"room":"lobby","text":"hello","key":"k1"}`, as); again.Seq != 1 || !again.Repeated || again.ID != "" {
				t.Errorf("said again as %+v", again)
			}
			d.postFor(t, 200, "edit", `{"room":"lobby","seq":1,"text":"hello, all"}`, as)
			page := d.postFor(t, 200, "history", `{"room":"lobby"}`, as)
			if len(page.Events) != 2 || page.Events[0].Text != "hello, all" || page.Events[0].User.ID != c.id {
				t.Errorf("history is %+v", page.Events)
			}
		})
	}
}

// A guest without a pass is somebody else in each call.
func TestGuestWithoutAPassOwnsNothing(t *testing.T) {
	d := openDoor(t)
	d.postFor(t, 200, "send", `{"room":"lobby","text":"hello"}`)
	if got := d.postFor(t, 403, "delete", `{"room":"lobby","seq":1,"id":"7"}`); got.Type != "error" || got.Code != "forbidden" || got.ID != "7" || got.Text == "" {
		t.Errorf("got %+v, want that it is forbidden", got)
	}
}

// told is a gateway's Commands whose every answer is the same.
type told struct {
	answer string
	err    *protocol.Error
}

func (c told) Do(context.Context, auth.Identity, string, []byte) ([]byte, *protocol.Error) {
	return []byte(c.answer), c.err
}

func TestEveryCodeHasItsStatus(t *testing.T) {
	for code, want := range map[protocol.Code]int{
		protocol.CodeInvalidJSON: 400, protocol.CodeInvalidID: 400, protocol.CodeInvalidField: 400, protocol.CodeInvalidName: 400,
		protocol.CodeInvalidRoom: 400, protocol.CodeInvalidText: 400, protocol.CodeInvalidEmoji: 400,
		protocol.CodeForbidden: 403, protocol.CodeNotFound: 404, protocol.CodeKeyReused: 409, protocol.CodeTooMany: 409,
		protocol.CodeTooLarge: 413, protocol.CodeRateLimited: 429, protocol.CodeUnavailable: 503, protocol.CodeInternal: 503,
	} {
		d := openDoor(t, func(c *gateway.Config) { c.Commands = told{err: &protocol.Error{Code: code}} })
		got := d.postFor(t, want, "send", `{"id":"7"}`)
		if got.Type != "error" || got.Code != string(code) || got.ID != "7" || got.Text != code.Sentence() || got.Text == "" || got.RetryMS != 0 {
			t.Errorf("%s: %+v", code, got)
		}
		if n := d.refused(string(code)); n != "1" {
			t.Errorf("%s: counted %q, want 1", code, n)
		}
		if n := d.called("send", string(code)); n != "1" {
			t.Errorf("%s of send: counted %q, want 1", code, n)
		}
	}
}

func TestWaitIsSaidInWholeSeconds(t *testing.T) {
	for _, c := range []struct {
		code  protocol.Code
		retry time.Duration
		want  string
	}{
		{protocol.CodeRateLimited, 9001 * time.Millisecond, "10"},
		{protocol.CodeRateLimited, 9 * time.Second, "9"},
		{protocol.CodeRateLimited, time.Millisecond, "1"},
		{protocol.CodeUnavailable, 0, "1"},
		{protocol.CodeForbidden, 0, ""},
	} {
		d := openDoor(t, func(g *gateway.Config) {
			g.Commands = told{err: &protocol.Error{Code: c.code, Text: "why", Retry: c.retry}}
		})
		got := d.ask(post("send", "{}"))
		retryMS := fmt.Sprintf(`,"retry_ms":%d`, c.retry.Milliseconds())
		if got.header.Get("Retry-After") != c.want || strings.Contains(got.body, retryMS) != (c.retry > 0) {
			t.Errorf("%s in %v: %+v, want Retry-After: %s", c.code, c.retry, got, c.want)
		}
	}
}

func TestPostThatIsNoCommandIsRefusedByWhatIsWrong(t *testing.T) {
	d := openDoor(t)
	large := `{"room":"lobby","text":"` + strings.Repeat("x", protocol.MaxMessageBytes) + `"}`
	for name, c := range map[string]struct {
		text   string
		status int
		code   string
	}{
		"no command of ours":  {post("nothing", "{}"), 404, "unknown_type"},
		"one of sessions":     {post("join", `{"room":"lobby"}`), 404, "unknown_type"},
		"in capitals":         {post("Rooms", "{}"), 404, "unknown_type"},
		"no body":             {post("rooms", ""), 400, "invalid_json"},
		"no JSON":             {post("rooms", "{"), 400, "invalid_json"},
		"no object":           {post("rooms", "[]"), 400, "invalid_json"},
		"a name twice":        {post("rooms", `{"id":"1","id":"2"}`), 400, "invalid_json"},
		"an id of two words":  {post("rooms", `{"id":["1"]}`), 400, "invalid_id"},
		"a field is wrong":    {post("history", `{"room":"lobby","limit":"many"}`), 400, "invalid_field"},
		"a room is missing":   {post("send", `{"text":"hello"}`), 400, "invalid_room"},
		"64 KiB and more":     {post("send", large), 413, "too_large"},
		"no kind":             {strings.Replace(post("rooms", "{}"), "Content-Type: application/json", "X: y", 1), 415, "invalid_field"},
		"of a form":           {strings.Replace(post("rooms", "{}"), "application/json", "text/plain", 1), 415, "invalid_field"},
		"of a form, in words": {strings.Replace(post("rooms", "{}"), "application/json", "application/x-www-form-urlencoded", 1), 415, "invalid_field"},
		"a pass is bad":       {post("rooms", "{}", "Authorization: Bearer pass1.AAAA"), 401, "unauthenticated"},
		"of another site":     {post("rooms", "{}", "Origin: https://evil.example"), 403, "origin_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.ask(c.text)
			var f frameOf
			if err := json.Unmarshal([]byte(got.body), &f); err != nil || got.status != c.status || f.Type != "error" || f.Code != c.code || f.Text == "" {
				t.Errorf("%+v, %v; want %d and %s", got, err, c.status, c.code)
			}
		})
	}
	if got := d.ask(strings.Replace(post("ping", "{}"), "application/json", "application/json; charset=utf-8", 1)); got.status != 200 {
		t.Errorf("JSON that names its charset: %+v, want 200", got)
	}
	if got := d.ask(strings.Replace(post("rooms", "{}"), "POST", "PUT", 1)); got.status != 405 || got.header.Get("Allow") != "POST, OPTIONS" {
		t.Errorf("PUT: %+v, want 405", got)
	}
	d.wantServes()
}

func TestCommandNeedsATokenWhereTheUpgradeDoes(t *testing.T) {
	d := openDoor(t, asUsers)
	for _, header := range []string{"X: y", "Authorization: Bearer bad", "Authorization: Bearer " + d.pass(ada, 0)} {
		if got := d.postFor(t, 401, "rooms", "{}", header); got.Code != "unauthenticated" {
			t.Errorf("%s: %+v", header, got)
		}
	}
	if got := d.called("rooms", "unauthenticated"); got != "3" {
		t.Errorf("counted %q, want 3", got)
	}
	d.postFor(t, 200, "rooms", "{}", "Authorization: Bearer "+d.token("ada"))
	if got := d.called("rooms", "ok"); got != "1" {
		t.Errorf("counted %q, want 1", got)
	}
	// A browser adds the cookie to what a page of another port of this host sends.
	cookie := "Cookie: parley_token=" + d.token("ada")
	d.postFor(t, 200, "rooms", "{}", cookie, "Origin: http://localhost:8080")
	d.postFor(t, 401, "rooms", "{}", cookie, "Origin: http://localhost:3000")
}

func TestPagesThatMayAskMaySendCommands(t *testing.T) {
	d := openDoor(t, func(c *gateway.Config) { c.AllowOrigins = []string{"https://app.example"} })
	for origin, passes := range map[string]bool{"https://app.example": true, "http://localhost:3000": true, "https://evil.example": false, "null": false} {
		before := d.ask("OPTIONS /api/v1/send HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: " + origin +
			"\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,content-type\r\n\r\n")
		then := d.ask(post("ping", "{}", "Origin: "+origin))
		want := ""
		if passes {
			want = origin
		}
		if (before.status == http.StatusNoContent) != passes || (then.status == http.StatusOK) != passes {
			t.Errorf("%s: %d and %d; may pass: %v", origin, before.status, then.status, passes)
		}
		if passes && (before.header.Get("Access-Control-Allow-Methods") != "POST" || before.header.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type") {
			t.Errorf("%s is told %v", origin, before.header)
		}
		for _, got := range []answer{before, then} {
			if got.header.Get("Access-Control-Allow-Origin") != want || got.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s: %+v, want Access-Control-Allow-Origin: %s", origin, got, want)
			}
		}
	}
}

func TestDrainingDoorDoesNoCommands(t *testing.T) {
	d := openDoor(t)
	d.gateway.Drain()
	for _, command := range []string{"rooms", "whoami"} {
		if got := d.postFor(t, 503, command, "{}"); got.Code != "draining" || got.RetryMS != 1000 {
			t.Errorf("%s: %+v", command, got)
		}
	}
	const origin = "http://localhost:3000" // may read why
	if got := d.ask(post("rooms", "{}", "Origin: "+origin)); got.status != 503 || got.header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("%+v, want Access-Control-Allow-Origin: %s", got, origin)
	}
}

func TestBodyThatDoesNotComeHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := make(pipes)
		openDoorAt(t, l)
		ours, theirs := net.Pipe()
		l <- theirs
		begun := time.Now()
		text := post("send", `{"room":"lobby","text":"hello"}`)
		go io.WriteString(ours, text[:len(text)-1]) //nolint:errcheck // the server may hang up meanwhile
		got, _ := io.ReadAll(ours)                  // until it does
		if took := time.Since(begun); took > 11*time.Second || !strings.HasPrefix(string(got), "HTTP/1.1 400 ") {
			t.Errorf("%q after %v, want 400 after 10 s", got, took)
		}
		ours.Close()
	})
}

// called reads the counter of a command's outcome.
func (d *door) called(command, outcome string) string {
	return d.counter(`parley_http_commands_total{command="` + command + `",outcome="` + outcome + `"}`)
}

func TestMetricsNameEveryCommandFromTheStart(t *testing.T) {
	d := openDoor(t)
	for _, c := range protocol.Commands() {
		want := "0"
		if c.Reach != protocol.Everywhere {
			want = ""
		}
		for _, outcome := range []string{"ok", "unauthenticated", "invalid_json"} {
			if got := d.called(c.Name, outcome); got != want {
				t.Errorf("%s of %s is %q, want %q", outcome, c.Name, got, want)
			}
		}
	}
	d.ask(post("whatever", "{}"))
	if got := d.called("whatever", "unknown_type"); got != "" {
		t.Errorf("a stranger's word is a label of %s", got)
	}
}
