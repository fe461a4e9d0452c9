package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress is a line that says how far something has come, for a person at a
// terminal; for nobody else.
type progress struct {
	out   io.Writer // nil for nobody
	doing string
	shown time.Time // last
}

func newProgress(out io.Writer, doing string) *progress {
	p := &progress{doing: doing}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.out = f
	}
	return p
}

// show draws the line, at most ten times a second, and once all is done: what
// follows may take its time.
func (p *progress) show(done, total int64) {
	now := time.Now()
	if p.out == nil || total == 0 || done < total && now.Sub(p.shown) < time.Second/10 {
		return
	}
	p.shown = now
	fmt.Fprintf(p.out, "\r%s: %d %%", p.doing, 100*done/total)
}

// end wipes the line.
func (p *progress) end() {
	if p.out != nil && !p.shown.IsZero() {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
