package tui

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/protocol"
)

// explain makes of an error of the client what a person can act on.
func explain(to Target, guest bool, err error) error {
	var refused *client.HandshakeError
	var closed *client.CloseError
	switch {
	case errors.As(err, &refused):
		return explainRefusal(to, guest, refused)
	case errors.As(err, &closed):
		return explainClose(closed)
	case errors.Is(err, client.ErrLost):
		return client.ErrLost
	case errors.Is(err, client.ErrNotParley):
		return fmt.Errorf("%s opens WebSockets, but does not speak %s: is it a Parley server?", to.page(), protocol.Subprotocol)
	}
	return explainNetwork(to, err)
}

// explainRefusal says why an upgrade was refused.
func explainRefusal(to Target, guest bool, refused *client.HandshakeError) error {
	page := to.page()
	switch refused.Status {
	case http.StatusUnauthorized:
		if guest {
			return errors.New(page + " lets in only people with a token: give yours with --token or PARLEY_TOKEN")
		}
		return errors.New(page + " refused the token: it has expired, or was not made for this server")
	case http.StatusForbidden:
		return errors.New(page + " refused the connection (403 Forbidden)")
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fmt.Errorf("%s can't take us now (%d %s)", page, refused.Status, http.StatusText(refused.Status))
	case http.StatusBadRequest: // Go's own answer to plain HTTP, and nginx's
		if strings.Contains(strings.ToLower(refused.Text), "https") {
			return errors.New(page + " speaks TLS: try https:// in place of http://")
		}
	}
	return fmt.Errorf("%s answered \"%d %s\" where a chat server opens a WebSocket: "+
		"give the address of a Parley server, such as %s", to.URL, refused.Status, http.StatusText(refused.Status), DefaultURL)
}

func explainNetwork(to Target, err error) error {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return fmt.Errorf("%s has a certificate that this machine does not trust: %w", to.page(), certificate.Err)
	case errors.Is(err, http.ErrSchemeMismatch):
		return errors.New(to.page() + " does not speak TLS: try http:// in place of https://")
	case errors.As(err, &dns):
		return fmt.Errorf("%s: no address is known for %s", to.page(), dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing answers at %s (is `parley serve` running there?)", to.page())
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s gives no answer", to.page())
	}
	return fmt.Errorf("%s: %w", to.page(), err)
}

// explainClose says why the server ended a connection.
func explainClose(closed *client.CloseError) error {
	switch closed.Code {
	case protocol.CloseTokenExpired:
		return errors.New("the token has expired or was revoked: get a new one for --token")
	case protocol.CloseGoingAway:
		return errors.New("the server is restarting")
	case protocol.CloseOverloaded:
		return errors.New("the server is overloaded")
	case protocol.CloseLimited:
		return errors.New("the server wants a pause")
	}
	return closed
}

// refusalOf is the server's refusal that err is of; nil if it is of none.
func refusalOf(err error) *protocol.Error {
	refusal, _ := errors.AsType[*protocol.Error](err)
	return refusal
}

// reason is why a command was not done.
func reason(err error) string {
	switch refusal := refusalOf(err); {
	case refusal == nil:
		return visibleLine(err.Error())
	case refusal.Text != "":
		return visibleLine(refusal.Text)
	default:
		return refusal.Code.Sentence()
	}
}
