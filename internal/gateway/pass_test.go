package gateway_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/protocol"
)

var ada = protocol.User{ID: "guest.abcdefghijklmnopqrstuvwxyz", Name: "ada"}

var newGuest = regexp.MustCompile(`^guest\.[a-z2-7]{26}$`)

const v1 = "Sec-WebSocket-Protocol: parley.v1"

// Whatever a guest brings that is no pass, nobody asked for.
func TestGuestsNeedNoToken(t *testing.T) {
	d := openDoor(t)
	ids := map[string]bool{}
	for _, offer := range []string{"X: y", v1} {
		for _, brings := range []string{"Authorization: Bearer whatever", "Cookie: parley_token=whatever", "X-Nothing: 1"} {
			got := d.ask(request("GET /?token=whatever HTTP/1.1", offer, brings))
			if got.status != 101 {
				t.Fatalf("%s, %s: %+v, want 101", offer, brings, got)
			}
			if o := <-d.opened; !o.Identity.Guest || !newGuest.MatchString(o.Identity.User) || o.Identity.Name != "Anonymous" || ids[o.Identity.User] {
				t.Errorf("%s, %s: let in as %+v; want a new guest", offer, brings, o.Identity)
			} else {
				ids[o.Identity.User] = true
			}
		}
	}
}

func TestPassMakesAGuestTheSameAsBefore(t *testing.T) {
	d := openDoor(t)
	pass := d.pass(ada, 89*24*time.Hour)
	for name, c := range map[string]struct {
		path   string
		header []string
	}{
		"query":                        {"/?pass=" + pass, nil},
		"query of a token":             {"/?token=" + pass, nil},
		"header":                       {"/", []string{"Authorization: Bearer " + pass}},
		"subprotocol":                  {"/", []string{"Sec-WebSocket-Protocol: parley.token." + pass}},
		"subprotocol beside parley.v1": {"/", []string{"Sec-WebSocket-Protocol: parley.token." + pass + ", parley.v1"}},
		"cookie":                       {"/", []string{"Cookie: parley_token=" + pass}},
		"behind a token of nobody's":   {"/?token=" + pass, []string{"Authorization: Bearer whatever", "Sec-WebSocket-Protocol: parley.token.whatever"}},
		"before another's":             {"/?pass=" + pass, []string{"Authorization: Bearer " + d.pass(protocol.User{ID: "guest.grace"}, 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := d.ask(request("GET "+c.path+" HTTP/1.1", c.header...)); got.status != 101 {
				t.Fatalf("%+v, want 101", got)
			}
			if o := <-d.opened; !o.Identity.Guest || o.Identity.User != ada.ID || o.Identity.Name != ada.Name {
				t.Errorf("let in as %+v, want %+v", o.Identity, ada)
			}
		})
	}
}

// welcome opens a session of parley.v1 at /ws with a query, and reads its first
// frame.
func (d *door) welcome(query string, offers ...string) (w protocol.Welcome) {
	d.t.Helper()
	conn, _, err := websocket.Dial(d.t.Context(), "ws://"+d.addr+"/ws"+query, &websocket.DialOptions{Subprotocols: offers})
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.CloseNow() //nolint:errcheck // its end is of no interest
	_, frame, err := conn.Read(d.t.Context())
	if err = errors.Join(err, json.Unmarshal(frame, &w)); err != nil || w.Type != "welcome" || conn.Subprotocol() != "parley.v1" {
		d.t.Fatalf("got %s of %q, %v; want a welcome", frame, conn.Subprotocol(), err)
	}
	d.tokens = append(d.tokens, w.Pass)
	return w
}

func TestWelcomeGivesThePassThatMakesOneTheSame(t *testing.T) {
	onEach(t, func(t *testing.T, way engine.Transport) {
		d := openDoorTo(t, way)
		first := d.welcome("?name=grace", "parley.v1")
		again := d.welcome("", "parley.v1", "parley.token."+first.Pass)
		if first.User.Name != "grace" || !newGuest.MatchString(first.User.ID) || again.User != first.User || again.Pass == "" {
			t.Errorf("welcomed as %+v, then as %+v", first.User, again.User)
		}
		if other := d.welcome("", "parley.v1"); other.User.ID == first.User.ID {
			t.Errorf("another guest is welcomed as %+v, too", other.User)
		}
	})
}

func TestPassThatDoesNotHoldIsRefused(t *testing.T) {
	d := openDoor(t)
	old, good := d.pass(ada, 90*24*time.Hour), d.pass(ada, 0)
	for name, c := range map[string]struct {
		path, header, words string
	}{
		"too old":            {"/?pass=" + old, "X: y", "it has expired"},
		"too old, as token":  {"/?token=" + old, "X: y", "it has expired"},
		"too old, in header": {"/", "Authorization: Bearer " + old, "it has expired"},
		"too old, of v1":     {"/", v1 + ", parley.token." + old, "it has expired"},
		"changed":            {"/?pass=" + good[:len(good)-8] + "AAAAAAAA", "X: y", "it is none of this server's"},
		"no pass":            {"/?pass=whatever", "X: y", "it is none of this server's"},
		"a token":            {"/?pass=" + d.token("ada"), "X: y", "it is none of this server's"},
		"in the cookie":      {"/", "Cookie: parley_token=pass1.AAAA", "it is none of this server's"},
	} {
		t.Run(name, func(t *testing.T) {
			upgrade := d.ask(request("GET "+c.path+" HTTP/1.1", c.header))
			query := strings.TrimPrefix(c.path, "/")
			whoami := d.ask("POST /api/v1/whoami" + query + " HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 0\r\n" + c.header + "\r\n\r\n")
			for _, got := range []answer{upgrade, whoami} {
				if got.status != 401 || !strings.Contains(got.body, "The pass does not hold: "+c.words) {
					t.Errorf("%+v, want 401 and %q", got, c.words)
				}
			}
		})
	}
	got := d.ask(request("GET / HTTP/1.1", "Origin: http://localhost:3000", "Cookie: parley_token="+old))
	if got.status != 101 {
		t.Errorf("the cookie of a page that isn't ours counts: %+v", got)
	}
}

func TestGuestOfV1BringsANameWithTheUpgrade(t *testing.T) {
	d := openDoor(t)
	for name, c := range map[string]struct {
		query, offer, want string // empty: 400
	}{
		"a name":                     {"?name=grace", v1, "grace"},
		"a name to compose":          {"?name=Cafe%CC%81", v1, "Caf\u00e9"},
		"a name beside a pass":       {"?name=grace&pass=" + d.pass(ada, 0), v1, "grace"},
		"none":                       {"", v1, "Anonymous"},
		"an empty one":               {"?name=", v1, "Anonymous"},
		"none, but a pass":           {"?pass=" + d.pass(ada, 0), v1, "ada"},
		"41 characters":              {"?name=" + strings.Repeat("a", 41), v1, ""},
		"a control character":        {"?name=a%00b", v1, ""},
		"blank":                      {"?name=%20", v1, ""},
		"no UTF-8":                   {"?name=%ff", v1, ""},
		"in the tutorial's dialect":  {"?name=grace", "X: y", "Anonymous"},
		"bad, but nobody asks there": {"?name=%00", "X: y", "Anonymous"},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.ask(request("GET /ws"+c.query+" HTTP/1.1", c.offer))
			if c.want == "" {
				if got.status != 400 || !strings.Contains(got.body, "?name=") {
					t.Errorf("%+v, want 400 and a text on ?name=", got)
				}
				return
			}
			if got.status != 101 {
				t.Fatalf("%+v, want 101", got)
			}
			if o := <-d.opened; o.Identity.Name != c.want {
				t.Errorf("let in as %q, want %q", o.Identity.Name, c.want)
			}
		})
	}
	if got := d.refused("invalid_name"); got != "4" {
		t.Errorf("%s names are counted as refused, want 4", got)
	}
}

