package node_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/node"
	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/schema/check"
)

// seen is what went over the wire in a test, whichever way.
type seen struct {
	mu  sync.Mutex
	all map[string]bool // such as "socket send ok", "http send too_large", "kind edit"
}

func (s *seen) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[fmt.Sprintf(format, args...)] = true
}

func (s *seen) want(t *testing.T, format string, args ...any) {
	t.Helper()
	if what := fmt.Sprintf(format, args...); !s.all[what] {
		t.Errorf("not seen: %s", what)
	}
}

// start runs a node as `parley serve` would.
func start(t *testing.T, change func(*config.Serve)) *node.Node {
	t.Helper()
	cfg := config.Serve{Listen: "localhost:0", Store: "sqlite", Data: t.TempDir(), Broker: "memory", Heartbeat: 30 * time.Second, Transport: "auto"}
	change(&cfg)
	n, err := node.Start(cfg, io.Discard, slog.New(slog.DiscardHandler), metrics.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return n
}

// talker is a session whose every frame is held to the contract.
type talker struct {
	t      *testing.T
	seen   *seen
	conn   *websocket.Conn
	check  check.Session
	frames chan frame // what came, in its order

	welcome frame
	ids     int
}

// frame is what is looked at of any frame, and its text.
type frame struct {
	Type string        `json:"type"`
	ID   string        `json:"id"`
	Code protocol.Code `json:"code"`
	Kind protocol.Kind `json:"kind"`
	Seq  protocol.Seq  `json:"seq"`
	Pass string        `json:"pass"`
	text string
}

func open(t *testing.T, n *node.Node, s *seen, query string, header http.Header) *talker {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, n.URL()+"/ws"+query, &websocket.DialOptions{
		Subprotocols: []string{protocol.Subprotocol}, HTTPHeader: header,
	})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	p := &talker{t: t, seen: s, conn: conn, frames: make(chan frame, 1000)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read()
	}()
	t.Cleanup(func() {
		_ = conn.Close(websocket.StatusNormalClosure, "")
		<-read
		if n := p.check.Unanswered(); n != 0 {
			t.Errorf("%d frames have no answer", n)
		}
	})
	p.welcome = p.until("welcome", func(frame) bool { return true })
	return p
}

func (p *talker) read() {
	defer close(p.frames)
	for {
		_, text, err := p.conn.Read(context.Background())
		if err != nil {
			return
		}
		if err := p.check.Received(text); err != nil {
			p.t.Error(err)
		}
		f := frame{text: string(text)}
		if err := json.Unmarshal(text, &f); err != nil {
			p.t.Error(err)
		}
		p.seen.note("type %s", f.Type)
		if f.Kind != "" {
			p.seen.note("kind %s", f.Kind)
		}
		if f.Code != "" {
			p.seen.note("code %s", f.Code)
		}
		p.frames <- f
	}
}

func (p *talker) send(text string) {
	p.t.Helper()
	p.check.Sent([]byte(text))
	if err := p.conn.Write(p.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// until reads on to the first frame that is wanted.
func (p *talker) until(what string, wanted func(frame) bool) frame {
	p.t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case f, ok := <-p.frames:
			if !ok {
				p.t.Fatalf("the session ended, and there was no %s", what)
			}
			if wanted(f) {
				return f
			}
		case <-timeout:
			p.t.Fatalf("there is no %s", what)
		}
	}
}

// do sends a command, its fields as JSON without braces, and gives its answer.
func (p *talker) do(command, fields string) frame {
	p.t.Helper()
	p.ids++
	id := fmt.Sprint("c", p.ids)
	text := fmt.Sprintf(`{"type":%q,"id":%q`, command, id)
	if fields != "" {
		text += "," + fields
	}
	p.send(text + "}")
	f := p.until("answer to "+text, func(f frame) bool { return f.ID == id })
	p.seen.note("socket %s %s", command, outcome(f))
	return f
}

// mustDo is do, and the answer is ok.
func (p *talker) mustDo(command, fields string) frame {
	p.t.Helper()
	f := p.do(command, fields)
	if f.Type != protocol.TypeOK {
		p.t.Fatalf("%s {%s}: %s", command, fields, f.text)
	}
	return f
}

func outcome(f frame) string {
	if f.Type == protocol.TypeError {
		return string(f.Code)
	}
	return f.Type
}

// caller posts commands, and holds every response to the contract.
type caller struct {
	t     *testing.T
	seen  *seen
	url   string
	token string // or a pass
}

func (c *caller) do(command, fields string, header ...string) frame {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/api/v1/"+command, strings.NewReader("{"+fields+"}"))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := check.Response(command, response.StatusCode, response.Header, body); err != nil {
		c.t.Errorf("%s {%.200s}: %v", command, fields, err)
	}
	var f frame
	if err := json.Unmarshal(body, &f); err != nil {
		c.t.Fatal(err)
	}
	f.text = string(bytes.TrimSpace(body))
	c.seen.note("http %s %s", command, outcome(f))
	return f
}
