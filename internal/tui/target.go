package tui

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/parley-chat/parley/internal/room"
)

// Target is where to chat.
type Target struct {
	URL  string // ws:// or wss://, with a path
	Room string // what stands behind #; empty if nothing does
}

// DefaultURL is the address of `parley serve` without a flag.
const DefaultURL = "http://localhost:8080"

// ParseTarget reads the address of a server as a person writes it: the address
// of its page (http, https), with or without #room, or of its WebSocket (ws,
// wss). A host alone counts as http.
func ParseTarget(raw string) (Target, error) {
	const want = "want an address such as " + DefaultURL + " or https://chat.example/#room"
	text := raw
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return Target{}, fmt.Errorf("URL %q: %s", raw, want)
	}
	switch u.Scheme {
	case "http", "ws":
		u.Scheme = "ws"
	case "https", "wss":
		u.Scheme = "wss"
	default:
		return Target{}, fmt.Errorf("URL %q has the scheme %s: %s", raw, u.Scheme, want)
	}
	if u.User != nil {
		return Target{}, fmt.Errorf("URL %q holds a user: give a token with --token", u.Redacted())
	}
	t := Target{Room: u.Fragment}
	if t.Room != "" {
		if _, err := room.CleanRoom(t.Room); err != nil {
			return Target{}, fmt.Errorf("URL %q: %q is no room: want 1 to 64 letters, without control characters", raw, t.Room)
		}
	}
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" || u.Path == "/" {
		u.Path = "/ws"
	}
	t.URL = u.String()
	return t, nil
}

// page is the address as the person knows it, for what is said to them.
func (t Target) page() string {
	return strings.TrimSuffix("http"+strings.TrimPrefix(t.URL, "ws"), "/ws")
}
