//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// wscat connects the real wscat, as the tutorial has it typed.
func wscat(t *testing.T, s *server) *terminal {
	t.Helper()
	path, err := filepath.Abs("node_modules/.bin/wscat")
	if err != nil {
		t.Fatal(err)
	}
	term := runInTerminal(t, exec.Command(need(t, path), "-c", "ws://localhost:"+s.Port))
	term.sees(`Connected \(press CTRL\+C to quit\)`)
	return term
}

// receives waits for the line that wscat shows for a frame of exactly this text.
func (term *terminal) receives(frame string) {
	term.t.Helper()
	term.sees(`< ` + regexp.QuoteMeta(frame) + `$`)
}

// receivesChat is receives for a chat, whose timestamp nobody knows.
func (term *terminal) receivesChat(user, text string) {
	term.t.Helper()
	term.sees(`< ` + regexp.QuoteMeta(`{"type":"chat","username":"`+user+`","text":"`+text+`","timestamp":`) + `\d{13}\}$`)
}

func TestTutorialsTerminalConversation(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	tutorialConversation(t, s, s)
}

// tutorialConversation is had through two servers, or one.
func tutorialConversation(t *testing.T, alices, bobs *server) {
	t.Helper()
	alice := wscat(t, alices)
	alice.types(`{"type":"join","username":"Alice","room":"general"}`)
	alice.receives(`{"type":"system","text":"Alice joined #general","users":["Alice"]}`)

	bob := wscat(t, bobs)
	bob.types(`{"type":"join","username":"Bob","room":"general"}`)
	for _, person := range []*terminal{alice, bob} {
		person.receives(`{"type":"system","text":"Bob joined #general","users":["Alice","Bob"]}`)
	}
	alice.types(`{"type":"chat","text":"Hello from the terminal!"}`)
	bob.receivesChat("Alice", "Hello from the terminal!")
	alice.receivesChat("Alice", "Hello from the terminal!")
	bob.types(`{"type":"chat","text":"Hi \"Alice\" 👋"}`)
	alice.receivesChat("Bob", `Hi \"Alice\" 👋`)
	bob.receivesChat("Bob", `Hi \"Alice\" 👋`)

	alice.types(`{"type":"leave"}`)
	bob.receives(`{"type":"system","text":"Alice left #general","users":["Bob"]}`)
	alice.types(`{"type":"join","username":"Alice"}`)
	bob.receives(`{"type":"system","text":"Alice joined #general","users":["Bob","Alice"]}`)

	bob.presses("\x03")
	alice.receives(`{"type":"system","text":"Bob left #general","users":["Alice"]}`)
	if code, _ := alices.Stop(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	alice.sees(`Disconnected \(code: 1001, reason: "`)
}

func TestTutorialsErrorsInTheTerminal(t *testing.T) {
	t.Parallel()
	alice := wscat(t, startServer(t))
	for _, c := range []struct{ typed, answer string }{
		{`hello`, "Invalid JSON"},
		{`{"type":"dance"}`, "Unknown message type"},
		{`[1,2]`, "Unknown message type"},
		{`{"type":"chat","text":"hi"}`, "Join a room first"},
		{`{"type":"join","username":7}`, "Invalid username"},
		{`{"type":"join","username":"Alice","room":["general"]}`, "Invalid room"},
	} {
		alice.types(c.typed)
		alice.receives(`{"type":"error","text":"` + c.answer + `"}`)
	}
	alice.types(`{"type":"join"}`)
	alice.receives(`{"type":"system","text":"Anonymous joined #general","users":["Anonymous"]}`)
	alice.types(`{"type":"chat","text":""}`)
	alice.receives(`{"type":"error","text":"Invalid text"}`)
	// Two chats were refused for their room and text, and count; eight are left.
	for range 8 {
		alice.types(`{"type":"chat","text":"hi"}`)
		alice.receivesChat("Anonymous", "hi")
	}
	alice.types(`{"type":"chat","text":"hi"}`)
	alice.receives(`{"type":"error","text":"Slow down! Max 10 msgs/10s"}`)
}
