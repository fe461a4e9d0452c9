package schema

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parley-chat/parley/protocol"
)

func get(method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestContractIsServed(t *testing.T) {
	for path, want := range map[string]struct {
		status int
		kind   string
	}{
		"/api/":              {200, "text/html; charset=utf-8"},
		"/api/openapi.json":  {200, "application/json"},
		"/api/asyncapi.json": {200, "application/json"},
		"/api/schema.json":   {200, "application/json"},
		"/api/other.json":    {404, "text/plain; charset=utf-8"},
	} {
		got := get("GET", path)
		if got.StatusCode != want.status || got.Header.Get("Content-Type") != want.kind {
			t.Errorf("%s: %d, %s", path, got.StatusCode, got.Header.Get("Content-Type"))
		}
		if want.status != 200 {
			continue
		}
		if again := get("GET", path, "If-None-Match", got.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %d to one who has it", path, again.StatusCode)
		}
		if post := get("POST", path); post.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d to a POST", path, post.StatusCode)
		}
	}
}

func TestPageTellsTheWholeWire(t *testing.T) {
	page := string(servedPage().content)
	has := func(what, text string) {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not tell of %s", what)
		}
	}
	for _, c := range protocol.Commands() {
		has(c.Name, `<h3 id="`+c.Name+`">`)
	}
	for _, kind := range protocol.Kinds() {
		has(string(kind), `<h3 id="event-`+string(kind)+`">`)
	}
	for _, f := range frames() {
		has(f.kind, `<h3 id="frame-`+f.kind+`">`)
	}
	for _, code := range protocol.Codes() {
		has(string(code), `<tr id="code-`+string(code)+`">`)
	}
	for name := range strings.FieldsSeq("User Cursor RoomState RoomSummary WelcomeLimits") {
		has(name, `<h3 id="`+name+`">`)
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "ZgotmplZ") {
		t.Error("the page holds a script, or something that its template refused")
	}
}
