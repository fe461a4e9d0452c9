package logging

import (
	"io"
	"sync"
	"time"
)

// What waits for the log's reader is bounded by these: 4 MiB at most.
const (
	MaxLines     = 512
	MaxLineBytes = 8 << 10
)

// Writer is where a slog handler puts its lines. Any goroutine may write; Write
// never blocks and never fails.
type Writer struct {
	lines chan []byte
	quit  chan struct{} // closed by Close
	done  chan struct{} // closed by run
	tell  func(n int)   // logs that n lines are missing

	mu      sync.Mutex
	dropped int
	counter Counter // nil until CountDrops
	closed  bool
}

// Counter is a metric that only rises.
type Counter interface{ Add(float64) }

// newWriter writes to out until it is closed. tell is called, by the goroutine
// that writes, once lines flow again after some were dropped.
func newWriter(out io.Writer, tell func(n int)) *Writer {
	w := &Writer{lines: make(chan []byte, MaxLines), quit: make(chan struct{}), done: make(chan struct{}), tell: tell}
	go w.run(out)
	return w
}

// Write takes one line, as a slog handler gives it.
func (w *Writer) Write(line []byte) (int, error) {
	const cut = "…\n"
	kept := append([]byte(nil), line[:min(len(line), MaxLineBytes)]...)
	if len(line) > MaxLineBytes {
		kept = append(kept[:MaxLineBytes-len(cut)], cut...)
	}
	select {
	case w.lines <- kept:
	default:
		w.drop()
	}
	return len(line), nil
}

func (w *Writer) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dropped++
	if w.counter != nil {
		w.counter.Add(1)
	}
}

// Dropped is how many lines never reached the log's reader.
func (w *Writer) Dropped() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}

// CountDrops adds to c for each dropped line, those of the past too.
func (w *Writer) CountDrops(c Counter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.Add(float64(w.dropped))
	w.counter = c
}

// Close writes what waits and stops, but gives up after timeout: the last lines
// are not worth a program that cannot end.
func (w *Writer) Close(timeout time.Duration) {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.quit)
	}
	w.mu.Unlock()
	select {
	case <-w.done:
	case <-time.After(timeout):
	}
}

func (w *Writer) run(out io.Writer) {
	defer close(w.done)
	told := 0 // of the dropped lines, those that the log speaks of
	write := func(line []byte) {
		if _, err := out.Write(line); err != nil {
			w.drop()
			return
		}
		if dropped := w.Dropped(); dropped > told && len(w.lines) == 0 {
			told, dropped = dropped, dropped-told
			w.tell(dropped)
		}
	}
	for {
		select {
		case line := <-w.lines:
			write(line)
		case <-w.quit:
			for len(w.lines) > 0 {
				write(<-w.lines)
			}
			return
		}
	}
}
