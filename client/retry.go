package client

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/parley-chat/parley/protocol"
)

const (
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
	// busyPause is the least before coming back to a server that has had enough.
	busyPause = 5 * time.Second
)

// plan says when to connect again after so many failures in a row, and whether it
// is of any use.
func plan(err error, failures int) (pause time.Duration, again bool) {
	var refused *HandshakeError
	var closed *CloseError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused):
		return max(backoff(failures), refused.Retry+jitter(0, firstPause)), refused.Status == http.StatusTooManyRequests || refused.Status >= 500
	case errors.As(err, &closed):
		return afterClose(closed.Code, failures)
	case errors.Is(err, ErrNotParley), errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &certificate):
		return backoff(failures), false
	}
	return backoff(failures), true
}

// mayRenew reports whether another token may help, and there may be one.
func (c *Client) mayRenew(ctx context.Context, err error) bool {
	var refused *HandshakeError
	var closed *CloseError
	expired := errors.As(err, &refused) && refused.Status == http.StatusUnauthorized ||
		errors.As(err, &closed) && closed.Code == protocol.CloseTokenExpired
	if c.options.Token == nil || !expired {
		return false
	}
	token, err := c.options.Token(ctx)
	return err != nil || token != c.token
}

// afterClose is plan for connections that the server ended with a code.
func afterClose(code protocol.CloseCode, failures int) (pause time.Duration, again bool) {
	switch code {
	case protocol.CloseProtocolError, protocol.CloseUnsupported, protocol.CloseInvalidData, protocol.ClosePolicy, protocol.CloseTooBig:
		return backoff(failures), false
	case protocol.CloseGoingAway, protocol.CloseTooSlow:
		if failures == 0 {
			return jitter(0, firstPause), true // others come back, too
		}
		return backoff(failures), true
	case protocol.CloseLimited, protocol.CloseOverloaded, protocol.CloseInternal:
		return jitter(busyPause, busyPause) + backoff(failures), true
	}
	return backoff(failures), code < 4400 || code >= 4500 // from 4400, the session is refused, as by HTTP's 4xx
}

// backoff doubles with each failure up to longestPause, of which half is random, so
// that a crowd does not come back all at once.
func backoff(failures int) time.Duration {
	d := min(firstPause<<min(failures, 16), longestPause)
	return jitter(d/2, d/2)
}

func jitter(least, span time.Duration) time.Duration {
	return least + rand.N(span) //nolint:gosec // it is no secret
}
