package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/redisurl"
)

// Warnings says, a sentence each, which settings weaken a promise, and what was
// not read. They are for the log at start.
func (s *Serve) Warnings() []string {
	var warnings []string
	say := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	if s.Store == "memory" {
		say("--store is memory: messages are lost at a restart")
	}
	if s.Shared() && s.Broker == Memory {
		say("--broker is memory: several nodes ask the store every half second what the others have stored; with --broker %s they are told at once",
			map[string]string{Postgres: "postgres or redis://…", Redis: "redis://…"}[s.StoreKind()])
	}
	for flag, value := range map[string]string{"store": s.Store, "broker": s.Broker} {
		if u, err := redisurl.ParseStore(value); err == nil && u.Unverified() {
			say("--%s has skip_verify: whoever sits on the way can pass for that Redis", flag)
		}
	}
	if s.Rate.N == 0 {
		say("--rate is off: one person can flood a room")
	}
	if n := len(s.JWTSecret); n > 0 && n < 32 {
		say("--jwt-secret has %d bytes: fewer than 32 can be guessed from any one token", n)
	}
	if s.JWTJWKS != "" {
		if s.JWTAudience == "" && s.JWTIssuer == "" {
			say("--jwt-jwks without --jwt-audience or --jwt-issuer: whoever has a token of any application of that issuer may come in")
		}
		if u, err := url.Parse(s.JWTJWKS); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
			say("--jwt-jwks is plain http: whoever sits on the way can put in keys of their own")
		}
	}
	if n := len(s.MetricsToken); n > 0 && n < 16 {
		say("--metrics-token has %d characters: fewer than 16 can be guessed", n)
	}
	if host, _, _ := net.SplitHostPort(s.DebugListen); s.DebugListen != "" && !loopback(host) {
		say("--debug-listen %s can be reached from elsewhere: who brings --metrics-token there sends it in the clear, and others see that something listens",
			s.DebugListen)
	}
	if slices.Contains(s.AllowOrigins, "null") {
		say("--allow-origin null: a sandboxed frame on anybody's page counts as null too")
	}
	for _, proxy := range s.TrustedProxies {
		if prefix, err := netip.ParsePrefix(proxy); err == nil && prefix.Bits() == 0 {
			say("--trusted-proxy %s is everybody: anyone can choose the address that limits and logs see", proxy)
		}
	}
	if host, _, _ := net.SplitHostPort(s.Listen); !s.Guests() && s.TLSCert == "" && !loopback(host) && len(s.TrustedProxies) == 0 {
		say("tokens travel in the clear to %s: give --tls-cert and --tls-key, or put a TLS proxy in front and name it with --trusted-proxy", s.Listen)
	}
	return append(warnings, s.NotRead...)
}

// loopback reports whether host is this machine alone.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
