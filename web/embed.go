package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed dist
var dist embed.FS

// policy is the page's Content-Security-Policy. Favicons with a count are data
// URLs. connect-src 'self' covers the WebSocket of the same origin (CSP 3).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Handler serves the page at / and its assets below /assets/, and the client that
// other pages import as /parley.js, with its types; all else is 404.
func Handler() http.Handler {
	files := load()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		f.serve(w, r)
	})
}

// file is one of these, ready to be sent in both encodings.
type file struct {
	header      [][2]string // of its own
	plain, gzip body
}

type body struct {
	content []byte
	etag    string
}

// load reads the page at start. Its name for a file is the path of the request.
func load() map[string]*file {
	files := make(map[string]*file)
	err := fs.WalkDir(dist, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		at := strings.TrimPrefix(name, "dist")
		if at == "/index.html" {
			at = "/"
		}
		files[at], err = newFile(at, path.Ext(name), content)
		return err
	})
	if err != nil {
		panic(err) // the files are part of the binary
	}
	return files
}

func newFile(at, ext string, content []byte) (*file, error) {
	header, err := headerOf(at, ext)
	if err != nil {
		return nil, err
	}
	var small bytes.Buffer
	z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(content); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return &file{header, newBody(content, ""), newBody(small.Bytes(), "-gzip")}, nil
}

// headerOf is what a file is served with because of what it is.
func headerOf(at, ext string) ([][2]string, error) {
	// Not mime.TypeByExtension: what that says depends on the machine.
	contentType, ok := map[string]string{
		".html": "text/html; charset=utf-8",
		".js":   "text/javascript; charset=utf-8",
		".ts":   "application/typescript; charset=utf-8",
		".css":  "text/css; charset=utf-8",
		".svg":  "image/svg+xml",
	}[ext]
	if !ok {
		return nil, fmt.Errorf("no content type for %s", at)
	}
	header := [][2]string{{"Content-Type", contentType}}
	switch {
	case at == "/":
		return append(header, [][2]string{
			{"Content-Security-Policy", policy},
			{"Referrer-Policy", "no-referrer"}, // a token may stand in the page's address until its script has run
			{"Cross-Origin-Opener-Policy", "same-origin"},
			{"Cache-Control", "no-cache"},
		}...), nil
	case strings.HasPrefix(at, "/assets/"):
		return append(header, [2]string{"Cache-Control", "public, max-age=31536000, immutable"}), nil
	default: // the client: for the pages of every origin, and asked for again each time
		return append(header, [][2]string{
			{"Access-Control-Allow-Origin", "*"},
			{"Cross-Origin-Resource-Policy", "cross-origin"},
			{"Cache-Control", "no-cache"},
		}...), nil
	}
}

func newBody(content []byte, suffix string) body {
	sum := sha256.Sum256(content)
	return body{content, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + suffix + `"`}
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	for _, field := range f.header {
		h.Set(field[0], field[1])
	}
	b := f.plain
	if acceptsGzip(r) {
		b = f.gzip
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", b.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.content))
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3) as far as it names gzip.
func acceptsGzip(r *http.Request) bool {
	for _, coding := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q := strings.TrimLeft(strings.ReplaceAll(weight, " ", ""), "qQ=")
		return q == "" || strings.Trim(q, "0.") != ""
	}
	return false
}
