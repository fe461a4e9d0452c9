package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"
)

// soon is when a certificate should have been renewed: those that renew by themselves do
// it with 30 days left.
const soon = 21 * 24 * time.Hour

// certificate looks at the TLS of an address, and reports whether it is good.
func (x *examination) certificate(ctx context.Context, u *url.URL) bool {
	n := x.of(TLS)
	state, err := x.handshake(ctx, u, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // it is verified below, by steps
	if err != nil {
		n.fault(fmt.Sprintf("no TLS is spoken at %s: %v", u.Host, inWords(err)), "is that the address of the proxy's https?")
		return false
	}
	leaf := state.PeerCertificates[0]
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err = leaf.Verify(x509.VerifyOptions{DNSName: u.Hostname(), Roots: x.Roots, Intermediates: between})
	x.verified(n, u.Hostname(), leaf, len(state.PeerCertificates), err)
	if old, oldErr := x.handshake(ctx, u, &tls.Config{
		InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, //nolint:gosec // that it can't be had is the point
	}); oldErr == nil {
		n.warn(fmt.Sprintf("%s speaks %s, which is broken", u.Host, tls.VersionName(old.Version)), "allow TLS 1.2 and 1.3 alone; nginx: ssl_protocols TLSv1.2 TLSv1.3")
	} else {
		n.ok("%s speaks %s, and nothing before TLS 1.2", u.Host, tls.VersionName(state.Version))
	}
	return err == nil
}

// verified says what is right or wrong with a certificate.
func (x *examination) verified(n notes, host string, leaf *x509.Certificate, length int, err error) {
	left := time.Until(leaf.NotAfter)
	var (
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
	)
	switch {
	case left <= 0:
		n.fault(fmt.Sprintf("the certificate of %s has expired on %s", host, leaf.NotAfter.Format(time.DateOnly)), "renew it, and have the proxy read it (nginx -s reload)")
	case errors.As(err, &name):
		n.fault(fmt.Sprintf("the certificate is for %v, and not for %s", leaf.DNSNames, host), "get one for the name that people type")
	case errors.As(err, &unknown) && length == 1:
		n.fault(fmt.Sprintf("browsers don't know who signed the certificate of %s", host), "serve the whole chain (fullchain.pem), or get one of an authority that they know")
	case errors.As(err, &unknown):
		n.fault(fmt.Sprintf("browsers don't know who signed the certificate of %s", host), "get one of an authority that they know")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		n.fault(fmt.Sprintf("the certificate of %s, or one that vouches for it, is not valid now", host), "renew it; and is this machine's clock right?")
	case err != nil:
		n.fault(fmt.Sprintf("the certificate of %s is not accepted: %v", host, err), "get another one")
	case left < soon:
		n.warn(fmt.Sprintf("the certificate of %s expires in %s, on %s", host, days(left), leaf.NotAfter.Format(time.DateOnly)), "renew it, and see why it was not renewed by itself")
	default:
		n.ok("the certificate of %s is good, for %s more", host, days(left))
	}
}

func (x *examination) handshake(ctx context.Context, u *url.URL, c *tls.Config) (tls.ConnectionState, error) {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	c.ServerName, c.NextProtos = u.Hostname(), []string{"http/1.1"}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := (&tls.Dialer{Config: c}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState(), nil
}

// ownCertificate looks at the file that a node would serve with; whether it belongs to
// its key, the settings' check has seen.
func (x *examination) ownCertificate() {
	s, n := &x.Settings, x.of(TLS)
	if s.TLSCert == "" || s.TLSKey == "" {
		return
	}
	pair, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil || pair.Leaf == nil {
		return
	}
	u, err := url.Parse(s.PublicURL)
	if s.PublicURL == "" || err != nil {
		u = &url.URL{}
	}
	if left := time.Until(pair.Leaf.NotAfter); left < soon {
		x.verified(n, "--tls-cert", pair.Leaf, len(pair.Certificate), nil)
	} else {
		n.ok("the certificate of --tls-cert is good for %s more", days(left))
	}
	if host := u.Hostname(); host != "" && pair.Leaf.VerifyHostname(host) != nil {
		n.fault(fmt.Sprintf("the certificate of --tls-cert is for %v, and not for %s, the host of --public-url", pair.Leaf.DNSNames, host), "get one for that name")
	}
	if info, err := os.Stat(s.TLSKey); err == nil && info.Mode().Perm()&0o004 != 0 {
		n.warn("everybody on this machine can read "+s.TLSKey, "chmod 600 "+s.TLSKey)
	}
}

func days(d time.Duration) string {
	switch n := int(d.Hours() / 24); n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}
