package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/protocol"
)

// Session follows one session of parley.v1 from its first frame on, in both
// directions, and says what is wrong with what the server sends: the frames
// themselves, and that
//   - welcome comes first, and once;
//   - each command is answered once;
//   - after join every event comes from "from" on, in order, once and without a
//     hole, and caught_up behind the last one that was there;
//   - nothing is told of a room that the session isn't in.
//
// What a client sends may be as wrong as a test wants it. The zero value is ready;
// any goroutine may use it.
type Session struct {
	mu       sync.Mutex
	welcomed bool
	waiting  map[string][]sent // commands without an answer, by id
	nameless int               // frames without an answer whose id can't be read
	rooms    map[string]*room
}

// sent is a frame of the client.
type sent struct {
	command string
	frame   []byte
	good    bool // it keeps to the contract
}

// room is where a session stands in a room.
type room struct {
	next     protocol.Seq // of the event that comes next
	ts       int64        // of the event before it
	head     protocol.Seq // when it was joined
	caughtUp bool
}

// Sent notes a frame that goes to the server. It comes before the frame is
// written.
func (s *Session) Sent(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var h struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	_ = json.Unmarshal(frame, &h) // as far as it goes
	if h.ID == "" || len(h.ID) > protocol.MaxIDBytes || strings.ContainsFunc(h.ID, unicode.IsControl) {
		s.nameless++
		return
	}
	if s.waiting == nil {
		s.waiting = map[string][]sent{}
	}
	s.waiting[h.ID] = append(s.waiting[h.ID], sent{h.Type, slices.Clone(frame), Command(frame) == nil})
}

// Received says what is wrong with a frame that came from the server.
func (s *Session) Received(frame []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := headOf(frame)
	if first := h.Type == protocol.TypeWelcome; first == s.welcomed {
		return fmt.Errorf("welcome comes first, and once: %s", frame)
	}
	s.welcomed = true
	if h.Type == protocol.TypeOK || h.Type == protocol.TypeError {
		return s.answered(h, frame)
	}
	if err := Told(frame); err != nil {
		return err
	}
	switch h.Type {
	case protocol.TypeEvent:
		return s.event(frame)
	case protocol.TypeCaughtUp:
		return s.caughtUp(frame)
	case protocol.TypePresence, protocol.TypeTyping:
		return s.signal(frame)
	}
	return nil
}

// Unanswered is how many frames have had no answer yet.
func (s *Session) Unanswered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.nameless
	for _, waiting := range s.waiting {
		n += len(waiting)
	}
	return n
}

func (s *Session) answered(h head, frame []byte) error {
	if h.ID == "" {
		if s.nameless--; s.nameless < 0 {
			return fmt.Errorf("it answers nothing: %s", frame)
		}
		return refusal(frame)
	}
	waiting := s.waiting[h.ID]
	if len(waiting) == 0 {
		return fmt.Errorf("it answers nothing: %s", frame)
	}
	asked := waiting[0]
	s.waiting[h.ID] = waiting[1:]
	if _, err := row(asked.command); err != nil { // it isn't even a command
		if h.Type != protocol.TypeError {
			return fmt.Errorf("%s is done: %s", asked.frame, frame)
		}
		return refusal(frame)
	}
	err := Answer(asked.command, frame)
	if form := []protocol.Code{protocol.CodeInvalidJSON, protocol.CodeUnknownType, protocol.CodeInvalidID}; asked.good && slices.Contains(form, h.Code) {
		err = errors.Join(err, fmt.Errorf("%s keeps to the contract, but: %s", asked.frame, frame))
	}
	if err == nil && h.Type == protocol.TypeOK {
		err = s.done(asked, frame)
	}
	return err
}

// done follows what a command has changed.
func (s *Session) done(asked sent, frame []byte) error {
	switch asked.command {
	case "join":
		return s.joined(asked, frame)
	case "leave":
		var c protocol.Leave
		_ = json.Unmarshal(asked.frame, &c) // it was done, so it could be read
		delete(s.rooms, c.Room)
	}
	return nil
}

func (s *Session) joined(asked sent, frame []byte) error {
	var c protocol.Join
	var a protocol.Joined
	if err := errors.Join(json.Unmarshal(asked.frame, &c), json.Unmarshal(frame, &a)); err != nil {
		return err
	}
	var want protocol.Seq
	switch {
	case a.From > a.Room.Head+1 || a.From < a.Room.First:
		return fmt.Errorf("it begins where nothing is: %s", frame)
	case c.Since != nil && a.Reset == "":
		want = c.Since.Seq + 1
		if c.Since.Epoch != a.Room.Epoch {
			return fmt.Errorf("%s is of another epoch, but: %s", asked.frame, frame)
		}
	case c.Since == nil && a.Reset != "":
		return fmt.Errorf("%s had no cursor, but: %s", asked.frame, frame)
	default:
		last := protocol.Seq(protocol.DefaultLast)
		if c.Last != nil {
			last = protocol.Seq(*c.Last)
		}
		want = max(a.Room.First, a.Room.Head+1-min(last, a.Room.Head))
	}
	if a.From != want || a.Count < 1 {
		return fmt.Errorf("want it from %d on, and somebody there: %s: %s", want, asked.frame, frame)
	}
	if s.rooms == nil {
		s.rooms = map[string]*room{}
	}
	s.rooms[a.Room.Name] = &room{next: a.From, head: a.Room.Head}
	return nil
}

func (s *Session) event(frame []byte) error {
	var e protocol.Event
	if err := json.Unmarshal(frame, &e); err != nil {
		return err
	}
	r := s.rooms[e.Room]
	switch {
	case r == nil:
		return fmt.Errorf("it is of a room that the session isn't in: %s", frame)
	case e.Seq != r.next || e.TS < r.ts:
		return fmt.Errorf("want %d, not before %d: %s", r.next, r.ts, frame)
	case e.Seq > r.head && !r.caughtUp:
		return fmt.Errorf("the session hasn't caught up with %d yet: %s", r.head, frame)
	}
	r.next, r.ts = e.Seq+1, e.TS
	return nil
}

func (s *Session) caughtUp(frame []byte) error {
	var c protocol.CaughtUp
	if err := json.Unmarshal(frame, &c); err != nil {
		return err
	}
	r := s.rooms[c.Room]
	if r == nil || r.caughtUp || c.Seq != r.head || r.next != c.Seq+1 {
		return fmt.Errorf("the session stands at %+v: %s", r, frame)
	}
	r.caughtUp = true
	return nil
}

func (s *Session) signal(frame []byte) error {
	var signal struct {
		Room string `json:"room"`
	}
	if err := json.Unmarshal(frame, &signal); err != nil {
		return err
	}
	if s.rooms[signal.Room] == nil {
		return fmt.Errorf("it is of a room that the session isn't in: %s", frame)
	}
	return nil
}
