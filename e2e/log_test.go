//go:build e2e

package e2e

import (
	"bufio"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A log reader that blocks, or that is gone, costs lines and nothing else.
func TestBadLogReaderNeverStopsTheServer(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, reader *os.File){
		"it never reads": func(*testing.T, *os.File) {},
		"it died": func(t *testing.T, reader *os.File) {
			if err := reader.Close(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { reader.Close() })
			// The smallest pipe there is: a reader's backlog of 64 kB would only take longer to fill.
			if _, err := unix.FcntlInt(writer.Fd(), unix.F_SETPIPE_SZ, os.Getpagesize()); err != nil {
				t.Fatal(err)
			}
			s := start{Stderr: writer}.server(t)
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			spoil(t, reader)

			eventually(t, "log lines are dropped", func() bool {
				for range 50 { // sessions, each of which the log tells the beginning and the end
					dial(t, s.WS, nil).conn.CloseNow() //nolint:errcheck // its end is of no interest
				}
				return metric(t, s, "parley_log_lines_dropped_total") > 0
			})
			ada := dial(t, s.WS, nil)
			ada.join("ada", "lobby")
			ada.chat("hello")
			ada.want(message{Type: "chat", Username: "ada", Text: "hello"})
			if code, _ := s.Stop(); code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
		})
	}
}

// metric is the value of a metric without labels.
func metric(t *testing.T, s *server, name string) float64 {
	t.Helper()
	answer, err := http.Get(s.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	t.Fatalf("/metrics (status %d) has no %s", answer.StatusCode, name)
	return 0
}
