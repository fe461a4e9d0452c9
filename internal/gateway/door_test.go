package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/gateway"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/protocol"
)

// net/http keeps a connection that it hangs up on for half a second, so that the
// peer can read why.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// patience is how long a test waits for what must come.
const patience = 5 * time.Second

// door is a gateway on a loopback socket, with a real engine behind it.
type door struct {
	t       *testing.T
	addr    string
	gateway *gateway.Gateway
	metrics *metrics.Metrics
	log     *logBuffer
	opened  chan engine.Opening // what was let in

	tokens []string // must not stand in the log
}

// openDoor opens a door of guests at localhost, unless change has it otherwise.
func openDoor(t *testing.T, change ...func(*gateway.Config)) *door {
	t.Helper()
	return openDoorTo(t, engine.TransportAuto, change...)
}

// openDoorTo is openDoor, to an engine that carries sessions in that way.
func openDoorTo(t *testing.T, way engine.Transport, change ...func(*gateway.Config)) *door {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveDoor(t, l, way, change...)
}

// onEach runs a test of sessions once for each way to carry them.
func onEach(t *testing.T, test func(t *testing.T, way engine.Transport)) {
	for _, way := range []engine.Transport{engine.TransportAuto, engine.TransportGoroutines} {
		t.Run(string(way), func(t *testing.T) { test(t, way) })
	}
}

// openDoorAt is openDoor, at a listener of the test's own, whose connections are pipes.
func openDoorAt(t *testing.T, l net.Listener, change ...func(*gateway.Config)) *door {
	t.Helper()
	return serveDoor(t, l, engine.TransportGoroutines, change...)
}

func serveDoor(t *testing.T, l net.Listener, way engine.Transport, change ...func(*gateway.Config)) *door {
	t.Helper()
	d := &door{t: t, addr: l.Addr().String(), metrics: metrics.New(), log: &logBuffer{}, opened: make(chan engine.Opening, 1000)}
	log := slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	store := memory.New(memory.DefaultBudget)
	e, err := engine.New(engine.Config{Store: store, Metrics: d.metrics, Log: log, Heartbeat: 30 * time.Second,
		Memory: &roomlog.Budget{MemoryBytes: 1 << 20, Total: 1 << 20}, Transport: way,
		Pass: func(guest protocol.User) string { return passes.Issue(guest, time.Now()) }})
	if err != nil {
		t.Fatal(err)
	}
	c := gateway.Config{Sessions: watched{e, d.opened}, Commands: e, Passes: passes, Metrics: d.metrics, Log: log,
		Page: http.HandlerFunc(page), Listen: "localhost:8080"}
	for _, f := range change {
		f(&c)
	}
	if d.gateway, err = gateway.New(c); err != nil {
		t.Fatal(err)
	}
	server := gateway.Server(d.gateway)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(d.gateway.Listener(l)) }()
	t.Cleanup(func() {
		closed := server.Close()
		<-served
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(closed, e.Drain(ctx), store.Close()); err != nil {
			t.Error(err)
		}
		d.wantNoTokenInLog()
	})
	return d
}

// page stands where the embedded page does.
func page(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		fmt.Fprint(w, "the page")
	case "/panic":
		panic("a fault of ours")
	default:
		http.NotFound(w, r)
	}
}

// watched is the engine, and a look at what it gets.
type watched struct {
	*engine.Engine
	opened chan<- engine.Opening
}

func (w watched) Open(o engine.Opening) {
	w.opened <- o
	w.Engine.Open(o)
}

// asUsers wants tokens, signed with secret.
func asUsers(c *gateway.Config) {
	c.Verifier, _ = auth.New(auth.Config{Secret: secret, Log: c.Log})
}

const secret = "a secret of the tests, long enough to be one"

var passes = auth.NewPasses([]byte(secret))

