package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// Settings checks every flag and gives the settings to serve with. The error
// joins one for each wrong setting, a line each.
func (f *Flags) Settings() (Serve, error) {
	c := checks{sources: &f.sources, errs: f.sources.errs}
	s := Serve{NotRead: f.sources.unreadVariables(os.Environ())}

	s.Listen = check(&c, "listen", f.Listen, parseListen)
	s.Store = check(&c, "store", f.Store, orFile(parseStore))
	s.Data = check(&c, "data", f.Data, parseFolder)
	s.Retain = c.retain(checkAll(&c, "retain", f.Retain, parseRetention))
	s.Broker = check(&c, "broker", f.Broker, orFile(parseBroker))
	s.Rate = check(&c, "rate", f.Rate, parseRate)
	s.Heartbeat = check(&c, "heartbeat", f.Heartbeat, parseHeartbeat)
	s.Drain = check(&c, "drain", f.Drain, parseDrain(s.Shared()))
	s.Transport = check(&c, "transport", f.Transport, parseTransport)
	s.Gather = check(&c, "gather", f.Gather, parseGather)

	s.JWTSecret = check(&c, "jwt-secret", f.JWTSecret, orFile(asIs))
	s.JWTKey = check(&c, "jwt-key", f.JWTKey, orFile(parsePublicKey))
	s.JWTJWKS = check(&c, "jwt-jwks", f.JWTJWKS, orFile(parseJWKS))
	s.JWTAudience = check(&c, "jwt-audience", f.JWTAudience, orFile(asIs))
	s.JWTIssuer = check(&c, "jwt-issuer", f.JWTIssuer, orFile(asIs))

	s.MetricsToken = check(&c, "metrics-token", f.MetricsToken, orFile(parseMetricsToken))
	s.DebugListen = check(&c, "debug-listen", f.DebugListen, parseDebugListen)
	s.PublicURL = check(&c, "public-url", f.PublicURL, parsePublicURL)
	s.AllowOrigins = checkAll(&c, "allow-origin", f.AllowOrigin, parseOrigin)
	s.TrustedProxies = checkAll(&c, "trusted-proxy", f.TrustedProxy, parseProxy)
	s.TLSCert = check(&c, "tls-cert", f.TLSCert, parseReadable)
	s.TLSKey = check(&c, "tls-key", f.TLSKey, parseReadable)
	s.LogFormat = check(&c, "log-format", f.LogFormat, parseLogFormat)

	c.together(f, s)
	return s, errors.Join(c.errs...)
}

// together checks what only makes sense in company.
func (c *checks) together(f *Flags, s Serve) {
	c.nodes(s)
	if s.Transport == "loops" && f.TLSCert != "" {
		c.say("transport", `is "loops", which carry plain TCP alone: with --tls-cert want auto or goroutines`)
	}
	switch {
	case f.TLSCert != "" && f.TLSKey == "":
		c.say("tls-cert", "is given without --tls-key, the private key that belongs to it")
	case f.TLSKey != "" && f.TLSCert == "":
		c.say("tls-key", "is given without --tls-cert, the certificate that it belongs to")
	case s.TLSCert != "" && s.TLSKey != "":
		if _, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey); err != nil {
			c.say("tls-cert", fmt.Sprintf("is %q and --tls-key %q, but they don't serve together: %s",
				s.TLSCert, s.TLSKey, strings.TrimPrefix(err.Error(), "tls: ")))
		}
	}
	if f.JWTSecret == "" && f.JWTKey == "" && f.JWTJWKS == "" {
		const useless = "asks something of tokens, but no token is asked for: add --jwt-secret, --jwt-key or --jwt-jwks"
		if f.JWTAudience != "" {
			c.say("jwt-audience", useless)
		}
		if f.JWTIssuer != "" {
			c.say("jwt-issuer", useless)
		}
	}
}

// checks gathers what is wrong.
type checks struct {
	sources *sources
	errs    []error
}

// say adds an error: its setting, as the person gave it, and a predicate.
func (c *checks) say(name, predicate string) {
	called, ok := c.sources.named[name]
	if !ok {
		called = "--" + name
	}
	c.errs = append(c.errs, fmt.Errorf("%s %s", called, predicate))
}

// check parses the value of one setting, whose empty value is an error if
// somebody gave it: an empty variable is mostly one that was never filled in,
// and an empty --jwt-secret must not open the door.
func check[T any](c *checks, name, value string, parse func(string) (T, error)) T {
	var zero T
	if value == "" {
		if _, given := c.sources.named[name]; given {
			c.say(name, "is empty: give it a value, or leave it out")
		}
		return zero
	}
	parsed, err := parse(value)
	if err != nil {
		c.say(name, fmt.Sprintf("is %s: %s", shown(name, value), err))
		return zero
	}
	return parsed
}

// checkAll is check for a setting of many values.
func checkAll[T any](c *checks, name string, values []string, parse func(string) (T, error)) []T {
	if len(values) == 0 {
		check(c, name, "", parse)
		return nil
	}
	var all []T
	for _, value := range values {
		all = append(all, check(c, name, strings.TrimSpace(value), parse))
	}
	return all
}

// shown is a value as an error may show it.
func shown(name, value string) string {
	switch {
	case !secret[name] || strings.HasPrefix(value, "@"):
		return fmt.Sprintf("%q", value)
	case name == "store" || name == "broker":
		return shownURL(value)
	}
	return hidden(value)
}

func hidden(value string) string {
	return fmt.Sprintf("a secret of %d characters", utf8.RuneCountInString(value))
}

// orFile parses the value itself, or for @FILE what that file holds, without
// the newline that editors put at its end.
func orFile[T any](parse func(string) (T, error)) func(string) (T, error) {
	return func(value string) (T, error) {
		var zero T
		path, ok := strings.CutPrefix(value, "@")
		if !ok {
			return parse(value)
		}
		text, err := readText(path)
		if err != nil {
			return zero, fmt.Errorf("%w: want a file that can be read", err)
		}
		text = strings.TrimRight(text, "\r\n")
		if text == "" {
			return zero, errors.New("that file is empty")
		}
		return parse(text)
	}
}
