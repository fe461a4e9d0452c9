package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/config"
)

// Config is what to look at.
type Config struct {
	Settings config.Serve
	Wrong    error // what Settings lacks, because it was wrong; nil for nothing
	Local    bool  // the settings are those of a server on this machine, and not mere defaults

	Public []string // URLs that people use, such as https://chat.example
	Nodes  []string // URLs of the nodes behind them
	Token  string   // of a user, where guests aren't let in; empty for none
	Long   bool     // wait for what shows itself only after a while

	Roots    *x509.CertPool     // nil for the system's
	Progress func(doing string) // is told what is being done; nil for nobody
}

// Examine looks at everything, one thing after another, and tells each finding.
func Examine(ctx context.Context, c Config, tell func(Finding)) {
	x := &examination{Config: c, tell: tell, log: slog.New(slog.DiscardHandler)}
	for _, look := range []func(context.Context){
		x.settings, x.folder, x.store, x.broker, x.tokens, x.nodes, x.public,
	} {
		if ctx.Err() != nil {
			return
		}
		look(ctx)
	}
}

// examination is one run of the doctor. It is owned by one goroutine.
type examination struct {
	Config
	tell func(Finding)
	log  *slog.Logger
}

func (x *examination) of(p Part) notes { return notes{p, x.tell} }

func (x *examination) doing(what string) {
	if x.Progress != nil {
		x.Progress(what)
	}
}

// Each thing that is asked for is waited for so long.
const patience = 10 * time.Second

// offBy is how far clocks may be apart before it is worth a word; what a token's times
// may be off is more, and beyond that people are turned away.
const offBy = time.Second

// reach is how an address is spoken to.
type reach struct {
	url    *url.URL
	client *http.Client
	safe   bool   // a secret may be sent there
	forged string // address that we say we have; empty for none
}

// newReach reads an address that a person gave. verify: its certificate must be good.
func (x *examination) newReach(u *url.URL, verify bool) reach {
	transport := &http.Transport{
		DialContext:       (&net.Dialer{Timeout: patience}).DialContext,
		ForceAttemptHTTP2: false,
		TLSClientConfig: &tls.Config{
			RootCAs: x.Roots, NextProtos: []string{"http/1.1"},
			InsecureSkipVerify: !verify, //nolint:gosec // the fault was told; nothing secret is sent then
		},
		DisableKeepAlives: true, // each look is one of its own
	}
	return reach{
		url:  u,
		safe: u.Scheme == "https" && verify || near(u.Hostname()),
		client: &http.Client{
			Transport: transport, Timeout: patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// near reports whether a host is this machine, or on a private network by its address.
func near(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return strings.EqualFold(host, "localhost")
	}
	addr = addr.Unmap()
	return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast()
}
