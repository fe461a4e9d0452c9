//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a program on a pseudo-terminal, with a person who types and reads.
type terminal struct {
	*process
	keys   *os.File
	screen logBuffer
	read   int // how much of the screen's lines has been matched
}

// runInTerminal runs cmd in a terminal that is wide enough for any line here.
func runInTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	keys, line, err := openTerminal()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	cmd.Stdin, cmd.Stdout, cmd.Stderr = line, line, line
	cmd.Env = append(os.Environ(), "TERM=xterm")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	term := &terminal{process: run(t, cmd), keys: keys}
	line.Close()
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := keys.Read(buf)
			term.screen.Write(buf[:n]) //nolint:errcheck // a buffer takes all
			if err != nil {            // EIO: the program has ended
				return
			}
		}
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the screen of %s:\n%s", term.name, term.text())
		}
	})
	return term
}

// openTerminal gives the two ends of a new pseudo-terminal (pty(7)).
func openTerminal() (keys, line *os.File, err error) {
	keys, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(keys.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 1000})
	}
	if err == nil {
		line, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		keys.Close()
		return nil, nil, err
	}
	return keys, line, nil
}

// types types text and the Enter key.
func (term *terminal) types(text string) {
	term.t.Helper()
	term.presses(text + "\r")
}

// presses types keys as they are.
func (term *terminal) presses(keys string) {
	term.t.Helper()
	if _, err := term.keys.WriteString(keys); err != nil {
		term.t.Fatalf("type %q: %v", keys, err)
	}
}

var (
	erased  = regexp.MustCompile(`[^\n]*\x1b\[(2K|0J)`) // the line so far, then an order to clear it
	escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]|\r`)
)

// text is what a person can read: no colours, and nothing that was erased.
func (term *terminal) text() string {
	return escapes.ReplaceAllString(erased.ReplaceAllString(term.screen.String(), ""), "")
}

// sees waits for a line that begins with what the pattern matches, after those
// seen before.
func (term *terminal) sees(pattern string) {
	term.t.Helper()
	line := regexp.MustCompile(`(?m)^` + pattern)
	var rest string
	holds := func() bool {
		text := term.text()
		rest = text[term.read:]
		found := line.FindStringIndex(rest)
		if found == nil || !strings.Contains(rest[found[1]:], "\n") {
			return false
		}
		term.read += found[1]
		return true
	}
	eventually(term.t, "the screen shows "+pattern, holds)
}
