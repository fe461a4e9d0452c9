// Command gws is the tutorial's chat server on github.com/lxzan/gws, with that library's own Broadcaster: a
// message is framed once and queued for each session. It has no rate limit, since a benchmark measures what is
// left without one.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/lxzan/gws"
)

const heartbeat = 30 * time.Second

// What the server sends. The order of the fields is the order on the wire.
type (
	chat struct {
		Type      string `json:"type"`
		Username  string `json:"username"`
		Text      string `json:"text"`
		Timestamp int64  `json:"timestamp"`
	}
	system struct {
		Type  string   `json:"type"`
		Text  string   `json:"text"`
		Users []string `json:"users"`
	}
	refusal struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
)

// command is what a client sends.
type command struct {
	Type     string `json:"type"`
	Username string `json:"username"`
	Room     string `json:"room"`
	Text     string `json:"text"`
}

// server holds the rooms. One lock for all of them also gives each room one order of messages.
type server struct {
	gws.BuiltinEventHandler
	quiet bool

	mu    sync.Mutex
	rooms map[string]*room
	in    map[*gws.Conn]session
}

type room struct {
	name    string
	members []*gws.Conn // in the order they joined
}

type session struct {
	username string
	room     *room
}

func (s *server) OnOpen(c *gws.Conn) { _ = c.SetReadDeadline(time.Now().Add(2 * heartbeat)) }

func (s *server) OnPong(c *gws.Conn, _ []byte) { _ = c.SetReadDeadline(time.Now().Add(2 * heartbeat)) }

func (s *server) OnClose(c *gws.Conn, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(c)
}

func (s *server) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close() //nolint:errcheck // always nil
	if !json.Valid(m.Bytes()) {
		send(c, refusal{"error", "Invalid JSON"})
		return
	}
	var cmd command
	if err := json.Unmarshal(m.Bytes(), &cmd); err != nil {
		send(c, refusal{"error", "Unknown message type"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch cmd.Type {
	case "join":
		s.join(c, cmd)
	case "chat":
		in := s.in[c]
		if in.room == nil {
			send(c, refusal{"error", "Join a room first"})
			return
		}
		in.room.broadcast(chat{"chat", in.username, cmd.Text, time.Now().UnixMilli()})
	case "leave":
		s.leave(c)
	default:
		send(c, refusal{"error", "Unknown message type"})
	}
}

func (s *server) join(c *gws.Conn, cmd command) {
	s.leave(c)
	if cmd.Username == "" {
		cmd.Username = "Anonymous"
	}
	if cmd.Room == "" {
		cmd.Room = "general"
	}
	r := s.rooms[cmd.Room]
	if r == nil {
		r = &room{name: cmd.Room}
		s.rooms[r.name] = r
	}
	r.members = append(r.members, c)
	s.in[c] = session{cmd.Username, r}
	text := cmd.Username + " joined #" + r.name
	if s.quiet {
		send(c, system{"system", text, []string{cmd.Username}})
		return
	}
	r.broadcast(system{"system", text, s.names(r)})
}

func (s *server) leave(c *gws.Conn) {
	in := s.in[c]
	if in.room == nil {
		return
	}
	delete(s.in, c)
	r := in.room
	for i, m := range r.members {
		if m == c {
			r.members = append(r.members[:i], r.members[i+1:]...)
			break
		}
	}
	if len(r.members) == 0 {
		delete(s.rooms, r.name)
		return
	}
	if !s.quiet {
		r.broadcast(system{"system", in.username + " left #" + r.name, s.names(r)})
	}
}

func (s *server) names(r *room) []string {
	names := make([]string, len(r.members))
	for i, c := range r.members {
		names[i] = s.in[c].username
	}
	return names
}

func (r *room) broadcast(v any) {
	b := gws.NewBroadcaster(gws.OpcodeText, encode(v))
	for _, c := range r.members {
		_ = b.Broadcast(c) // a broken socket comes to OnClose
	}
	_ = b.Close()
}

func send(c *gws.Conn, v any) { c.WriteAsync(gws.OpcodeText, encode(v), nil) }

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and a number
	}
	return b
}

func (s *server) beat() {
	for range time.Tick(heartbeat) {
		s.mu.Lock()
		for c := range s.in {
			c.WriteAsync(gws.OpcodePing, nil, nil)
		}
		s.mu.Unlock()
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address; port 0 picks a free one")
	quiet := flag.Bool("quiet", false, "tell who joins only that, and others nothing: for rooms in which the tutorial's lists of names are all that is sent")
	flag.Parse()

	s := &server{quiet: *quiet, rooms: map[string]*room{}, in: map[*gws.Conn]session{}}
	go s.beat()
	upgrader := gws.NewUpgrader(s, &gws.ServerOption{CheckUtf8Enabled: true})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r)
		if err != nil {
			return // the upgrader has answered
		}
		go c.ReadLoop() // in a goroutine of its own, so that net/http's buffers can go
	})
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", l.Addr())
	log.Fatal(http.Serve(l, nil)) //nolint:gosec // no timeouts are needed on the loopback
}
