package tui

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// view is where a chat is shown. Names and texts are shown as given: they have
// gone through visible.
type view interface {
	message(at time.Time, name, text string) error // somebody said it
	notice(at time.Time, text string) error        // the room says it
	say(text string) error                         // this program says it
	inRoom(name string)                            // empty: in none
}

// plain is a view for files and pipes: a line for each message on out, with the
// whole date. What this program itself has to say goes to err.
type plain struct{ out, err io.Writer }

func (p plain) message(at time.Time, name, text string) error {
	_, err := fmt.Fprintf(p.out, "%s %s: %s\n", stamp(at), name, indented(text, "  "))
	return err
}

func (p plain) notice(at time.Time, text string) error {
	_, err := fmt.Fprintf(p.out, "%s * %s\n", stamp(at), text)
	return err
}

// say ignores that err is gone: the chat goes on.
func (p plain) say(text string) error {
	_, _ = fmt.Fprintf(p.err, "parley: %s\n", text)
	return nil
}

func (p plain) inRoom(string) {}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// indented puts by before each line but the first, so that no line of a text
// can pass for a message of its own.
func indented(text, by string) string {
	return strings.ReplaceAll(text, "\n", "\n"+by)
}