// pass is one of a guest's, issued so long ago; the test fails if the log ever
// shows it.
func (d *door) pass(guest protocol.User, ago time.Duration) string {
	pass := passes.Issue(guest, time.Now().Add(-ago))
	d.tokens = append(d.tokens, pass)
	return pass
}

// token is one of user's; the test fails if the log ever shows it.
func (d *door) token(user string) string {
	claims := jwt.MapClaims{"sub": user, "name": "Ada L.", "role": "admin", "exp": time.Now().Add(time.Hour).Unix()}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		d.t.Fatal(err)
	}
	d.tokens = append(d.tokens, token)
	return token
}

func (d *door) wantNoTokenInLog() {
	for _, token := range d.tokens {
		for part := range strings.SplitSeq(strings.TrimPrefix(token, "pass1."), ".") {
			if strings.Contains(d.log.String(), part) {
				d.t.Errorf("the log holds %q of a token:\n%s", part, d.log)
			}
		}
	}
}

// request is the text of a request: a good handshake, with changes to its header.
// "Name: value" replaces a line, or adds it; "+Name: value" adds one more; "-Name"
// takes it out.
func request(first string, changes ...string) string {
	header := []string{
		"Host: localhost:8080", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
	}
	for _, change := range changes {
		name, _, _ := strings.Cut(strings.TrimLeft(change, "-+"), ":")
		if change[0] != '+' {
			header = without(header, name)
		}
		if change[0] != '-' {
			header = append(header, strings.TrimPrefix(change, "+"))
		}
	}
	return first + "\r\n" + strings.Join(header, "\r\n") + "\r\n\r\n"
}

func without(header []string, name string) []string {
	var out []string
	for _, line := range header {
		if !strings.HasPrefix(line, name+":") {
			out = append(out, line)
		}
	}
	return out
}

// answer is what came back: status 0 if nothing did.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends text over a connection of its own and reads one answer.
func (d *door) ask(text string) answer {
	d.t.Helper()
	conn := d.connect()
	defer conn.Close()
	return d.askOn(conn, text)
}

func (d *door) connect() net.Conn {
	d.t.Helper()
	conn, err := net.Dial("tcp", d.addr)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close() })
	return conn
}

func (d *door) askOn(conn net.Conn, text string) answer {
	d.t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		return answer{}
	}
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return answer{}
	}
	defer got.Body.Close()
	a := answer{status: got.StatusCode, header: got.Header}
	if got.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(got.Body) // a cut one shows in what the test wants of it
		a.body = string(body)
	}
	return a
}

// dial opens a session through an independent library, and closes it at the end.
func (d *door) dial(opts *websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, "ws://"+d.addr+"/ws", opts)
	if err == nil {
		d.t.Cleanup(func() { _ = conn.CloseNow() })
	}
	return conn, answer, err
}

// wantServes fails the test unless the next client joins and is told so, at once.
func (d *door) wantServes() {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws://"+d.addr+"/", nil)
	if err != nil {
		d.t.Fatalf("the next client: %v", err)
	}
	defer conn.CloseNow() //nolint:errcheck // its end is of no interest
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"join","username":"grace","room":"lobby"}`)); err != nil {
		d.t.Fatal(err)
	}
	if _, got, err := conn.Read(ctx); err != nil || !bytes.Contains(got, []byte("grace joined #lobby")) {
		d.t.Fatalf("the next client got %s, %v", got, err)
	}
}

// refused reads the counter of refusals of one reason.
func (d *door) refused(reason string) string {
	return d.counter(`parley_refusals_total{reason="` + reason + `"}`)
}

// counter reads one counter; empty if there is none of that name.
func (d *door) counter(name string) string {
	a := d.ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	_, rest, _ := strings.Cut(a.body, name+" ")
	count, _, _ := strings.Cut(rest, "\n")
	return count
}

// within waits for what must come to be.
func within(t *testing.T, is func() bool, what string) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// logBuffer is a log that tests read.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// count is how many lines hold text.
func (b *logBuffer) count(text string) int { return strings.Count(b.String(), text) }
