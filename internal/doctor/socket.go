package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/protocol"
)

// ask is how a socket is asked for.
type ask struct {
	path    string // /ws unless given
	origin  string // empty for none, as programs ask
	v1      bool   // else the tutorial's dialect
	deflate bool
	pinged  func() // is told of each of the server's pings; nil for nobody
}

// refused is an upgrade that became none.
type refused struct {
	status int // of HTTP; 0 where no answer came
	header http.Header
	text   string // the beginning of what the answer says
	err    error
}

func (r *refused) Error() string {
	if r.status == 0 {
		return r.err.Error()
	}
	said := fmt.Sprintf("%d %s", r.status, http.StatusText(r.status))
	if r.status == http.StatusSwitchingProtocols {
		return fmt.Sprintf("%s, but %v", said, r.err)
	}
	if r.text != "" && !strings.HasPrefix(r.text, "<") {
		said += ": " + r.text
	}
	return said
}

// is reports whether the answer had one of these statuses.
func (r *refused) is(statuses ...int) bool { return slices.Contains(statuses, r.status) }

// dial opens a WebSocket. An error is a *refused.
func (r reach) dial(ctx context.Context, token string, a ask) (*websocket.Conn, http.Header, error) {
	u := *r.url
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	if u.Path = a.path; a.path == "" {
		u.Path = "/ws"
	}
	header := http.Header{}
	if a.origin != "" {
		header.Set("Origin", a.origin)
	}
	if token != "" && r.safe {
		header.Set("Authorization", "Bearer "+token)
	}
	client := *r.client
	client.Timeout = 0 // it would end the socket, too
	o := websocket.DialOptions{HTTPClient: &client, HTTPHeader: header, OnPingReceived: func(context.Context, []byte) bool {
		if a.pinged != nil {
			a.pinged()
		}
		return true
	}}
	if a.v1 {
		o.Subprotocols = []string{protocol.Subprotocol}
	}
	if a.deflate {
		o.CompressionMode = websocket.CompressionNoContextTakeover
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, u.String(), &o) //nolint:bodyclose // it is none, or memory
	if err != nil {
		why := &refused{err: inWords(err)}
		if answer != nil {
			text, _ := io.ReadAll(io.LimitReader(answer.Body, 300))
			why.status, why.header, why.text = answer.StatusCode, answer.Header, oneLine(string(text))
		}
		return nil, nil, why
	}
	conn.SetReadLimit(1 << 20)
	return conn, answer.Header, nil
}

// inWords is the innermost of an error: what wraps it names the address, with what was asked for.
func inWords(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil || strings.HasPrefix(err.Error(), "tls:") || strings.HasPrefix(err.Error(), "x509:") {
			return err
		}
		err = inner
	}
}

func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' }), " ")
}

// line is a session of parley.v1.
type line struct {
	conn *websocket.Conn
	next int
}

// frame is what we read of a server's frames.
type frame struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Code string `json:"code"`
	Text string `json:"text"`
	Time int64  `json:"time"`
	Room struct {
		Epoch string `json:"epoch"`
	} `json:"room"`
}

// open opens a session, and gives its welcome's time.
func (r reach) open(ctx context.Context, token string, a ask) (*line, error) {
	a.v1 = true
	conn, _, err := r.dial(ctx, token, a)
	if err != nil {
		return nil, err
	}
	l := &line{conn: conn}
	if conn.Subprotocol() != protocol.Subprotocol {
		l.close()
		return nil, errNotV1
	}
	welcome, err := l.read(ctx)
	if err == nil && welcome.Type != "welcome" {
		err = fmt.Errorf("the first frame is %q and no welcome", welcome.Type)
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

var errNotV1 = errors.New("the answer to the upgrade does not name parley.v1")

func (l *line) close() { _ = l.conn.CloseNow() }

func (l *line) read(ctx context.Context) (f frame, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, text, err := l.conn.Read(ctx)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(text, &f)
}

// do sends a command and waits for its answer, which may be a refusal. %s of the command is its id.
func (l *line) do(ctx context.Context, command string) (f frame, took time.Duration, err error) {
	l.next++
	id := fmt.Sprintf("doctor-%d", l.next)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	if err := l.conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, command, id)); err != nil {
		return f, 0, err
	}
	for {
		f, err := l.read(ctx)
		if err != nil || f.ID == id {
			return f, time.Since(began), err
		}
	}
}

// away is how far a server's clock is from ours, by the quickest of some pings: it is as
// exact as half of that ping.
func (l *line) away(ctx context.Context) (ahead, exact time.Duration, middle time.Duration, err error) {
	var all []time.Duration
	for range 9 {
		began := time.Now()
		f, took, err := l.do(ctx, `{"type":"ping","id":"%s"}`)
		if err != nil {
			return 0, 0, 0, err
		}
		if all = append(all, took); took == slices.Min(all) {
			ahead, exact = time.UnixMilli(f.Time).Sub(began.Add(took/2)), took/2+time.Millisecond
		}
	}
	slices.Sort(all)
	return ahead, exact, all[len(all)/2], nil
}
