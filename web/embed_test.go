package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, target string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Header = header
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

// assets are the files that the page names.
func assets(t *testing.T) []string {
	t.Helper()
	page, err := dist.ReadFile("dist/index.html")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?:src|href)="(assets/[^"]+)"`).FindAllSubmatch(page, -1) {
		names = append(names, "/"+string(m[1]))
	}
	if len(names) != 3 {
		t.Fatalf("the page names %q, want its script, its style and its icon", names)
	}
	return names
}

func TestPageIsAskedForAgainAndItsAssetsAreKept(t *testing.T) {
	page := get(t, "GET", "/", nil)
	if page.StatusCode != http.StatusOK || page.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("/: %d, Cache-Control %q", page.StatusCode, page.Header.Get("Cache-Control"))
	}
	for _, name := range assets(t) {
		asset := get(t, "GET", name, nil)
		if asset.StatusCode != http.StatusOK || !strings.HasSuffix(asset.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d, Cache-Control %q", name, asset.StatusCode, asset.Header.Get("Cache-Control"))
		}
	}
}

func TestClientIsForThePagesOfEveryOrigin(t *testing.T) {
	for name, contentType := range map[string]string{"/parley.js": "text/javascript", "/parley.d.ts": "application/typescript"} {
		answer := get(t, "GET", name, nil)
		if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), contentType+";") {
			t.Errorf("%s: %d, Content-Type %q", name, answer.StatusCode, answer.Header.Get("Content-Type"))
		}
		for field, want := range map[string]string{
			"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "no-cache",
		} {
			if got := answer.Header.Get(field); got != want {
				t.Errorf("%s: %s %q, want %q", name, field, got, want)
			}
		}
	}
	if got := get(t, "GET", "/", nil).Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("the page is for %q, too", got)
	}
}

func TestUnchangedFileIsNotSentAgain(t *testing.T) {
	for _, name := range append(assets(t), "/", "/parley.js", "/parley.d.ts") {
		for _, encoding := range []string{"", "gzip"} {
			header := http.Header{"Accept-Encoding": {encoding}}
			first := get(t, "GET", name, header)
			header.Set("If-None-Match", first.Header.Get("ETag"))
			if again := get(t, "GET", name, header); again.StatusCode != http.StatusNotModified {
				t.Errorf("%s (%s) with its ETag: %d, want 304", name, encoding, again.StatusCode)
			}
		}
	}
}

func TestGzipGoesToThoseWhoAcceptIt(t *testing.T) {
	for accept, want := range map[string]string{
		"":                      "",
		"gzip":                  "gzip",
		"deflate, gzip;q=1.0":   "gzip",
		"br, GZIP ; q=0.5":      "gzip",
		"gzip;q=0":              "",
		"gzip; q=0.000, br":     "",
		"identity, x-gzip-like": "",
	} {
		answer := get(t, "GET", "/", http.Header{"Accept-Encoding": {accept}})
		if got := answer.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", accept, got, want)
			continue
		}
		content := io.Reader(answer.Body)
		if want == "gzip" {
			z, err := gzip.NewReader(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			content = z
		}
		got, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		if page, _ := dist.ReadFile("dist/index.html"); !bytes.Equal(got, page) {
			t.Errorf("Accept-Encoding %q: another page than the one committed", accept)
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	for _, target := range []string{"/index.html", "/assets", "/assets/", "/assets/none.js", "/dist/index.html", "/../embed.go", "/favicon.ico"} {
		if answer := get(t, "GET", target, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", target, answer.StatusCode)
		}
	}
	if answer := get(t, "POST", "/", nil); answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST /: %d, want 405", answer.StatusCode)
	}
}

func TestPolicyAllowsThePagesOwnOriginAlone(t *testing.T) {
	answer := get(t, "GET", "/", nil)
	for _, directive := range strings.Split(answer.Header.Get("Content-Security-Policy"), ";") {
		name, sources, _ := strings.Cut(strings.TrimSpace(directive), " ")
		for _, s := range strings.Fields(sources) {
			switch {
			case s == "'self'" || s == "'none'":
			case s == "data:" && name == "img-src":
			case s == "'script'" && name == "require-trusted-types-for":
			default:
				t.Errorf("%s allows %s", name, s)
			}
		}
	}
	page, _ := dist.ReadFile("dist/index.html")
	if inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son\w+=|<script[^>]*>[^<]`).Find(page); inline != nil {
		t.Errorf("the page holds %q, which its policy refuses", inline)
	}
}

func TestScriptsStaySmall(t *testing.T) {
	for _, name := range assets(t) {
		if path.Ext(name) == ".js" {
			wantSmall(t, name, 36_000) // the page's promise to those on slow lines
		}
	}
	wantSmall(t, "/parley.js", 8_000)
}

// wantSmall fails the test if a script is longer than so many bytes, gzipped.
func wantSmall(t *testing.T, name string, most int) {
	t.Helper()
	answer := get(t, "GET", name, http.Header{"Accept-Encoding": {"gzip"}})
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(content) == 0 || len(content) > most {
		t.Errorf("%s is %d bytes gzipped, want at most %d", name, len(content), most)
	}
	t.Logf("%s: %d bytes, gzipped", name, len(content))
}
