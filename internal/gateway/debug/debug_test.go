package debug_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/gateway"
	"github.com/parley-chat/parley/internal/gateway/debug"
	"github.com/parley-chat/parley/internal/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shown is what an engine says, and counts how often it is asked.
type shown struct {
	view  engine.View
	looks int
}

func (s *shown) View() engine.View {
	s.looks++
	return s.view
}

const token = "a-token-for-the-metrics"

func handler(s *shown) http.Handler {
	return debug.Handler(s, metrics.New().Registry, gateway.NewInsiders("localhost:6060", token))
}

// ask sends a request from this machine, unless change has it otherwise.
func ask(h http.Handler, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.Host, r.RemoteAddr = "localhost:6060", "127.0.0.1:40000"
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func from(addr string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = addr } }

func at(host string) func(*http.Request) { return func(r *http.Request) { r.Host = host } }

// fetched is what a browser says of a request that a page makes.
func fetched(site, mode, dest string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", site)
		r.Header.Set("Sec-Fetch-Mode", mode)
		r.Header.Set("Sec-Fetch-Dest", dest)
	}
}

func TestWhoSeesWhatTheNodeDoes(t *testing.T) {
	type changes = []func(*http.Request)
	for name, c := range map[string]struct {
		changes changes
		status  int
	}{
		"this machine":                       {nil, 200},
		"this machine, by address":           {changes{at("127.0.0.1:6060")}, 200},
		"this machine, by IPv6":              {changes{at("[::1]:6060"), from("[::1]:40000")}, 200},
		"elsewhere":                          {changes{from("192.0.2.1:40000")}, 403},
		"elsewhere, as if it were here":      {changes{from("192.0.2.1:40000"), with("X-Forwarded-For", "127.0.0.1")}, 403},
		"elsewhere, with the token":          {changes{from("192.0.2.1:40000"), with("Authorization", "Bearer "+token)}, 200},
		"elsewhere, with another":            {changes{from("192.0.2.1:40000"), with("Authorization", "Bearer a-token")}, 403},
		"through a proxy":                    {changes{with("X-Forwarded-For", "192.0.2.1")}, 403},
		"through a proxy that says Via":      {changes{with("Via", "1.1 proxy")}, 403},
		"a name that was made to point here": {changes{at("rebound.example:6060")}, 403},
		"a name that sounds like here":       {changes{at("localhost.example:6060")}, 403},
		"no name":                            {changes{at("")}, 403},
		"typed into a browser":               {changes{fetched("none", "navigate", "document")}, 200},
		"our own page":                       {changes{fetched("same-origin", "cors", "empty")}, 200},
		"our own page, with an origin":       {changes{with("Origin", "http://localhost:6060")}, 200},
		"another site's page":                {changes{fetched("cross-site", "cors", "empty"), with("Origin", "https://evil.example")}, 403},
		"another site's page, as an image":   {changes{fetched("cross-site", "no-cors", "image")}, 403},
		"another site's page, in a frame":    {changes{fetched("cross-site", "navigate", "iframe")}, 403},
		"another port's page":                {changes{fetched("same-site", "cors", "empty"), with("Origin", "http://localhost:3000")}, 403},
		"an old browser, another page":       {changes{with("Origin", "https://evil.example")}, 403},
		"a sandboxed page":                   {changes{with("Origin", "null")}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			h := handler(&shown{})
			for _, path := range []string{"/", "/now", "/view.json", "/metrics", "/debug/pprof/", "/debug/pprof/goroutine"} {
				w := ask(h, path, c.changes...)
				if w.Code != c.status {
					t.Errorf("%s: status %d, want %d", path, w.Code, c.status)
				}
				if got := w.Header(); got.Get("Access-Control-Allow-Origin") != "" || got.Get("X-Frame-Options") != "DENY" ||
					!strings.Contains(got.Get("Content-Security-Policy"), "default-src 'none'") {
					t.Errorf("%s: headers %v", path, got)
				}
			}
		})
	}
	t.Run("a link from elsewhere leads to the page alone", func(t *testing.T) {
		for path, want := range map[string]int{"/": 200, "/view.json": 403, "/debug/pprof/profile?seconds=1": 403} {
			if w := ask(handler(&shown{}), path, fetched("cross-site", "navigate", "document")); w.Code != want {
				t.Errorf("%s: status %d, want %d", path, w.Code, want)
			}
		}
	})
}

func TestNothingIsChangedFromOutside(t *testing.T) {
	for _, path := range []string{"/", "/view.json", "/debug/pprof/profile", "/debug/pprof/symbol"} {
		w := ask(handler(&shown{}), path, func(r *http.Request) { r.Method = http.MethodPost })
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d", path, w.Code)
		}
	}
	if w := ask(handler(&shown{}), "/nowhere"); w.Code != http.StatusNotFound {
		t.Errorf("/nowhere: status %d", w.Code)
	}
}

func TestProfilesAreThereAndTheCommandLineIsNot(t *testing.T) {
	h := handler(&shown{})
	for _, path := range []string{"/debug/pprof/heap", "/debug/pprof/goroutine", "/debug/pprof/allocs", "/debug/pprof/trace?seconds=0.01"} {
		if w := ask(h, path); w.Code != 200 || w.Body.Len() == 0 {
			t.Errorf("%s: status %d, %d bytes", path, w.Code, w.Body.Len())
		}
	}
	w := ask(h, "/debug/pprof/cmdline")
	if w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), os.Args[0]) {
		t.Errorf("the command line: status %d, %s", w.Code, w.Body)
	}
}

func TestTheViewIsThereAsJSON(t *testing.T) {
	w := ask(handler(&shown{view: engine.View{Sessions: 3, Busiest: []engine.RoomView{{Name: "lobby"}}}}), "/view.json")
	var got debug.Snapshot
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Engine.Sessions != 3 || got.Engine.Busiest[0].Name != "lobby" || got.Go.Goroutines == 0 || got.Go.Heap == 0 || got.At.IsZero() {
		t.Errorf("got %+v", got)
	}
}

func TestHoweverManyLookItIsOneLook(t *testing.T) {
	s := &shown{}
	h := handler(s)
	for range 5 {
		ask(h, "/")
		ask(h, "/view.json")
	}
	if s.looks > 2 { // a machine that stood still meanwhile looks twice
		t.Errorf("the engine was asked %d times", s.looks)
	}
}
