package tui

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/protocol"
)

const (
	dialTimeout  = 15 * time.Second
	writeTimeout = 10 * time.Second
	// A line that is dead without a word is noticed after both of these.
	pingEvery   = 30 * time.Second
	pingTimeout = 15 * time.Second
	// maxFrameBytes holds 200 names and the longest text, all of it escaped.
	maxFrameBytes = 1 << 20
)

// refusal is an error that trying again can't mend.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// dial connects to the server. The error says what would be right; it is a
// *refusal where trying again is of no use.
func dial(ctx context.Context, to Target, token string) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	header := http.Header{"User-Agent": {"parley join"}}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	conn, resp, err := websocket.Dial(ctx, to.URL, &websocket.DialOptions{HTTPHeader: header}) //nolint:bodyclose // websocket closes it
	if err != nil {
		return nil, explain(to, token, resp, err)
	}
	conn.SetReadLimit(maxFrameBytes)
	return conn, nil
}

// explain makes of a failed handshake what a person can act on.
func explain(to Target, token string, resp *http.Response, err error) error {
	if resp == nil {
		return explainNoAnswer(to, err)
	}
	page := to.page()
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		if token == "" {
			return &refusal{page + " lets in only people with a token: give yours with --token or PARLEY_TOKEN"}
		}
		return &refusal{page + " refused the token: it has expired, or was not made for this server"}
	case http.StatusForbidden:
		return &refusal{page + " refused the connection (403 Forbidden)"}
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fmt.Errorf("%s can't take us now (%s)", page, resp.Status)
	case http.StatusBadRequest: // Go's own answer to plain HTTP, and nginx's
		if body, _ := io.ReadAll(resp.Body); bytes.Contains(bytes.ToLower(body), []byte("https")) {
			return &refusal{page + " speaks TLS: try https:// in place of http://"}
		}
	}
	return &refusal{fmt.Sprintf("%s answered %q where a chat server opens a WebSocket: "+
		"give the address of a Parley server, such as %s", to.URL, resp.Status, DefaultURL)}
}

func explainNoAnswer(to Target, err error) error {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var request *url.Error
	switch {
	case errors.As(err, &certificate):
		return &refusal{fmt.Sprintf("%s has a certificate that this machine does not trust: %v", to.page(), certificate.Err)}
	case errors.Is(err, http.ErrSchemeMismatch):
		return &refusal{to.page() + " does not speak TLS: try http:// in place of https://"}
	case errors.As(err, &dns):
		return fmt.Errorf("%s: no address is known for %s", to.page(), dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing answers at %s (is `parley serve` running there?)", to.page())
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s gave no answer within %s", to.page(), dialTimeout)
	case errors.As(err, &request):
		return fmt.Errorf("%s: %w", to.page(), request.Err) // without what it was for, which to says
	default:
		return fmt.Errorf("%s: %w", to.page(), err)
	}
}

// explainEnd says why a connection ended; it is a *refusal where the close code
// tells the client to stop.
func explainEnd(err error) error {
	switch code := protocol.CloseCode(websocket.CloseStatus(err)); code {
	case protocol.CloseProtocolError, protocol.CloseUnsupported, protocol.CloseInvalidData, protocol.ClosePolicy, protocol.CloseTooBig:
		return &refusal{fmt.Sprintf("the server closed the connection: %v", err)}
	case protocol.CloseTokenExpired:
		return &refusal{"the token has expired or was revoked: get a new one for --token"}
	case protocol.CloseGoingAway:
		return errors.New("the server is restarting")
	case protocol.CloseOverloaded:
		return errors.New("the server is overloaded")
	case protocol.CloseLimited:
		return errors.New("the server wants a pause")
	default:
		if code >= 4400 && code < 4500 { // the session is refused, as HTTP's 4xx
			return &refusal{fmt.Sprintf("the server ended the session: %v", err)}
		}
		return errors.New("the connection was lost")
	}
}

// received is one thing that a connection had to say: a message, or its end.
type received struct {
	conn *websocket.Conn
	data []byte
	err  error
}

// listen hands on what conn receives until it ends, and pings it now and then.
func listen(ctx context.Context, conn *websocket.Conn, to chan<- received) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go keepAlive(ctx, conn)
	for {
		_, data, err := conn.Read(ctx)
		select {
		case to <- received{conn, data, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// keepAlive closes conn when nothing answers any more: without it, a line that
// was cut in silence would look like a quiet room.
func keepAlive(ctx context.Context, conn *websocket.Conn) {
	ticks := time.NewTicker(pingEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			ping, cancel := context.WithTimeout(ctx, pingTimeout)
			err := conn.Ping(ping)
			cancel()
			if err != nil {
				_ = conn.CloseNow()
				return
			}
		}
	}
}

func send(ctx context.Context, conn *websocket.Conn, c command) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return conn.Write(ctx, websocket.MessageText, c.encode())
}
