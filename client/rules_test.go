package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/protocol"
)

func TestWhatEndedAConnectionSaysWhatToDo(t *testing.T) {
	closed := func(code protocol.CloseCode) error { return fmt.Errorf("read: %w", &CloseError{Code: code}) }
	for _, tt := range []struct {
		err      error
		failures int
		least    time.Duration
		most     time.Duration // 0: it is of no use
	}{
		{io.ErrUnexpectedEOF, 0, firstPause / 2, firstPause},
		{io.ErrUnexpectedEOF, 3, 4 * firstPause, 8 * firstPause},
		{io.ErrUnexpectedEOF, 1000, longestPause / 2, longestPause},
		{errSilent, 0, firstPause / 2, firstPause},
		{closed(protocol.CloseGoingAway), 0, 0, firstPause},
		{closed(protocol.CloseTooSlow), 0, 0, firstPause},
		{closed(protocol.CloseTooSlow), 9, longestPause / 2, longestPause},
		{closed(protocol.CloseNormal), 0, firstPause / 2, firstPause},
		{closed(protocol.CloseOverloaded), 0, busyPause, 2*busyPause + firstPause},
		{closed(protocol.CloseLimited), 0, busyPause, 2*busyPause + firstPause},
		{closed(protocol.CloseInternal), 0, busyPause, 2*busyPause + firstPause},
		{closed(protocol.CloseTokenExpired), 0, 0, 0},
		{closed(4403), 0, 0, 0},
		{closed(4409), 0, 0, 0},
		{closed(protocol.CloseProtocolError), 0, 0, 0},
		{closed(protocol.CloseUnsupported), 0, 0, 0},
		{closed(protocol.CloseInvalidData), 0, 0, 0},
		{closed(protocol.ClosePolicy), 0, 0, 0},
		{closed(protocol.CloseTooBig), 0, 0, 0},
		{&HandshakeError{Status: http.StatusServiceUnavailable}, 0, firstPause / 2, firstPause},
		{&HandshakeError{Status: http.StatusTooManyRequests, Retry: time.Minute}, 0, time.Minute, time.Minute + firstPause},
		{&HandshakeError{Status: http.StatusBadGateway}, 0, firstPause / 2, firstPause},
		{&HandshakeError{Status: http.StatusUnauthorized}, 0, 0, 0},
		{&HandshakeError{Status: http.StatusForbidden}, 0, 0, 0},
		{&HandshakeError{Status: http.StatusNotFound}, 0, 0, 0},
		{ErrNotParley, 0, 0, 0},
		{http.ErrSchemeMismatch, 0, 0, 0},
	} {
		for range 20 { // of the jitter
			pause, again := plan(tt.err, tt.failures)
			if again != (tt.most > 0) || again && (pause < tt.least || pause > tt.most) {
				t.Errorf("%v, %d failures: again %v, after %s", tt.err, tt.failures, again, pause)
				break
			}
		}
	}
}

func TestTheRateIsKeptAndNotMore(t *testing.T) {
	// The server's side: a sliding window. An answer takes 50 ms, half of it on the
	// way there; two messages are under way at once.
	const n, per, way = 10, 10 * time.Second, 50 * time.Millisecond
	var p pace
	p.limit(n, per)
	var window []time.Time // of arrivals
	var flying []time.Time // answers that are on their way
	now := time.Unix(0, 0)
	start := now
	for sent := 0; sent < 100; {
		wait := p.wait(now)
		if wait == 0 && len(flying) < 2 {
			arrival := now.Add(way / 2)
			if len(window) >= n && arrival.Sub(window[len(window)-n]) < per {
				t.Fatalf("message %d comes %s after the one %d before", sent, arrival.Sub(window[len(window)-n]), n)
			}
			p.begin()
			window = append(window, arrival)
			flying = append(flying, now.Add(way))
			sent++
			continue
		}
		if len(flying) > 0 {
			now = flying[0]
			flying = flying[1:]
			p.end(now, true)
			continue
		}
		if wait < 0 {
			t.Fatal("it waits for an answer, and there is none to come")
		}
		now = now.Add(wait)
	}
	if took := now.Sub(start); took > 92*time.Second {
		t.Errorf("100 messages at %d in %s took %s", n, per, took)
	}
	p.pause(now.Add(time.Hour))
	if wait := p.wait(now); wait != time.Hour {
		t.Errorf("told to wait an hour, it waits %s", wait)
	}
}

