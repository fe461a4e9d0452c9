// Command nbio is the tutorial's chat server on github.com/lesismal/nbio in its
// non-blocking mode: a poller goroutine reads all connections, and a pool handles
// what they say. It has no rate limit, since a benchmark measures what is left
// without one.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"
)

const heartbeat = 30 * time.Second

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address; port 0 picks a free one")
	quiet := flag.Bool("quiet", false, "tell who joins only that, and others nothing: for rooms in which the tutorial's lists of names are all that is sent")
	flag.Parse()
	logging.SetLevel(logging.LevelNone)

	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	s := newServer(*quiet)
	engine := nbhttp.NewEngine(nbhttp.Config{
		Network: "tcp",
		Addrs:   []string{*listen},
		Listen:  func(string, string) (net.Listener, error) { return l, nil },
		Handler: s,
		IOMod:   nbhttp.IOModNonBlocking,
		// The library's own benchmark gives each core a poller, reads by edges, and
		// hands the payload back to the pool.
		NPoller:                 runtime.NumCPU(),
		EpollMod:                nbio.EPOLLET,
		ReleaseWebsocketPayload: true,
		SupportServerOnly:       true,
		// Its default cuts longer messages into fragments; notices in large rooms are longer.
		MaxWebsocketFramePayloadSize: 1 << 20,
	})
	s.upgrader.Engine = engine
	if err := engine.Start(); err != nil {
		log.Fatal(err)
	}
	go s.beat()
	fmt.Printf("listening on http://%s\n", l.Addr())
	select {}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = s.upgrader.Upgrade(w, r, nil) // it has answered
}

func newServer(quiet bool) *server {
	s := &server{quiet: quiet, rooms: map[string]*room{}, conns: map[*websocket.Conn]struct{}{}}
	s.upgrader = websocket.NewUpgrader()
	s.upgrader.KeepaliveTime = 2 * heartbeat // read deadline, put off by whatever comes
	s.upgrader.OnOpen(func(c *websocket.Conn) {
		s.mu.Lock()
		defer s.mu.Unlock()
		c.SetSession(&session{})
		s.conns[c] = struct{}{}
	})
	s.upgrader.OnMessage(func(c *websocket.Conn, _ websocket.MessageType, payload []byte) { s.receive(c, payload) })
	s.upgrader.OnClose(func(c *websocket.Conn, _ error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, c)
		s.leave(c)
	})
	return s
}

// server holds the rooms. A room has a lock of its own, for the order of its
// messages, so that rooms are not in each other's way.
type server struct {
	quiet    bool
	upgrader *websocket.Upgrader

	mu    sync.Mutex // of who is where; taken before a room's
	rooms map[string]*room
	conns map[*websocket.Conn]struct{}
}

type room struct {
	name string

	mu      sync.Mutex
	members []*websocket.Conn // in the order they joined
}

// session is written under the server's lock, by the goroutine that handles what
// its connection says; that one reads it without.
type session struct {
	username string
	room     *room
}

func of(c *websocket.Conn) *session { return c.Session().(*session) }

func (s *server) receive(c *websocket.Conn, payload []byte) {
	if !json.Valid(payload) {
		send(c, refusal{"error", "Invalid JSON"})
		return
	}
	var cmd command
	if err := json.Unmarshal(payload, &cmd); err != nil {
		send(c, refusal{"error", "Unknown message type"})
		return
	}
	switch cmd.Type {
	case "join":
		s.mu.Lock()
		defer s.mu.Unlock()
		s.join(c, cmd)
	case "chat":
		in := of(c)
		if in.room == nil {
			send(c, refusal{"error", "Join a room first"})
			return
		}
		in.room.mu.Lock()
		defer in.room.mu.Unlock()
		in.room.broadcast(chat{"chat", in.username, cmd.Text, time.Now().UnixMilli()})
	case "leave":
		s.mu.Lock()
		defer s.mu.Unlock()
		s.leave(c)
	default:
		send(c, refusal{"error", "Unknown message type"})
	}
}

// join and leave hold the server's lock.
func (s *server) join(c *websocket.Conn, cmd command) {
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
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = append(r.members, c)
	*of(c) = session{cmd.Username, r}
	text := cmd.Username + " joined #" + r.name
	if s.quiet {
		send(c, system{"system", text, []string{cmd.Username}})
		return
	}
	r.broadcast(system{"system", text, r.names()})
}

func (s *server) leave(c *websocket.Conn) {
	in := *of(c)
	if in.room == nil {
		return
	}
	*of(c) = session{}
	r := in.room
	r.mu.Lock()
	defer r.mu.Unlock()
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
		r.broadcast(system{"system", in.username + " left #" + r.name, r.names()})
	}
}

func (r *room) names() []string {
	names := make([]string, len(r.members))
	for i, c := range r.members {
		names[i] = of(c).username
	}
	return names
}

// broadcast frames the message for each member: the library has no frame that can
// be shared. A write never blocks; what a socket does not take is kept for it.
func (r *room) broadcast(v any) {
	b := encode(v)
	for _, c := range r.members {
		_ = c.WriteMessage(websocket.TextMessage, b) // a broken socket comes to OnClose
	}
}

func (s *server) beat() {
	for range time.Tick(heartbeat) {
		s.mu.Lock()
		for c := range s.conns {
			_ = c.WriteMessage(websocket.PingMessage, nil)
		}
		s.mu.Unlock()
	}
}
