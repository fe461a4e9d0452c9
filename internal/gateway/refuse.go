package gateway

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/time/rate"

	"github.com/parley-chat/parley/protocol"
)

// refusal is why a request goes no further.
type refusal struct {
	code   protocol.Code
	status int
	text   string        // for the client: what would be right
	id     string        // of the command; empty if it gave none
	retry  time.Duration // waiting so long helps; 0 if that is not known
	header [][2]string   // of the answer
	log    string        // for the operator; empty for no line
	level  slog.Level    // of that line; zero is Info, Warn where the operator may have to act
}

// with adds a header to the answer.
func (why *refusal) with(name, value string) *refusal {
	why.header = append(why.header, [2]string{name, value})
	return why
}

// newLineLimits bounds what strangers can write into our log: of each reason, a
// line a second after the first twenty. The counters miss nothing.
func newLineLimits() map[protocol.Code]*rate.Limiter {
	lines := map[protocol.Code]*rate.Limiter{}
	for _, code := range protocol.Codes() {
		lines[code] = rate.NewLimiter(1, 20)
	}
	return lines
}

// count counts a refusal, and logs it.
func (g *Gateway) count(addr netip.Addr, why *refusal) {
	g.metrics.Refused(why.code)
	if why.log != "" && g.lines[why.code].Allow() {
		g.log.Log(context.Background(), why.level, why.log, "addr", addr.String(), "reason", string(why.code))
	}
}

// begin counts a refusal, and sets the headers of its answer.
func (g *Gateway) begin(w http.ResponseWriter, r *http.Request, why *refusal) {
	g.count(g.client(r), why)
	if why.status == http.StatusTooManyRequests || why.status == http.StatusServiceUnavailable {
		seconds := max(1, (why.retry+time.Second-1)/time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	for _, h := range why.header {
		w.Header().Set(h[0], h[1])
	}
}

// refuse answers an upgrade that goes no further.
func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, why *refusal) {
	g.begin(w, r, why)
	w.Header().Set("Connection", "close") // what was sent behind a handshake is no HTTP
	http.Error(w, why.text, why.status)
}

// refuseJSON answers a command with the error frame that it would get.
func (g *Gateway) refuseJSON(w http.ResponseWriter, r *http.Request, why *refusal) {
	g.begin(w, r, why)
	writeJSON(w, why.status, inJSON(protocol.Refusal{
		Type: protocol.TypeError, ID: why.id, Code: why.code, Text: why.text, RetryMS: why.retry.Milliseconds(),
	}))
}

func inJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("an answer that is no JSON: %v", err)) // only our own types come here
	}
	return text
}

func writeJSON(w http.ResponseWriter, status int, text []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that has gone needs no answer
}

// serverLog takes what net/http has to say. Mostly that is how peers fail, which
// is nobody's business here; but not when a handler of ours panics, or no
// connection can be accepted.
type serverLog struct{ log *slog.Logger }

// ErrorLog is where an HTTP server of ours says what it has to say.
func ErrorLog(l *slog.Logger) *log.Logger { return log.New(serverLog{l}, "", 0) }

func (l serverLog) Write(line []byte) (int, error) {
	level := slog.LevelDebug
	if bytes.HasPrefix(line, []byte("http: panic")) || bytes.HasPrefix(line, []byte("http: Accept error")) {
		level = slog.LevelError
	}
	l.log.Log(context.Background(), level, strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}
