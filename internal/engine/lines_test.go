package engine

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatFailsForEverybodyIsSaidByFewLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := newLines(slog.New(slog.NewTextHandler(&out, nil)))
		for range 10_000 {
			l.warn("a room could not be looked up", errors.New("the store is away"))
		}
		l.say("session closed", nil) // which has its own place
		time.Sleep(2 * time.Second)
		l.warn("a room could not be looked up", errors.New("the store is away"))
		if n := strings.Count(out.String(), "looked up"); n != faultBurst+1 {
			t.Errorf("%d lines, want %d", n, faultBurst+1)
		}
		if !strings.Contains(out.String(), "session closed") || !strings.Contains(out.String(), "left_out=9995") {
			t.Errorf("the log is\n%s", out.String())
		}
	})
}
