//go:build e2e

package e2e

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// row is one attack: what is sent, and what the sender sees of it.
type row struct {
	name string
	send []byte
	want string // as peer.status and peer.seen write it
}

// hostile runs rows against one server. After each the server serves the next
// client within a second, and has nothing left of the attack.
func hostile(t *testing.T, s *server, rows []row, attack func(t *testing.T, r row) (seen string)) {
	t.Helper()
	before := restingFootprint(t, s)
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if seen := attack(t, r); seen != r.want {
				t.Errorf("the peer saw %q, want %q", seen, r.want)
			}
			serveNext(t, s)
		})
		wantSettled(t, s, before)
	}
	t.Logf("%d rows", len(rows))
}

// serveNext is the next client, who notices nothing of the last one.
func serveNext(t *testing.T, s *server) {
	t.Helper()
	began := time.Now()
	ada := dial(t, s.WS, nil)
	ada.join("ada", "next")
	ada.chat("hello")
	ada.want(message{Type: "chat", Username: "ada", Text: "hello"})
	if took := time.Since(began); took > time.Second {
		t.Errorf("the next client was served after %v, want a second at most", took)
	}
	if err := ada.conn.CloseNow(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// footprint is what a server holds on to.
type footprint struct{ sessions, files, goroutines int }

func footprintOf(t *testing.T, s *server) footprint {
	t.Helper()
	values := scrape(t, s)
	files, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "fd"))
	if err != nil {
		t.Fatal(err)
	}
	return footprint{int(values["parley_sessions"]), len(files), int(values["go_goroutines"])}
}

// restingFootprint is the footprint of a server that has nothing to do. Asking takes some
// goroutines itself, now one more and now, once in thousands of times, one less: that
// would be waited for without end. So of those it is the middle of several, of all else
// the least.
func restingFootprint(t *testing.T, s *server) footprint {
	t.Helper()
	least := footprintOf(t, s)
	goroutines := []int{least.goroutines}
	for len(goroutines) < 9 {
		now := footprintOf(t, s)
		least.sessions, least.files = min(least.sessions, now.sessions), min(least.files, now.files)
		goroutines = append(goroutines, now.goroutines)
	}
	slices.Sort(goroutines)
	least.goroutines = goroutines[len(goroutines)/2]
	return least
}

// wantSettled waits until the server holds no more than before.
func wantSettled(t *testing.T, s *server, before footprint) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		now := footprintOf(t, s)
		if now.sessions <= before.sessions && now.files <= before.files && now.goroutines <= before.goroutines {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server holds %+v, want no more than %+v", now, before)
		}
	}
}

// scrape reads /metrics: the series without labels. It leaves no connection
// behind, which would count as a descriptor and a goroutine.
func scrape(t *testing.T, s *server) map[string]float64 {
	t.Helper()
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(s.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	values := map[string]float64{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			values[name] = v
		}
	}
	if len(values) == 0 {
		t.Fatalf("/metrics (status %d) has no values", answer.StatusCode)
	}
	return values
}

// memory is a line of /proc/PID/status, in bytes: VmRSS is what the server
// holds, VmHWM the most that it ever held.
func memory(t *testing.T, s *server, name string) int {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kB, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kB << 10
		}
	}
	t.Fatalf("/proc has no %s", name)
	return 0
}
