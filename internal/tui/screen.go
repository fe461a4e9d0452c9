package tui

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen is a view on a terminal, with a line to type on at its bottom, which
// stays as it is while messages come in above it.
type screen struct {
	in     io.Reader
	out    io.Writer
	colour bool

	// gate is open only while the typist is waited for: between an Enter and
	// the erasing of its line nothing may be printed, for the erasing would take
	// that away. readLines holds it but for Read.
	gate   sync.Mutex
	term   *term.Terminal
	prompt string
	width  int
	left   bool // the prompt is gone, and does not come back
}

func newScreen(in io.Reader, out io.Writer, colour bool) *screen {
	s := &screen{in: in, out: out, colour: colour, width: 80}
	s.term = term.NewTerminal(s, "")
	s.inRoom("")
	return s
}

// Read and Write are the terminal's own side of s.term.

func (s *screen) Read(p []byte) (int, error) {
	s.gate.Unlock()
	defer s.gate.Lock()
	return s.in.Read(p)
}

func (s *screen) Write(p []byte) (int, error) { return s.out.Write(p) }

// readLines sends what is typed. Ctrl-C and Ctrl-D, which raw mode makes plain
// keys, mean /quit.
func (s *screen) readLines(ctx context.Context, lines chan<- string) {
	defer close(lines)
	s.gate.Lock()
	defer s.gate.Unlock()
	for {
		if s.left {
			return // before it was typed on at all
		}
		line, err := s.term.ReadLine()
		if err != nil {
			line = "/quit"
		} else {
			s.erase(line)
		}
		s.gate.Unlock()
		select {
		case lines <- line:
		case <-ctx.Done():
			err = ctx.Err()
		}
		s.gate.Lock()
		if err != nil {
			return
		}
	}
}

// erase takes the line that was just typed off the screen: its echo stands
// there soon, with a time and a name, among what the others say.
func (s *screen) erase(line string) {
	rows := (utf8.RuneCountInString(s.prompt)+utf8.RuneCountInString(line))/s.width + 1
	fmt.Fprintf(s.out, "\x1b[%dA\r\x1b[J", rows)
}

// resize tells the terminal's size, for lines that wrap.
func (s *screen) resize(width, height int) {
	s.gate.Lock()
	defer s.gate.Unlock()
	s.width = max(1, width)
	_ = s.term.SetSize(s.width, height) // fails where writing to the terminal fails
}

// leave takes the prompt off the screen.
func (s *screen) leave() {
	s.gate.Lock()
	defer s.gate.Unlock()
	s.left = true
	fmt.Fprint(s.out, "\r\x1b[J")
}

func (s *screen) message(at time.Time, name, text string) error {
	return s.print(at.Format("15:04"), " ", s.paint(colourOf(name), name), ": ", indented(text, "      "))
}

func (s *screen) notice(at time.Time, text string) error {
	return s.print(s.paint(dim, at.Format("15:04")+" * "+text))
}

func (s *screen) say(text string) error {
	return s.print(s.paint(dim, "* "+indented(text, "  ")))
}

func (s *screen) print(parts ...any) error {
	s.gate.Lock()
	defer s.gate.Unlock()
	_, err := io.WriteString(s.term, fmt.Sprint(parts...)+"\n")
	return err
}

func (s *screen) inRoom(name string) {
	s.gate.Lock()
	defer s.gate.Unlock()
	s.prompt = "> "
	if name != "" {
		s.prompt = "#" + name + "> "
	}
	s.term.SetPrompt(s.prompt)
	_, _ = s.term.Write(nil) // draws the prompt anew, if there is one
}

// SGR parameters (ECMA-48 §8.3.117).
const dim = "2"

func (s *screen) paint(sgr, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// colourOf gives a name the same colour everywhere: one of the six that are
// readable on dark and on light.
func colourOf(name string) string {
	h := fnv.New32a()
	_, _ = io.WriteString(h, name)
	return fmt.Sprintf("1;3%d", 1+h.Sum32()%6)
}

// terminals are in and out as files, if both are terminals that can move their
// cursor.
func terminals(in io.Reader, out io.Writer) (inFile, outFile *os.File, ok bool) {
	inFile, ok1 := in.(*os.File)
	outFile, ok2 := out.(*os.File)
	ok = ok1 && ok2 && os.Getenv("TERM") != "dumb" && isTerminal(inFile) && isTerminal(outFile)
	return inFile, outFile, ok
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
