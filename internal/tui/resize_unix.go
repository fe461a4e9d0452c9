//go:build unix

package tui

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// follow keeps to the size of out until stop is called.
func (s *screen) follow(out *os.File) (stop func()) {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	fit := func() {
		if width, height, err := term.GetSize(int(out.Fd())); err == nil {
			s.resize(width, height)
		}
	}
	fit()
	go func() {
		for range changed {
			fit()
		}
	}()
	return func() {
		signal.Stop(changed)
		close(changed)
	}
}
