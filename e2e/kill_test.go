//go:build e2e

package e2e

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestAKilledServerLosesNothingItAcknowledged kills a server under load, again and
// again on one data folder, while its clients resume and send again what they have
// no answer to. PARLEY_KILLS says how often, PARLEY_ACKED how many messages are to
// be acknowledged until the last kill.
func TestAKilledServerLosesNothingItAcknowledged(t *testing.T) {
	kills, want := number(t, "PARLEY_KILLS", 5), number(t, "PARLEY_ACKED", 20_000)
	data := filepath.Join(t.TempDir(), "data")
	crew := sail(t, 16, 4)
	starts := 0 // that were killed, too
	began := time.Now()
	for kill := range kills {
		s := serveFolder(t, data)
		crew.url.Store(&s.WS)
		before := crew.acked.Load()
		share := (int64(want) - before) / int64(kills-kill)
		until := before + 1 + rand.Int64N(2*max(share, 0)+1)
		if kill == kills-1 {
			until = max(int64(want), before+1)
		}
		within(t, 10*time.Minute, "the next messages are acknowledged", func() bool { return crew.acked.Load() >= until || t.Failed() })
		s.Kill()
		if strings.Contains(s.Log(), "new epoch") {
			t.Fatalf("after kill %d the server does not know its own database", kill)
		}
		if kill%5 == 0 {
			killWhileOpening(t, data)
			starts++
		}
	}
	took := time.Since(began)
	s := serveFolder(t, data)
	crew.url.Store(&s.WS)
	crew.finish()
	s.Kill()
	t.Logf("%d kills, and %d of a server that was starting; %.0f acknowledged a second", kills, starts, float64(crew.acked.Load())/took.Seconds())
	crew.compare(data)
}

// serveFolder starts a server on a data folder, without a rate.
func serveFolder(t *testing.T, data string, args ...string) *server {
	t.Helper()
	return startServer(t, append([]string{"--store", "sqlite", "--data", data, "--rate", "off"}, args...)...)
}

// killWhileOpening kills a server at some moment of its start.
func killWhileOpening(t *testing.T, data string) {
	t.Helper()
	p := run(t, start{}.command(t, "serve", "--listen", "127.0.0.1:0", "--store", "sqlite", "--data", data))
	<-time.After(rand.N(50 * time.Millisecond)) // no wait for a thing: the moment itself is what is tried
	p.Kill()
}

// number is a variable of whoever runs the tests, for the long runs.
func number(t *testing.T, name string, short int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return short
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number", name, text)
	}
	return n
}
