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
	ada.sees(t, "ada: half a line\r\n#lobby> ")
	grace.out.wait(t, "ada: half a line\n")

	ada.press(t, "/who\r")
	ada.sees(t, "* 2 in #lobby: ada, grace\r\n#lobby> ")
	ada.press(t, "//shrug\r")
	ada.sees(t, "ada: /shrug\r\n#lobby> ")
	grace.out.wait(t, "ada: /shrug\n")
	ada.press(t, "/nonsense\r")
	ada.sees(t, "* no command /nonsense: /help lists them; to send it as a text, write //nonsense\r\n#lobby> ")

	ada.press(t, "/join #attic\r")
	grace.out.wait(t, "* ada left #lobby\n")
	ada.sees(t, "* ada joined #attic\r\n#attic> ")
	ada.press(t, "/join "+strings.Repeat("x", 65)+"\r")
	ada.sees(t, "can't be joined: room: want 1 to 64 visible characters\r\n#attic> ")
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
	url, _ := startNode(t, config.Serve{Rate: config.Rate{N: 2, Per: 1500 * time.Millisecond}})
	ada := sitDown(t, url, "--name=ada")
	ada.sees(t, "#general> ")
	ada.press(t, "one\rtwo\rthree\rfour\rfive\r")
	ada.sees(t, "ada: five\r\n#general> ")
	if got := ada.screen.String(); strings.Count(got, "* waiting: the server takes 2 messages in 1.5s") != 1 {
		t.Errorf("the screen shows:\n%s", got)
	}
	ada.press(t, "\x04") // Ctrl-D
	ada.left(t, exitOK)
}

func TestATerminalComesBackWithItsServer(t *testing.T) {
	kept := config.Serve{Store: "sqlite", Data: t.TempDir()}
	url, drain := startNode(t, kept)
	ada := sitDown(t, url, "--name=ada")
	ada.sees(t, "#general> ")
	ada.press(t, "/join lobby\r")
	ada.sees(t, "* ada joined #lobby\r\n#lobby> ")
	drain()
	ada.screen.wait(t, "the server is restarting; trying again in")
	ada.press(t, "in between\r") // kept until there is a server
	kept.Listen = strings.TrimPrefix(url, "http://")
	startNode(t, kept)
	ada.screen.wait(t, "* back: caught up")
	ada.sees(t, "ada: in between\r\n#lobby> ")
	ada.press(t, "/quit\r")
	ada.left(t, exitOK)
}

func TestAPersonChangesAnswersAndLooksUpMessages(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	grace := join(t, url, "--name=grace", "--room=lobby")
	grace.feed(t, "who has the minutes?\n")
	grace.out.wait(t, "grace: who")
	ada := sitDown(t, url, "--name=ada", "--room=lobby")
	ada.screen.wait(t, "grace: who has the minutes?") // said before she came
	grace.out.wait(t, "* ada joined #lobby\n")
	for _, tt := range []struct{ types, sees, says string }{
		{"me", "ada: me", "ada: me"},
		{"/edit I do", "* ada changed #2: I do", "* ada changed #2: I do"},
		{"/reply here they are", "ada: (to grace #1) here they are", "ada: (to grace #1) here they are"},
		{"/reply #2 or not", "ada: (to ada #2) or not", "ada: (to ada #2) or not"},
		{"/react 👍", "* ada put 👍 on #1 of grace", "* ada put 👍 on #1 of grace"},
		{"/unreact #1 👍", "* ada took 👍 off #1 of grace", "* ada took 👍 off #1 of grace"},
		{"/delete", "* ada deleted #5", "* ada deleted #5"},
		{"/delete #1", "#1 is not deleted: ", ""},
		{"/edit #99 x", "#99 is not changed: ", ""},
		{"/topic minutes", "* ada set the topic: minutes", "* ada set the topic: minutes"},
		{"/topic", "* the topic of #lobby: minutes", ""},
		{"/numbers", "#1 grace: who has the minutes?\r\n  #2 ada: I do\r\n  #4 ada: here they are\r\n  #5 ada: (deleted)\r\n", ""},
		{"/search minutes", "* found in #lobby:\r\n  #1 ", ""},
		{"/search nonsense", "* nothing was found in #lobby", ""},
		{"/rooms", "* rooms:\r\n  #lobby  2 here", ""},
		{"/more", "* there is nothing before this", ""},
		{"/name Ada", "* you are Ada now", "* ada is Ada now"},
		{"/who", "* 2 in #lobby: Ada, grace", ""},
		{"/help", "/numbers ", ""},
		{"/react", "what, and on which message?", ""},
		{"/edit", "what is the new text?", ""},
	} {
		ada.press(t, tt.types+"\r")
		ada.screen.wait(t, tt.sees)
		grace.out.wait(t, tt.says)
	}
	grace.end(t, exitOK)
	ada.press(t, "/quit\r")
	ada.left(t, exitOK)
}

func TestEarlierMessagesAreShownPageByPage(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	grace := join(t, url, "--name=grace")
	grace.feed(t, strings.Join(numbers(60), "\n")+"\n")
	grace.end(t, exitOK)
	ada := sitDown(t, url, "--name=ada")
	ada.sees(t, "* ada joined #general\r\n#general> ")
	if got := ada.screen.String(); strings.Contains(got, "line 9\r\n") || !strings.Contains(got, "line 10\r\n") {
		t.Errorf("the screen shows:\n%s", got)
	}
	ada.press(t, "/more\r")
	ada.screen.wait(t, "* earlier in #general:\r\n  #1 ")
	ada.screen.wait(t, "grace: line 9\r\n")
	ada.press(t, "/more\r")
	ada.screen.wait(t, "* there is nothing before this")
	ada.press(t, "\x04")
	ada.left(t, exitOK)
}
