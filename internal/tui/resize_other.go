//go:build !unix

package tui

import (
	"os"

	"golang.org/x/term"
)

// follow takes the size of out once: this system does not tell of changes.
func (s *screen) follow(out *os.File) (stop func()) {
	if width, height, err := term.GetSize(int(out.Fd())); err == nil {
		s.resize(width, height)
	}
	return func() {}
}
