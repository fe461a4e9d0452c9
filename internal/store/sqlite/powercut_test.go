//go:build e2e

package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	osexec "os/exec" // exec is ours
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Variables that make this test binary a writer, which is killed with the power.
const (
	writerFolder = "PARLEY_TEST_WRITER"
	writerPragma = "PARLEY_TEST_PRAGMA"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(writerFolder); folder != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(folder, os.Getenv(writerPragma)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled appends to the rooms of a store, and after each batch prints
// the head of every room in it.
func writeUntilKilled(folder, pragma string) error {
	s, err := Open(folder, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if pragma != "" {
		if err := s.writer.Exec(pragma); err != nil {
			return err
		}
	}
	heads, err := headsOf(s)
	if err != nil {
		return err
	}
	for {
		drafts := make([]store.Draft, 1+rand.IntN(1<<rand.IntN(9)))
		for i := range drafts {
			room := fmt.Sprintf("room-%d", rand.IntN(4))
			heads[room]++
			drafts[i] = said(room, heads[room])
		}
		results, err := s.Append(context.Background(), drafts)
		if err != nil {
			fmt.Println() // acknowledges nothing
			if heads, err = headsOf(s); err != nil {
				return err
			}
			continue
		}
		var line strings.Builder
		for _, r := range results {
			if !r.New {
				return fmt.Errorf("a key is there already: %+v", r)
			}
			fmt.Fprintf(&line, "%s %d ", r.Event.Room, r.Event.Seq)
		}
		fmt.Println(line.String())
	}
}

// headsOf is the head of each room, as it is read.
func headsOf(s *Store) (map[string]protocol.Seq, error) {
	heads := map[string]protocol.Seq{}
	rooms, err := s.Rooms(context.Background())
	for _, r := range rooms {
		heads[r.Name] = r.Head
	}
	return heads, err
}

// said is what the writer says at a seq: messages of a few bytes, or more than a
// page; of each ten, one is deleted again and one is edited.
func said(room string, seq protocol.Seq) store.Draft {
	text := fmt.Sprintf("%s %d ", room, seq)
	text = strings.Repeat(text, 1+int(seq*2654435761>>7%400))
	switch seq % 10 {
	case 5:
		return about(protocol.KindDelete, room, ada, seq-3, "")
	case 0:
		return about(protocol.KindEdit, room, ada, seq-7, text)
	}
	d := message(room, ada, text)
	d.Key = fmt.Sprint("key-", seq)
	return d
}

// stands is what is read of it once the log has come to head, but for its time.
func stands(room string, seq, head protocol.Seq) protocol.Event {
	d := said(room, seq)
	e := protocol.Event{Room: room, Seq: seq, Kind: d.Kind, User: ada, Text: d.Text, Key: d.Key, Target: d.Target}
	switch {
	case seq%10 == 2 && seq+3 <= head:
		e.Text, e.Deleted = "", true
	case seq%10 == 3 && seq+7 <= head:
		e.Text = said(room, seq+7).Text
	}
	return e
}

// TestAPowerCutLosesNothingThatWasAcknowledged cuts the power of a store's disk
// again and again. PARLEY_CUTS says how often.
func TestAPowerCutLosesNothingThatWasAcknowledged(t *testing.T) {
	cuts := cutsAsked(t)
	v := newVictim(t)
	acked, unsafe := 0, 0
	for range cuts {
		if rand.IntN(4) == 0 {
			v.moveOut() // so that making a folder is tried, too
		}
		before := v.total()
		unsafe += v.run(t, rand.IntN(2) == 0, max(0, rand.IntN(150)-50))
		if err := v.damage(); err != nil {
			t.Fatalf("after %d acknowledged: %v", v.total(), err)
		}
		acked += v.total() - before
	}
	t.Logf("%d cuts, %d acknowledged, %d changes that were not safe: 0 lost", cuts, acked, unsafe)
	if acked == 0 || unsafe == 0 {
		t.Error("nothing was tried")
	}
}

// cutsAsked is how often the power is to be cut.
func cutsAsked(t *testing.T) int {
	t.Helper()
	text := os.Getenv("PARLEY_CUTS")
	if text == "" {
		return 10
	}
	cuts, err := strconv.Atoi(text)
	if err != nil || cuts < 1 {
		t.Fatalf("PARLEY_CUTS is %q, want a number", text)
	}
	return cuts
}

// TestAFailedFsyncLosesNothingThatWasAcknowledged cuts the power of a disk whose
// fsyncs fail now and then, and which then has lost what the system believes it to
// have.
func TestAFailedFsyncLosesNothingThatWasAcknowledged(t *testing.T) {
	v := newVictim(t)
	v.failing = true
	cuts, acked := (cutsAsked(t)+4)/5, 0
	for range cuts {
		v.moveOut() // each failure has the whole database checked
		v.run(t, rand.IntN(2) == 0, 60)
		if err := v.damage(); err != nil {
			t.Fatalf("after %d acknowledged: %v", v.total(), err)
		}
		acked += v.total()
	}
	t.Logf("%d cuts, %d acknowledged, %d batches refused: 0 lost", cuts, acked, v.failed)
	if v.failed == 0 || acked == 0 {
		t.Error("nothing was tried")
	}
}

// TestThePowerCutFindsAStoreThatDoesNotSync is the control of the tests above. One
// cut may come just after a checkpoint, which syncs even so; ten don't.
func TestThePowerCutFindsAStoreThatDoesNotSync(t *testing.T) {
	for _, pragma := range []string{"pragma synchronous = normal", "pragma synchronous = off"} {
		var err error
		for cut := 0; cut < 10 && err == nil; cut++ {
			v := newVictim(t)
			v.pragma = pragma
			v.run(t, true, 20)
			err = v.damage()
		}
		if err == nil {
			t.Errorf("with %s nothing was lost", pragma)
		}
		t.Logf("%s: %v", pragma, err)
	}
}

// TestAStartCanBeCutOffAnywhere takes the power after the first, the second, the
// third… thing that a start does to the disk, until it comes to its first append.
func TestAStartCanBeCutOffAnywhere(t *testing.T) {
	for name, before := range map[string]int{"in a new folder": 0, "in one with rooms": 3} {
		for what, all := range map[string]bool{"of what was synced": true, "of what was synced and some more": false} {
			t.Run(name+", with the rest "+what, func(t *testing.T) {
				steps := 0
				for acked := 0; acked == 0; {
					steps++
					v := newVictim(t)
					if before > 0 {
						v.run(t, true, before)
						if err := v.damage(); err != nil {
							t.Fatal(err)
						}
					}
					stood := v.total()
					v.steps = steps
					v.run(t, all, 1)
					acked = v.total() - stood
					if err := v.damage(); err != nil {
						t.Errorf("cut off after %d steps: %v", steps, err)
					}
				}
				t.Logf("%d steps", steps)
			})
		}
	}
}

// victim is a store whose power is cut.
type victim struct {
	disk    string
	folder  int // how often it moved
	pragma  string
	steps   int                     // after so many the disk does nothing any more; 0 for no end
	failing bool                    // its fsyncs, from the first batch on
	failed  int                     // batches
	acked   map[string]protocol.Seq // the head of each room
	epochs  map[string]string       // as first seen
}

func newVictim(t *testing.T) *victim {
	return &victim{disk: t.TempDir(), acked: map[string]protocol.Seq{}}
}

func (v *victim) data(disk string) string {
	return filepath.Join(disk, fmt.Sprintf("data-%d", v.folder))
}

// moveOut has the next writer begin in a folder that isn't there yet.
func (v *victim) moveOut() {
	v.folder++
	v.acked, v.epochs = map[string]protocol.Seq{}, nil
}

func (v *victim) total() (n int) {
	for _, seq := range v.acked {
		n += int(seq)
	}
	return n
}

// run has a writer append so many batches, or none, and a few more, kills it and
// cuts its power. It returns how many changes were not safe then.
func (v *victim) run(t *testing.T, all bool, batches int) int {
	t.Helper()
	d := mountFaultDisk(t, v.disk, v.steps)
	cmd := osexec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerFolder+"="+v.data(d.mount), writerPragma+"="+v.pragma)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for ; batches > 0 && v.note(lines) == nil; batches-- {
		if v.failing {
			d.fail()
		}
	}
	if v.steps == 0 {
		<-time.After(rand.N(100 * time.Millisecond)) // some moment of the next batches, or of the start
	}
	cmd.Process.Kill() //nolint:errcheck // a writer that ended by itself says why
	for v.note(lines) == nil {
	}
	cmd.Wait() //nolint:errcheck // killed
	if stderr.Len() > 0 && v.steps == 0 {
		t.Fatalf("the writer failed: %s", stderr.String())
	}
	return d.cut(t, all)
}

// note reads what one batch acknowledges; a line that was cut off counts for nothing.
func (v *victim) note(lines *bufio.Reader) error {
	line, err := lines.ReadString('\n')
	if err != nil {
		return err
	}
	if line == "\n" {
		v.failed++
	}
	words := strings.NewReader(line)
	for {
		var room string
		var seq protocol.Seq
		if _, err := fmt.Fscan(words, &room, &seq); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		v.acked[room] = seq
	}
}

// damage opens the store as after a power cut, and says what of it is not as it
// was promised.
func (v *victim) damage() error {
	var log strings.Builder
	s, err := Open(v.data(v.disk), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		return err
	}
	defer s.Close()
	rooms, err := s.Rooms(context.Background())
	if err != nil {
		return err
	}
	epochs, heads := map[string]string{}, map[string]protocol.Seq{}
	for _, r := range rooms {
		epochs[r.Name], heads[r.Name] = r.Epoch, r.Head
		var last protocol.Event
		for page := []protocol.Event{{}}; len(page) > 0; {
			if page, err = s.Read(context.Background(), r.Name, last.Seq, 1000); err != nil {
				return err
			}
			for _, e := range page {
				want := stands(r.Name, e.Seq, r.Head)
				want.TS, want.Edited = e.TS, e.Edited
				if edited := e.Edited > 0; e.Seq != last.Seq+1 || e.TS < last.TS || e != want || edited != (e.Seq%10 == 3 && e.Seq+7 <= r.Head) {
					return fmt.Errorf("%s: after seq %d and time %d comes %+v, want %+v", r.Name, last.Seq, last.TS, e, want)
				}
				last = e
			}
		}
		if last.Seq != r.Head {
			return fmt.Errorf("%s: the head is %d, the last event %d", r.Name, r.Head, last.Seq)
		}
	}
	for room, acked := range v.acked {
		if heads[room] < acked {
			return fmt.Errorf("%s: %d was acknowledged, %d is stored", room, acked, heads[room])
		}
	}
	for room, epoch := range v.epochs {
		if epochs[room] != epoch {
			return fmt.Errorf("%s: epoch %s became %s", room, epoch, epochs[room])
		}
	}
	if log.Len() > 0 {
		return fmt.Errorf("it warned: %s", log.String())
	}
	v.acked, v.epochs = heads, epochs // which are there for good now
	return nil
}
