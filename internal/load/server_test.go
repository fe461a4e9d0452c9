package load

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/frame"
)

// chatServer speaks both dialects as simply as it can, and does wrong what a test
// wants it to.
type chatServer struct {
	// Fixed before the first connection.
	addr   string
	door   func(w http.ResponseWriter) bool                    // false: it has refused the upgrade
	tamper func(member, message int, delivery []byte) [][]byte // what one member gets of one message of a room
	stall  func(message int)                                   // called with all held up, before a message

	forget int // how many events it leaves out for those who come back

	mu    sync.Mutex
	rooms map[string]*chatRoom
	conns map[net.Conn]bool
}

type chatRoom struct {
	members []*member
	log     []string // tokens and what follows: the texts
}

type member struct {
	conn net.Conn
	v1   bool
	name string
	room *chatRoom // nil before it has joined
	in   string    // its room's name
}

// command has the fields of both dialects.
type command struct {
	Type     string
	ID       string
	Username string
	Room     string
	Text     string
	Since    *struct{ Seq int }
	After    int
	Limit    int
}

func startChat(t *testing.T, s *chatServer) *chatServer {
	t.Helper()
	s.rooms, s.conns = map[string]*chatRoom{}, map[net.Conn]bool{}
	web := httptest.NewServer(s)
	s.addr = web.Listener.Addr().String()
	t.Cleanup(func() {
		s.mu.Lock()
		for c := range s.conns {
			c.Close() // hijacked: not the web server's any more
		}
		s.mu.Unlock()
		web.Close()
	})
	return s
}

func (s *chatServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.door != nil && !s.door(w) {
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	m := &member{conn: conn, v1: r.Header.Get("Sec-WebSocket-Protocol") == V1{}.Subprotocol(), name: r.FormValue("name")}
	s.mu.Lock()
	s.conns[conn] = true
	s.mu.Unlock()
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
	if m.v1 {
		answer += "Sec-WebSocket-Protocol: " + V1{}.Subprotocol() + "\r\n"
	}
	if _, err := io.WriteString(conn, answer+"\r\n"); err != nil {
		return
	}
	s.talk(m, rw.Reader)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
	if m.room != nil {
		m.room.members = slices.DeleteFunc(m.room.members, func(o *member) bool { return o == m })
	}
}

func (s *chatServer) talk(m *member, r *bufio.Reader) {
	if m.v1 {
		m.say(`{"type":"welcome","session":"A"}`)
	}
	d := frame.NewDecoder(frame.Server, false, frame.Limits{MessageBytes: 1 << 16, Fragments: 1})
	for buf := make([]byte, 4096); ; {
		n, err := r.Read(buf)
		if err != nil {
			return
		}
		for p := buf[:n]; len(p) > 0; {
			n, message, ok, err := d.Decode(p)
			if err != nil {
				return
			}
			p = p[n:]
			var c command
			if ok && json.Unmarshal(message.Payload, &c) == nil {
				s.obey(m, c)
			}
		}
	}
}

func (s *chatServer) obey(m *member, c command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c.Type {
	case "join":
		s.join(m, c)
	case "chat", "send":
		m.room.log = append(m.room.log, c.Text)
		if s.stall != nil {
			s.stall(len(m.room.log))
		}
		for i, o := range m.room.members {
			for _, f := range s.tampered(i, len(m.room.log), o.delivery(m.name, len(m.room.log))) {
				o.conn.Write(f) //nolint:errcheck // it has gone
			}
		}
		if m.v1 {
			m.say(`{"type":"ok","id":"` + c.ID + `","seq":1,"ts":1}`)
		}
	case "history":
		var events []string
		for seq := c.After + 1; seq <= min(c.After+c.Limit, len(s.rooms[c.Room].log)); seq++ {
			events = append(events, event(c.Room, "ada", seq, s.rooms[c.Room].log[seq-1]))
		}
		m.say(`{"type":"ok","id":"` + c.ID + `","events":[` + strings.Join(events, ",") + `],"first":1,"head":1}`)
	}
}

func (s *chatServer) join(m *member, c command) {
	if s.rooms[c.Room] == nil {
		s.rooms[c.Room] = new(chatRoom)
	}
	m.room, m.in = s.rooms[c.Room], c.Room
	m.room.members = append(m.room.members, m)
	head := len(m.room.log)
	if !m.v1 {
		m.name = c.Username
		m.say(`{"type":"system","text":"` + m.name + ` joined"}`)
		return
	}
	m.say(fmt.Sprintf(`{"type":"ok","id":%q,"room":{"name":%q,"epoch":"e1","first":1,"head":%d}}`, c.ID, c.Room, head))
	if c.Since != nil {
		for seq := c.Since.Seq + 1 + s.forget; seq <= head; seq++ {
			m.conn.Write(m.delivery("ada", seq)) //nolint:errcheck // it has gone
		}
	}
}

func (s *chatServer) tampered(member, message int, delivery []byte) [][]byte {
	if s.tamper == nil {
		return [][]byte{delivery}
	}
	return s.tamper(member, message, delivery)
}

// delivery is the frame by which m hears its room's message.
func (m *member) delivery(from string, seq int) []byte {
	text := m.room.log[seq-1]
	payload := fmt.Sprintf(`{"type":"chat","username":%q,"text":%q,"timestamp":1234567890123}`, from, text)
	if m.v1 {
		payload = event(m.in, from, seq, text)
	}
	return frame.AppendFrame(nil, frame.Text, []byte(payload))
}

func event(room, from string, seq int, text string) string {
	return fmt.Sprintf(`{"type":"event","room":%q,"seq":%d,"ts":1,"kind":"message","user":{"id":%q,"name":%q},"text":%q}`,
		room, seq, from, from, text)
}

func (m *member) say(payload string) {
	m.conn.Write(frame.AppendFrame(nil, frame.Text, []byte(payload))) //nolint:errcheck // it has gone
}
