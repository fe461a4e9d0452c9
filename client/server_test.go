package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/protocol"
)

// server speaks parley.v1 in memory, so that it works in a bubble of synctest,
// keeps its logs as the protocol says, and fails when it is told to: what a real
// server does once in a year, on demand.
type server struct {
	dials chan net.Conn
	http  http.Server

	mu sync.Mutex
	// Guarded by mu.
	logs    map[string]*roomLog
	lines   map[*line]bool
	guests  int
	welcome protocol.WelcomeLimits
	refuse  []*protocol.Error // the next sends, edits and joins
	heard   []string          // commands, by type
	told    int               // events, on all lines
	faults  faults
}

// faults are what is to go wrong next, once.
type faults struct {
	loseAnswer bool // a send is stored, and the line cut before it is answered
	twice      bool // an event is told twice
	skip       bool // an event is left out
	cutAfter   int  // bytes to the client, and then the line is cut in the middle; 0 for never
	status     int  // of HTTP, for the next upgrade
	mute       bool // nothing is said until this is unset
}

type roomLog struct {
	epoch  string
	first  protocol.Seq
	events []protocol.Event
	keys   map[string]protocol.Written // by user and key
}

func (l *roomLog) head() protocol.Seq { return protocol.Seq(len(l.events)) }

// line is a connection.
type line struct {
	s    *server
	ws   *websocket.Conn
	raw  net.Conn
	user protocol.User
	wake chan struct{}
	gone context.Context
	// Guarded by s.mu.
	answers [][]byte
	seats   map[string]*seat
}

type seat struct {
	cursor, until protocol.Seq
	told          bool
}

// newServer runs until the test ends. It has to be made inside the bubble.
func newServer(t *testing.T) *server {
	s := &server{dials: make(chan net.Conn), logs: map[string]*roomLog{}, lines: map[*line]bool{}}
	s.http.Handler = s
	s.http.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, rawKey{}, c) }
	go s.http.Serve(s) //nolint:errcheck // it ends when it is closed
	t.Cleanup(func() { _ = s.http.Close(); s.cut() })
	return s
}

type rawKey struct{}

// Accept, Close and Addr make s a net.Listener; dial is its other side.

func (s *server) Accept() (net.Conn, error) {
	c, ok := <-s.dials
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (s *server) Close() error   { close(s.dials); return nil }
func (s *server) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func (s *server) options(o client.Options) client.Options {
	o.HTTPClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: s.dial}}
	return o
}

func (s *server) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case s.dials <- &limitedConn{Conn: there, s: s}:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// limitedConn is cut in the middle of what it writes, if the faults say so.
type limitedConn struct {
	net.Conn
	s *server
}

func (c *limitedConn) Write(p []byte) (int, error) {
	c.s.mu.Lock()
	left := c.s.faults.cutAfter
	c.s.faults.cutAfter = max(0, left-len(p))
	c.s.mu.Unlock()
	if left == 0 || len(p) < left {
		return c.Conn.Write(p)
	}
	n, _ := c.Conn.Write(p[:left])
	_ = c.Close()
	return n, net.ErrClosed
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	status := s.faults.status
	s.faults.status = 0
	s.mu.Unlock()
	pass, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if strings.HasPrefix(pass, "bad") {
		status = http.StatusUnauthorized
	}
	if status != 0 {
		http.Error(w, "Not now.", status)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol.Subprotocol}})
	if err != nil {
		return
	}
	gone, cancel := context.WithCancel(context.Background())
	defer cancel()
	l := &line{s: s, ws: ws, raw: r.Context().Value(rawKey{}).(net.Conn), wake: make(chan struct{}, 1), gone: gone, seats: map[string]*seat{}}
	s.mu.Lock()
	if pass == "" {
		s.guests++
		pass = fmt.Sprint("guest", s.guests)
	}
	l.user = protocol.User{ID: pass, Name: r.URL.Query().Get("name")}
	l.answer(protocol.Welcome{Type: "welcome", User: l.user, Pass: pass, Limits: s.welcome})
	s.lines[l] = true
	s.mu.Unlock()
	written := make(chan struct{})
	go func() { defer close(written); l.write() }()
	l.read()
	cancel()
	_ = ws.CloseNow()
	<-written
	s.mu.Lock()
	delete(s.lines, l)
	s.mu.Unlock()
}

func (l *line) read() {
	for {
		_, data, err := l.ws.Read(context.Background())
		if err != nil {
			return
		}
		l.s.mu.Lock()
		keep := l.command(data)
		l.s.mu.Unlock()
		if !keep {
			_ = l.raw.Close()
			return
		}
	}
}

// command does one; false: the line is to be cut. The caller holds mu.
func (l *line) command(data []byte) (keep bool) {
	var c struct {
		Type, ID, Room, Text, Key string
		Since                     *protocol.Cursor
		Last                      *int
	}
	if err := json.Unmarshal(data, &c); err != nil {
		panic(fmt.Sprintf("the client says %s: %v", data, err))
	}
	s := l.s
	s.heard = append(s.heard, c.Type)
	if len(s.refuse) > 0 && (c.Type == "send" || c.Type == "edit" || c.Type == "join") {
		why := s.refuse[0]
		s.refuse = s.refuse[1:]
		l.answer(protocol.Refusal{Type: "error", ID: c.ID, Code: why.Code, RetryMS: why.Retry.Milliseconds()})
		return true
	}
	switch c.Type {
	case "join":
		l.join(c.ID, c.Room, c.Since, c.Last)
	case "leave":
		delete(l.seats, c.Room)
		l.ok(c.ID, protocol.Nothing{})
	case "send":
		w := s.append(c.Room, protocol.Event{Kind: protocol.KindMessage, User: l.user, Text: c.Text, Key: c.Key})
		if s.faults.loseAnswer {
			s.faults.loseAnswer = false
			return false
		}
		l.ok(c.ID, w)
	default:
		l.ok(c.ID, protocol.Nothing{})
	}
	return true
}

