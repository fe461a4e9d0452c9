package config

import "time"

// Serve holds the settings of `parley serve`, after flags, environment and file
// have been read and checked.
type Serve struct {
	Listen    string // host:port; port 0 picks a free one
	Data      string // folder of the embedded database and uploads
	Store     string // "memory"
	Rate      Rate
	Heartbeat time.Duration

	JWTSecret   string // the value, not @FILE
	JWTKey      string // PEM
	JWTJWKS     string // URL
	JWTAudience string
	JWTIssuer   string

	MetricsToken   string
	PublicURL      string
	AllowOrigins   []string
	TrustedProxies []string // addresses or prefixes
	TLSCert        string   // file
	TLSKey         string   // file
	LogFormat      string   // "text" or "json"
}

// Rate bounds the chats of a session: at most N in any window of length Per.
// The zero value allows all.
type Rate struct {
	N   int
	Per time.Duration
}
