//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	awayFor    = 100_000  // messages
	awayMemory = 16 << 20 // that the server may need for telling them
	awayLive   = 10       // that are sent meanwhile
)

// One who was away for a hundred thousand messages is told them all, in order, by one
// join, then what was said meanwhile; and the server reads them as they are taken,
// and not all at once.
func TestOneWhoWasAwayCatchesUpInOneJoin(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := serveFolder(t, data)
	before := mustDialV1(t, s, "ada", "")
	joined := before.mustDo(t, "join", fields{"room": "lobby"})
	before.hangUp()
	began := time.Now()
	talk(t, s, "lobby", awayFor, 60)
	t.Logf("%d messages said in %v", awayFor, time.Since(began).Round(time.Millisecond))
	s.Kill() // so that what it needs to tell them is seen apart from what it took to get them

	s = serveFolder(t, data)
	grace, ada := mustDialV1(t, s, "grace", ""), mustDialV1(t, s, "ada", before.welcome.Pass)
	grace.mustDo(t, "history", fields{"room": "lobby", "limit": 100})
	resident := memory(t, s, "VmRSS")
	forgetPeak(t, s)
	began = time.Now()
	again := ada.mustDo(t, "join", fields{"room": "lobby", "since": fields{"epoch": joined.Room.Epoch, "seq": 0}})
	if again.From != 1 || again.Reset != "" || again.Room.Head != awayFor {
		t.Fatalf("the join is answered with %+v", again)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for seq := uint64(1); seq <= awayFor+awayLive; seq++ {
		e, err := ada.next(ctx)
		if err != nil || e.Type != "event" || e.Seq != seq || e.Kind != "message" || e.Text == "" {
			t.Fatalf("want event %d, got %+v, %v", seq, e, err)
		}
		if seq%(awayFor/awayLive) == 0 {
			if err := grace.write(ctx, "send", fmt.Sprint(seq), fields{"room": "lobby", "text": "meanwhile"}); err != nil {
				t.Fatal(err)
			}
		}
		if seq != awayFor {
			continue
		}
		if c, err := ada.next(ctx); err != nil || c.Type != "caught_up" || c.Seq != awayFor {
			t.Fatalf("behind event %d comes %+v, %v", seq, c, err)
		}
		took := time.Since(began)
		t.Logf("%d events in %v: %.0f a second", awayFor, took.Round(time.Millisecond), awayFor/took.Seconds())
	}
	grown := memory(t, s, "VmHWM") - resident
	t.Logf("the server held %d MB before, and at most %d kB more meanwhile", resident>>20, grown>>10)
	if grown > awayMemory {
		t.Errorf("the server needed %d MB, want %d at most", grown>>20, awayMemory>>20)
	}
}

// forgetPeak has VmHWM begin anew (proc_pid_clear_refs(5)).
func forgetPeak(t *testing.T, s *server) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0o200); err != nil {
		t.Fatal(err)
	}
}

// talk has n messages of about so many bytes said in a room, as fast as that goes,
// by four people who each wait for the answers to 32.
func talk(t *testing.T, s *server, room string, n, size int) {
	t.Helper()
	const people, ahead = 4, 32
	text := strings.Repeat("x", size)
	var all sync.WaitGroup
	for i := range people {
		c := mustDialV1(t, s, fmt.Sprint("talker ", i), "")
		all.Go(func() {
			defer c.hangUp()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			share := n / people
			if i < n%people {
				share++
			}
			for k := range share + ahead {
				if k >= ahead {
					if r, err := c.next(ctx); err != nil || r.Type != "ok" {
						t.Errorf("a send is answered with %+v, %v", r, err)
						return
					}
				}
				if k >= share {
					continue
				}
				if err := c.write(ctx, "send", fmt.Sprint(k), fields{"room": room, "text": fmt.Sprint(k, " ", text)}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}