func TestNameOfATokenStands(t *testing.T) {
	d := openDoor(t, asUsers)
	if got := d.ask(request("GET /?name=grace HTTP/1.1", v1, "Authorization: Bearer "+d.token("ada"))); got.status != 101 {
		t.Fatalf("%+v, want 101", got)
	}
	if o := <-d.opened; o.Identity.Name != "Ada L." || o.Identity.Guest {
		t.Errorf("let in as %+v", o.Identity)
	}
}

func TestGuestHasFiftySessionsAtMost(t *testing.T) {
	onEach(t, func(t *testing.T, way engine.Transport) {
		d := openDoorTo(t, way)
		again := request("GET / HTTP/1.1", "Authorization: Bearer "+d.pass(ada, 0))
		for i := range protocol.MaxSessionsPerUser {
			if got := d.askOn(d.connect(), again); got.status != 101 {
				t.Fatalf("session %d: %+v", i+1, got)
			}
		}
		if got := d.ask(again); got.status != 429 || got.header.Get("Retry-After") == "" {
			t.Errorf("one more: %+v, want 429 with Retry-After", got)
		}
		if got := d.ask(request("GET / HTTP/1.1")); got.status != 101 {
			t.Errorf("another guest: %+v, want 101", got)
		}
	})
}

func TestWhoamiKnowsAGuestByThePass(t *testing.T) {
	d := openDoor(t)
	for header, want := range map[string]string{
		"X: y": `{"user":{"id":"","name":"","role":""}}`,
		"Authorization: Bearer " + d.pass(ada, 0): `{"user":{"id":"` + ada.ID + `","name":"ada","role":""}}`,
	} {
		got := d.ask("POST /api/v1/whoami HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 0\r\n" + header + "\r\n\r\n")
		if got.status != 200 || got.body != want {
			t.Errorf("%+v, want %s", got, want)
		}
	}
}

func TestServerWithoutGuestsSaysSoToOneWithAPass(t *testing.T) {
	d := openDoor(t, asUsers)
	got := d.ask(request("GET / HTTP/1.1", "Authorization: Bearer "+d.pass(ada, 0)))
	if got.status != 401 || !strings.Contains(got.body, "no guests") {
		t.Errorf("%+v, want 401 and why", got)
	}
}
