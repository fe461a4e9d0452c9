package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/internal/tui"
	"github.com/parley-chat/parley/protocol"
)

// asking gives commands to a server over HTTP.
type asking struct {
	page  string // the server, as people know it
	token string // empty: as a guest
	http  *http.Client
}

func newAsking(server, token string) (*asking, error) {
	target, err := tui.ParseTarget(server)
	if err != nil {
		return nil, fmt.Errorf("--server: %w", err)
	}
	u, err := url.Parse(target.URL)
	if err != nil {
		return nil, fmt.Errorf("--server: %w", err)
	}
	if strings.ContainsAny(token, "\r\n \t") {
		return nil, errors.New("--as holds more than a token: want one, on one line")
	}
	// Another address would be given the token, too.
	follow := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &asking{
		page: "http" + strings.TrimPrefix(u.Scheme, "ws") + "://" + u.Host, token: token, http: &http.Client{CheckRedirect: follow},
	}, nil
}

// do gives a command whose answer has nothing to tell.
func (a *asking) do(ctx context.Context, command string, fields any) error {
	body, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.page+"/api/v1/"+command, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	response, err := a.http.Do(r)
	if err != nil {
		return a.inWords(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, protocol.MaxMessageBytes))
	if err != nil {
		return a.unsure()
	}
	return a.read(response, answer)
}

// read says what an answer means.
func (a *asking) read(response *http.Response, answer []byte) error {
	var f protocol.Refusal
	_ = json.Unmarshal(answer, &f) // it may be a proxy's page
	switch {
	case response.StatusCode == http.StatusOK && f.Type == protocol.TypeOK:
		return nil
	case f.Code == protocol.CodeForbidden && a.token == "":
		return fmt.Errorf("%s: %s: give an admin's token with --as @FILE or PARLEY_TOKEN", a.page, f.Text)
	case f.Code == protocol.CodeForbidden:
		return fmt.Errorf("%s: %s: the token of --as is no admin's (\"role\":\"admin\")", a.page, f.Text)
	case f.Code == protocol.CodeUnauthenticated && a.token == "":
		return fmt.Errorf("%s lets in only people with a token: give an admin's with --as @FILE or PARLEY_TOKEN", a.page)
	case f.Code == protocol.CodeUnauthenticated:
		return fmt.Errorf("%s refused the token of --as: %s", a.page, f.Text)
	case f.Code == protocol.CodeUnknownType:
		return fmt.Errorf("%s is of a version that can't do this", a.page)
	case f.Code != "":
		return fmt.Errorf("%s: %s", a.page, f.Text)
	case response.Header.Get("Location") != "":
		return fmt.Errorf("%s leads on to another address: give that, with --server", a.page)
	}
	return fmt.Errorf("%s answers with %q: give the address of a Parley server with --server", a.page, response.Status)
}

// inWords is what a person can do about a server that can't be asked.
func (a *asking) inWords(err error) error {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing answers at %s (is `parley serve` running there?)", a.page)
	case errors.As(err, &dns):
		return fmt.Errorf("%s: no address is known for %s", a.page, dns.Name)
	case errors.As(err, &certificate):
		return fmt.Errorf("%s has a certificate that this machine does not trust: %w", a.page, certificate.Err)
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Errorf("%s does not speak TLS: try http:// in place of https://", a.page)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return a.unsure()
	}
	return fmt.Errorf("%s: %w", a.page, cmp.Or(errors.Unwrap(err), err))
}

// unsure is for a command that was sent, and whose answer did not come or was cut off.
func (a *asking) unsure() error {
	return fmt.Errorf("%s gives no answer: it may be revoked or not, so do it again", a.page)
}