func (l *line) join(id, name string, since *protocol.Cursor, last *int) {
	log := l.s.log(name)
	n := 50
	if last != nil {
		n = *last
	}
	cursor := max(log.head(), log.first-1+protocol.Seq(n)) - protocol.Seq(n)
	var reset protocol.Reset
	switch {
	case since == nil:
	case since.Epoch != log.epoch:
		reset = protocol.ResetEpoch
	case since.Seq > log.head():
		reset = protocol.ResetAhead
	case since.Seq+1 < log.first:
		reset = protocol.ResetPurged
	default:
		cursor = since.Seq
	}
	l.seats[name] = &seat{cursor: cursor, until: log.head()}
	l.ok(id, protocol.Joined{
		Room: protocol.RoomState{Name: name, Epoch: log.epoch, First: log.first, Head: log.head()},
		From: cursor + 1, Count: len(l.s.lines), Reset: reset,
	})
}

func (l *line) ok(id string, fields any) {
	body, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	frame := fmt.Sprintf(`{"type":"ok","id":%q`, id)
	if len(body) > 2 {
		frame += ","
	}
	l.raws([]byte(frame + string(body[1:])))
}

func (l *line) answer(frame any) {
	body, err := json.Marshal(frame)
	if err != nil {
		panic(err)
	}
	l.raws(body)
}

// raws has frames written as they are.
func (l *line) raws(frames ...[]byte) {
	l.answers = append(l.answers, frames...)
	l.stir()
}

func (l *line) stir() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *line) write() {
	for {
		l.s.mu.Lock()
		frame := l.next()
		l.s.mu.Unlock()
		if frame == nil {
			select {
			case <-l.wake:
				continue
			case <-l.gone.Done():
				return
			}
		}
		if l.ws.Write(l.gone, websocket.MessageText, frame) != nil {
			return
		}
	}
}

// next is the next frame to write: answers first, then what lies behind the cursors.
func (l *line) next() []byte {
	if l.s.faults.mute {
		return nil
	}
	if len(l.answers) > 0 {
		frame := l.answers[0]
		l.answers = l.answers[1:]
		return frame
	}
	for name, x := range l.seats {
		log := l.s.log(name)
		if !x.told && x.cursor >= x.until {
			x.told = true
			l.answer(protocol.CaughtUp{Type: "caught_up", Room: name, Seq: x.until})
			return l.next()
		}
		f := &l.s.faults
		x.cursor = max(x.cursor, log.first-1) // what was purged is a hole
		if x.cursor >= log.head() {
			continue
		}
		e := log.events[x.cursor]
		if f.twice {
			f.twice = false
		} else {
			x.cursor++
		}
		if f.skip {
			f.skip = false
			return l.next()
		}
		l.s.told++
		return protocol.AppendEvent(nil, &e)
	}
	return nil
}

// log is a room's; the caller holds mu.
func (s *server) log(name string) *roomLog {
	if s.logs[name] == nil {
		s.logs[name] = &roomLog{epoch: "1", first: 1, keys: map[string]protocol.Written{}}
	}
	return s.logs[name]
}

// append stores an event; the caller holds mu.
func (s *server) append(room string, e protocol.Event) protocol.Written {
	log := s.log(room)
	key := e.User.ID + " " + e.Key
	if w, ok := log.keys[key]; ok && e.Key != "" {
		w.Repeated = true
		return w
	}
	e.Room, e.Seq, e.TS = room, log.head()+1, 1
	log.events = append(log.events, e)
	w := protocol.Written{Seq: e.Seq, TS: e.TS}
	log.keys[key] = w
	for l := range s.lines {
		l.stir()
	}
	return w
}

// locked does what a test wants with the server.
func (s *server) locked(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// say has somebody else write something.
func (s *server) say(room, text string) {
	s.locked(func() {
		s.append(room, protocol.Event{Kind: protocol.KindMessage, User: protocol.User{ID: "grace"}, Text: text})
	})
}

// cut ends all connections without a word.
func (s *server) cut() {
	s.locked(func() {
		for l := range s.lines {
			_ = l.raw.Close()
		}
	})
}

// end closes all connections with a code.
func (s *server) end(code protocol.CloseCode) {
	var all []*line
	s.locked(func() {
		for l := range s.lines {
			all = append(all, l)
		}
	})
	for _, l := range all {
		_ = l.ws.Close(websocket.StatusCode(code), "as told")
	}
}

var errKilled = errors.New("the program was killed")

// disk is a Storage in memory, which a killed program no longer reaches.
type disk struct {
	mu    sync.Mutex
	state client.State
	dead  bool
}

func (d *disk) Load() (client.State, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = false
	return d.state, nil
}

func (d *disk) Save(s client.State) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return errKilled
	}
	d.state = s
	return nil
}

func (d *disk) kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
}
