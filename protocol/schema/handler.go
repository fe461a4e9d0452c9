package schema

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"
)

// Handler serves the contract below /api/: its documents, and a page for people.
// All else is 404.
func Handler() http.Handler {
	page := servedPage()
	mux := http.NewServeMux()
	mux.Handle("GET /api/{$}", page)
	for _, d := range Documents() {
		mux.Handle("GET /api/"+d.Name, served{
			content: d.Content,
			etag:    etag(d.Content),
			header: [][2]string{
				{"Content-Type", "application/json"},
				{"Access-Control-Allow-Origin", "*"}, // for viewers and editors: there is nothing secret in it
			},
		})
	}
	return mux
}

// served is a file that is the same until the next version of the program.
type served struct {
	content []byte
	etag    string
	header  [][2]string
}

func etag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

func (s served) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for _, field := range s.header {
		h.Set(field[0], field[1])
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache") // ask, and mostly hear 304
	h.Set("ETag", s.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.content))
}