func TestWithoutARateNothingWaits(t *testing.T) {
	var p pace
	for range 100 {
		if wait := p.wait(time.Unix(0, 0)); wait != 0 {
			t.Fatalf("waits %s", wait)
		}
		p.begin()
		p.end(time.Unix(0, 0), true)
	}
	if len(p.answered) > 0 {
		t.Errorf("%d times are remembered", len(p.answered))
	}
}

func TestKeysAreUUIDsOfVersion7(t *testing.T) {
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = newKey()
		if k := keys[i]; len(k) != 36 || k[8] != '-' || k[13] != '-' || k[18] != '-' || k[23] != '-' || k[14] != '7' || !strings.ContainsRune("89ab", rune(k[19])) {
			t.Fatalf("%s is none", k)
		}
	}
	sorted := slices.Clone(keys)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(keys) {
		t.Error("two are the same")
	}
	if earlier, later := keys[0][:13], newKey()[:13]; later < earlier {
		t.Errorf("%s comes after %s", later, earlier)
	}
}

func TestAQueueKeepsItsOrderAndForgetsWhatWasTaken(t *testing.T) {
	var q queue
	next := protocol.Seq(1)
	for i := range 10_000 { // never empty
		q.push(nil, CaughtUp{Seq: protocol.Seq(i + 1)}, 10)
		if i%3 == 0 {
			continue
		}
		x, ok := q.pop()
		if !ok || x.Item.(CaughtUp).Seq != next {
			t.Fatalf("%+v, want %d", x, next)
		}
		next++
	}
	if left := len(q.items) - q.first; cap(q.items) > 4*left {
		t.Errorf("there is place for %d, with %d in it", cap(q.items), left)
	}
	for {
		if _, ok := q.pop(); !ok {
			break
		}
	}
	if q.bytes != 0 || q.full() || !q.roomy() {
		t.Errorf("empty, it holds %d bytes", q.bytes)
	}
}

func TestOfTheConnectionAQueueKeepsTheNewest(t *testing.T) {
	var q queue
	r := &room{cursor: protocol.Cursor{Epoch: "1", Seq: 1}}
	q.push(r, Event{}, maxQueued)
	for range 3 {
		q.say(Disconnected{})
		q.say(Connected{})
		q.reset(r, Reset{Reason: protocol.ResetEpoch})
	}
	var all []string
	for x, ok := q.pop(); ok; x, ok = q.pop() {
		all = append(all, reflect.TypeOf(x.Item).Name())
	}
	// The resets stand between, but what they say of the room is said once.
	if got := strings.Join(all, " "); got != "Event Connected Reset Connected" {
		t.Errorf("the queue has %s", got)
	}
}

func TestAFileKeepsTheState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	file := FileStorage(path)
	if state, err := file.Load(); err != nil || !reflect.DeepEqual(state, State{}) {
		t.Fatalf("of no file: %+v, %v", state, err)
	}
	want := State{
		Pass:    "secret",
		Cursors: map[string]protocol.Cursor{"lobby": {Epoch: "e", Seq: 7}},
		Outbox:  []protocol.Send{{Room: "lobby", Text: "hi\n", Key: "k", ReplyTo: 3}},
	}
	for range 2 {
		if err := file.Save(want); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := file.Load(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("loaded %+v, %v", got, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}
	if all, err := os.ReadDir(filepath.Dir(path)); err != nil || len(all) != 1 {
		t.Errorf("beside it there is %v, %v", all, err)
	}
}

func TestAFileThatIsBrokenOrCanNotBeWrittenIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New("http://chat.example", Options{Storage: FileStorage(path)}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a broken file: %v", err)
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere", "state.json")
	c, err := New("http://chat.example", Options{Storage: FileStorage(nowhere)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Post(protocol.Send{Room: "lobby", Text: "hi"}); !errors.Is(err, os.ErrNotExist) || len(c.Outbox()) > 0 {
		t.Errorf("a message that can't be stored: %v, %d in the outbox", err, len(c.Outbox()))
	}
}

func TestAnAddressIsThatOfThePageOrTheSocket(t *testing.T) {
	for address, want := range map[string]string{
		"http://localhost:8080":       "ws://localhost:8080/ws",
		"https://chat.example/#lobby": "wss://chat.example/ws",
		"wss://chat.example/deep?x=1": "wss://chat.example/deep?x=1",
	} {
		if got, err := socketURL(address); err != nil || got.String() != want {
			t.Errorf("%s is %v, %v", address, got, err)
		}
	}
	for _, address := range []string{"", "chat.example", "ftp://chat.example", "http://", "http://ada:secret@chat.example", "http://a b"} {
		if got, err := socketURL(address); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q is %v, %v", address, got, err)
		}
	}
}
