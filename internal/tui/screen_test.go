package tui

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// glass is the outer side of a terminal: what was written to it since the test
// last looked.
type glass struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (g *glass) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.Write(p)
}

// look waits until the program waits for the typist, and takes what it wrote.
func (g *glass) look() string {
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	text := g.text.String()
	g.text.Reset()
	return text
}

// atTerminal runs test with somebody typing on a screen.
func atTerminal(t *testing.T, test func(t *testing.T, s *screen, keys io.Writer, g *glass, lines <-chan string)) {
	synctest.Test(t, func(t *testing.T) {
		in, keys := io.Pipe()
		g := &glass{}
		s := newScreen(in, g, false)
		s.inRoom("lobby")
		lines := make(chan string)
		ctx, cancel := context.WithCancel(t.Context())
		go s.readLines(ctx, lines)
		test(t, s, keys, g, lines)
		cancel()
		_ = keys.Close()
		for range lines {
		}
	})
}

func press(t *testing.T, keys io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(keys, text); err != nil {
		t.Fatal(err)
	}
}

var atNoon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)

func TestAHalfTypedLineStaysWhenAMessageComes(t *testing.T) {
	atTerminal(t, func(t *testing.T, s *screen, keys io.Writer, g *glass, lines <-chan string) {
		if got := g.look(); got != "#lobby> " {
			t.Errorf("the prompt is %q", got)
		}
		press(t, keys, "hel")
		g.look()
		if err := s.message(atNoon, "grace", "two\nlines"); err != nil {
			t.Fatal(err)
		}
		got := g.look()
		if !strings.Contains(got, "12:00 grace: two\r\n      lines\r\n") || !strings.HasSuffix(got, "#lobby> hel") {
			t.Errorf("the terminal gets %q", got)
		}
		press(t, keys, "lo\r")
		if line := <-lines; line != "hello" {
			t.Errorf("the line is %q, want hello", line)
		}
		if got := g.look(); !strings.Contains(got, "lo\r\n\x1b[1A\r\x1b[J#lobby> ") {
			t.Errorf("after Enter the terminal gets %q: the line is not taken off", got)
		}
	})
}

func TestALineOfSeveralRowsIsTakenOffWhole(t *testing.T) {
	atTerminal(t, func(t *testing.T, s *screen, keys io.Writer, g *glass, lines <-chan string) {
		s.resize(20, 24)
		press(t, keys, strings.Repeat("x", 40)) // 8 of prompt and 40 are three rows of 20
		press(t, keys, "\r")
		<-lines
		if got := g.look(); !strings.Contains(got, "\r\n\x1b[3A\r\x1b[J") {
			t.Errorf("the terminal gets %q", got)
		}
	})
}

func TestAMessageBetweenEnterAndTheNextPromptIsNotErased(t *testing.T) {
	atTerminal(t, func(t *testing.T, s *screen, keys io.Writer, g *glass, lines <-chan string) {
		press(t, keys, "one\r") // nobody takes the line yet
		g.look()
		if err := s.message(atNoon, "grace", "meanwhile"); err != nil {
			t.Fatal(err)
		}
		if got := g.look(); got != "12:00 grace: meanwhile\r\n" {
			t.Errorf("the terminal gets %q", got)
		}
		<-lines
		if got := g.look(); got != "#lobby> " {
			t.Errorf("then it gets %q, want the prompt", got)
		}
	})
}

func TestCtrlCAndCtrlDQuit(t *testing.T) {
	for _, key := range []string{"\x03", "\x04", "half a line\x03"} {
		atTerminal(t, func(t *testing.T, _ *screen, keys io.Writer, _ *glass, lines <-chan string) {
			press(t, keys, key)
			if line := <-lines; line != "/quit" {
				t.Errorf("%q gives %q, want /quit", key, line)
			}
			if _, more := <-lines; more {
				t.Error("and then another line")
			}
		})
	}
}

func TestColoursAreLeftOutWhereNobodyWantsThem(t *testing.T) {
	for _, colour := range []bool{true, false} {
		g := &glass{}
		s := newScreen(strings.NewReader(""), g, colour)
		_ = s.message(atNoon, "ada", "hi")
		_ = s.notice(atNoon, "ada joined #lobby")
		_ = s.say("connected")
		if got := strings.Contains(g.text.String(), "\x1b["); got != colour {
			t.Errorf("colour %v: the terminal gets %q", colour, g.text.String())
		}
	}
}
