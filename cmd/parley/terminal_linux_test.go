package main

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/parley-chat/parley/internal/config"
)

// typist is a person at a terminal that runs `parley join`.
type typist struct {
	keys    *os.File
	program *os.File // the other end
	screen  output   // all that the terminal was told to show
	code    chan int
}

func sitDown(t *testing.T, url string, args ...string) *typist {
	t.Helper()
	t.Setenv("NO_COLOR", "1")
	t.Setenv("TERM", "xterm")
	person, program := openTerminal(t)
	p := &typist{keys: person, program: program, code: make(chan int, 1)}
	go func() { _, _ = io.Copy(&p.screen, person) }()
	go func() { p.code <- run(append([]string{"join", url}, args...), streams{program, program, program}) }()
	return p
}

func (p *typist) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(p.keys, keys); err != nil {
		t.Fatal(err)
	}
}

// sees waits until the newest on the screen ends with text.
func (p *typist) sees(t *testing.T, text string) {
	t.Helper()
	eventually(t, func() bool { return strings.HasSuffix(p.screen.String(), text) }, func() string {
		return "the screen does not end with " + text + ":\n" + p.screen.String()
	})
}

func (p *typist) left(t *testing.T, want int) {
	t.Helper()
	select {
	case code := <-p.code:
		if code != want {
			t.Errorf("exit code %d, want %d\n%s", code, want, &p.screen)
		}
	case <-time.After(patience):
		t.Fatalf("it does not end\n%s", &p.screen)
	}
	settings, err := unix.IoctlGetTermios(int(p.program.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if settings.Lflag&unix.ECHO == 0 {
		t.Error("the terminal is left without its echo")
	}
}

func TestAPersonChatsInATerminal(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	ada := sitDown(t, url, "--name=ada", "--room=lobby")
	ada.sees(t, "* ada joined #lobby\r\n#lobby> ")

	ada.press(t, "hello\r")
	ada.sees(t, "ada: hello\r\n#lobby> ")
	if n := strings.Count(ada.screen.String(), "ada: hello"); n != 1 {
		t.Errorf("the own message is shown %d times", n)
	}

	ada.press(t, "half a li")
	ada.sees(t, "#lobby> half a li")
	grace := join(t, url, "--name=grace", "--room=lobby")
	ada.sees(t, "* grace joined #lobby\r\n#lobby> half a li")
	grace.feed(t, "meanwhile\n")
	ada.sees(t, "grace: meanwhile\r\n#lobby> half a li")
	ada.press(t, "ne\r")
	grace.out.wait(t, "ada: half a line\n")

	ada.press(t, "/who\r")
	ada.sees(t, "* 2 in #lobby: ada, grace\r\n#lobby> ")
	ada.press(t, "//shrug\r")
	grace.out.wait(t, "ada: /shrug\n")
	ada.press(t, "/nonsense\r")
	ada.sees(t, "* no command /nonsense: /help lists them; to send it as a text, write //nonsense\r\n#lobby> ")

	ada.press(t, "/join #attic\r")
	grace.out.wait(t, "* ada left #lobby\n")
	ada.sees(t, "* ada joined #attic\r\n#attic> ")
	ada.press(t, "/join "+strings.Repeat("x", 65)+"\r")
	ada.sees(t, "can't be joined: Invalid room\r\n#attic> ")
	ada.press(t, "/leave\r")
	ada.sees(t, "> ")
	ada.press(t, "anyone?\r")
	ada.sees(t, "* you are in no room: /join ROOM\r\n> ")

	grace.end(t, exitOK)
	ada.press(t, "unsaid\x03") // Ctrl-C
	ada.left(t, exitOK)
}

func TestAPersonIsToldAtOnceThatNobodyAnswers(t *testing.T) {
	ada := sitDown(t, "http://127.0.0.1:1")
	ada.left(t, exitFailed)
	ada.sees(t, "parley: nothing answers at http://127.0.0.1:1 (is `parley serve` running there?)\r\n")
}

func TestAPersonWhoTypesTooFastWaits(t *testing.T) {
	url, _ := startNode(t, config.Serve{Rate: config.Rate{N: 2, Per: 300 * time.Millisecond}})
	ada := sitDown(t, url, "--name=ada")
	ada.sees(t, "#general> ")
	ada.press(t, "one\rtwo\rthree\rfour\rfive\r")
	ada.sees(t, "ada: five\r\n#general> ")
	if got := ada.screen.String(); strings.Count(got, "* waiting: Slow down! Max 2 msgs/300ms") != 1 {
		t.Errorf("the screen shows:\n%s", got)
	}
	ada.press(t, "\x04") // Ctrl-D
	ada.left(t, exitOK)
}

func TestATerminalComesBackWithItsServer(t *testing.T) {
	url, drain := startNode(t, config.Serve{})
	ada := sitDown(t, url, "--name=ada")
	ada.sees(t, "#general> ")
	ada.press(t, "/join lobby\r")
	ada.sees(t, "#lobby> ")
	drain()
	startNode(t, config.Serve{Listen: strings.TrimPrefix(url, "http://")})
	ada.screen.wait(t, "* connected\r\n")
	ada.sees(t, "* ada joined #lobby\r\n#lobby> ")
	ada.press(t, "/quit\r")
	ada.left(t, exitOK)
}
