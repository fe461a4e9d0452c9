package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

func TestWhatThisMachineCannotRunIsLeftOut(t *testing.T) {
	can := server{name: "can", build: func(string) error { return nil }}
	cannot := server{name: "cannot", build: func(string) error { return leftOut("it wants %s", "more") }}
	s := suite{servers: []server{cannot, can}}
	if err := s.build(); err != nil {
		t.Fatal(err)
	}
	if len(s.servers) != 1 || s.servers[0].name != "can" || len(s.absent) != 1 || !strings.Contains(s.absent[0], "it wants more") {
		t.Errorf("left are %v, and it says %q", s.servers, s.absent)
	}
	if err := (&suite{servers: []server{cannot}}).build(); err == nil {
		t.Error("a suite without a server began")
	}
	broken := server{name: "broken", build: func(string) error { return errors.New("no such file") }}
	if err := (&suite{servers: []server{can, broken}}).build(); err == nil {
		t.Error("a server that should be there, and is not, was left out")
	}
}

// A server that cannot do one run is none to stop for: hours may have passed.
func TestAFailedRunIsSaidAndTheOthersGoOn(t *testing.T) {
	dies := server{name: "dies", wire: load.Tutorial{}, command: func(string) []string { return []string{"false"} }}
	c := size{sessions: 10, senders: 1, frame: 124, scale: 1, window: time.Second}.measurements()[0]
	s := suite{rounds: 2, tries: 1, servers: []server{dies}, measures: []measurement{c}, out: t.TempDir()}
	if err := s.take(context.Background(), c, c.runs[0]); err != nil {
		t.Fatal(err)
	}
	if !s.broken || len(s.absent) != 1 || !strings.HasPrefix(s.absent[0], "dies, saturation") {
		t.Errorf("broken: %v, and it says %q", s.broken, s.absent)
	}
	if err := s.write(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(s.out, "report.json")); err == nil {
		t.Error("a report of nothing was written")
	}
}

func TestAReportHoldsAllThatWasSeen(t *testing.T) {
	s := suite{base: "ws", out: filepath.Join(t.TempDir(), "new"), seen: []series{
		{"saturation", "parley", []load.Result{ran("parley", 800)}},
		{"saturation", "ws", []load.Result{ran("ws", 100)}},
	}}
	if err := s.write(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"report.json", "report.html", "table.md"} {
		b, err := os.ReadFile(filepath.Join(s.out, name))
		if err != nil || !strings.Contains(string(b), "parley") || !strings.Contains(string(b), "ws") {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
	}
	if plots, err := filepath.Glob(filepath.Join(s.out, "plots", "*.svg")); len(plots) == 0 {
		t.Errorf("no plots: %v", err)
	}
}
