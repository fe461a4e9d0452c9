package logging

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// reader reads the log when the test lets it.
type reader struct {
	gate chan struct{} // a write waits for it to be closed; nil: it never waits
	err  error

	mu   sync.Mutex
	text bytes.Buffer
}

func (r *reader) Write(p []byte) (int, error) {
	if r.gate != nil {
		<-r.gate
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return 0, r.err
	}
	return r.text.Write(p)
}

func (r *reader) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

type count float64

func (c *count) Add(n float64) { *c += count(n) }

func TestLinesArriveInOrderAndCloseWaitsForThem(t *testing.T) {
	out := &reader{}
	log, w := New(out, "json")
	for i := range 100 {
		log.Info("line", "n", i)
	}
	w.Close(time.Minute)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 100 {
		t.Fatalf("%d lines, want 100", len(lines))
	}
	for i, line := range lines {
		if !strings.HasSuffix(line, fmt.Sprintf(`"msg":"line","n":%d}`, i)) {
			t.Errorf("line %d is %s", i, line)
		}
	}
}

func TestAReaderThatStopsNeverStopsTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{gate: make(chan struct{})}
		log, w := New(out, "text")
		log.Info("the one that the reader holds")
		synctest.Wait() // run has taken it and waits in out.Write
		for range MaxLines + 7 {
			log.Info("line")
		}
		if got := w.Dropped(); got != 7 {
			t.Errorf("%d lines dropped, want 7", got)
		}
		var c count
		w.CountDrops(&c)
		log.Info("one more")
		if c != 8 {
			t.Errorf("the counter is at %v, want 8", c)
		}
		start := time.Now()
		w.Close(time.Second)
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("Close waited %s for a reader that is stopped, want 1s", waited)
		}
		close(out.gate)
	})
}

func TestTheLogSaysWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{gate: make(chan struct{})}
		log, w := New(out, "text")
		log.Info("first")
		synctest.Wait()
		for range MaxLines + 3 {
			log.Info("line")
		}
		close(out.gate)
		synctest.Wait()
		w.Close(time.Second)
		if text := out.String(); !strings.HasSuffix(text, "lines=3\n") || strings.Count(text, "dropped") != 1 {
			t.Errorf("the log ends with %q", text[max(0, len(text)-200):])
		}
	})
}

func TestAReaderThatDiedIsCounted(t *testing.T) {
	out := &reader{err: errors.New("broken pipe")}
	log, w := New(out, "text")
	for range 5 {
		log.Info("line")
	}
	w.Close(time.Minute)
	if got := w.Dropped(); got != 5 {
		t.Errorf("%d lines dropped, want 5", got)
	}
}

func TestALongLineIsCut(t *testing.T) {
	out := &reader{}
	log, w := New(out, "text")
	log.Info(strings.Repeat("x", 2*MaxLineBytes))
	w.Close(time.Minute)
	if text := out.String(); len(text) != MaxLineBytes || !strings.HasSuffix(text, "x…\n") {
		t.Errorf("%d bytes, ending in %q", len(text), text[len(text)-8:])
	}
}
