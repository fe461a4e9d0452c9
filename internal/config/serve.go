package config

import (
	"crypto"
	"fmt"
	"time"
)

// Serve holds the settings of `parley serve`, after flags, environment and file
// have been read and checked.
type Serve struct {
	Listen    string // host:port; port 0 picks a free one
	Store     string // "sqlite", "memory", or a URL with its password: see StoreKind, StoreName
	Data      string // folder of the sqlite store
	Retain    Retain
	Broker    string // "memory", "postgres" (the store's own), or a URL with its password: see BrokerKind, BrokerName
	Rate      Rate
	Heartbeat time.Duration
	Drain     time.Duration // over how long sessions are told to go; 0: at once
	Transport string        // "auto", "loops" or "goroutines"
	Gather    time.Duration // 0: off

	JWTSecret   string           // the value, not @FILE
	JWTKey      crypto.PublicKey // nil for none
	JWTJWKS     string           // URL
	JWTAudience string
	JWTIssuer   string

	MetricsToken   string
	DebugListen    string   // host:port; empty for none
	PublicURL      string   // scheme://host[:port], as a browser writes an origin
	AllowOrigins   []string // each as a browser writes it, or "null"
	TrustedProxies []string // addresses or prefixes
	TLSCert        string   // file
	TLSKey         string   // file
	LogFormat      string   // "text" or "json"

	// NotRead are environment variables that begin with PARLEY_ and are no
	// settings, each with a word on what may have been meant.
	NotRead []string
}

// Guests reports whether people may come in without a token.
func (s *Serve) Guests() bool {
	return s.JWTSecret == "" && s.JWTKey == nil && s.JWTJWKS == ""
}

// Rate bounds the chats of a user: at most N in any window of length Per.
// The zero value allows all.
type Rate struct {
	N   int
	Per time.Duration
}

// String is the rate as a person writes it: 10/10s, or off.
func (r Rate) String() string {
	if r.N == 0 {
		return "off"
	}
	return fmt.Sprintf("%d/%s", r.N, r.Window())
}

// Window is the window's length as a person writes it: 10s, 1m.
func (r Rate) Window() string { return shortDuration(r.Per) }
