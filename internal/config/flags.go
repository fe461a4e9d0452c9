package config

import "github.com/alecthomas/kong"

// Flags are the settings of `parley serve` as text, the way that a person gave
// them. Embed it in a command of a kong parser made with KongOptions: kong fills
// the fields, and Flags reads the file and checks them all.
//
// They are text and not durations and addresses, so that Settings can report
// every wrong one at once, each with the place where it was given.
type Flags struct {
	Config string `placeholder:"FILE" help:"Settings file: TOML, whose keys are these flags' names."`

	Listen    string   `default:"localhost:8080" placeholder:"HOST:PORT" help:"Where to listen; ${default} unless given. Port 0 picks a free one, an empty host is every address."`
	Store     string   `default:"sqlite" placeholder:"STORE" help:"Where rooms keep their messages: ${default}, on disk in --data; memory, which forgets them at a restart; or postgres://… or redis://…, which several nodes share. @FILE keeps a password off the command line."`
	Data      string   `default:"./parley-data" placeholder:"FOLDER" help:"Folder of --store sqlite, made at need; ${default} unless given."`
	Retain    []string `placeholder:"[ROOM=]TIME" help:"Forget messages that are older, such as 90d (or s, m, h, w); lobby=7d or attic=off for one room. Unless given, none are. May be repeated."`
	Broker    string   `default:"memory" placeholder:"BROKER" help:"What wakes the other nodes on a shared store: ${default}, nothing, so that each asks the store what is new; postgres, the store's own; or redis://… (rediss, redis+sentinel, redis+cluster). Mostly @FILE."`
	Rate      string   `default:"10/10s" placeholder:"N/TIME" help:"How many messages each user may send in any such time; ${default} unless given, off for trusted networks."`
	Heartbeat string   `default:"30s" placeholder:"TIME" help:"How often each session is pinged; ${default} unless given. Who stays silent until the next ping is cut off."`
	Drain     string   `default:"auto" placeholder:"TIME" help:"Over how long a node that stops tells its sessions to go, so that they don't come to the others all at once, up to 8s; ${default}: 3s with a store that nodes share, else 0."`
	Transport string   `default:"auto" placeholder:"KIND" help:"How sockets are carried: loops, one for each core (Linux, plain TCP), goroutines, a pair for each session, or ${default}: loops where they can be had."`
	Gather    string   `default:"10ms" placeholder:"TIME" help:"How long a loop that is busy most of its time may wait for more to write at once; ${default} unless given, 0 for never. Others never wait."`

	JWTSecret   string `name:"jwt-secret" placeholder:"SECRET" help:"Let in only whom a token vouches for, signed with this secret (HS256, 384, 512). @FILE keeps it off the command line, where others can see it."`
	JWTKey      string `name:"jwt-key" placeholder:"PEM" help:"The same, signed by the owner of this public key (RS256, ES256, EdDSA); mostly @FILE."`
	JWTJWKS     string `name:"jwt-jwks" placeholder:"URL" help:"The same, with the public keys that are published there."`
	JWTAudience string `name:"jwt-audience" placeholder:"NAME" help:"What a token's aud must name."`
	JWTIssuer   string `name:"jwt-issuer" placeholder:"NAME" help:"What a token's iss must be."`

	MetricsToken string   `placeholder:"TOKEN" help:"Bearer token or @FILE that opens /metrics, and what --debug-listen shows, to others than this machine."`
	DebugListen  string   `placeholder:"HOST:PORT" help:"Where to show, to this machine, what the node does, and Go's profiles; such as localhost:6060. Nowhere unless given."`
	PublicURL    string   `name:"public-url" placeholder:"URL" help:"What people type to get here, such as https://chat.example."`
	AllowOrigin  []string `placeholder:"ORIGIN" help:"Let pages of this site connect too, such as https://app.example; null for pages opened from a file. May be repeated."`
	TrustedProxy []string `placeholder:"ADDR" help:"Believe the X-Forwarded-For of this address or network, such as 10.0.0.0/8. May be repeated."`
	TLSCert      string   `name:"tls-cert" placeholder:"FILE" help:"Certificate chain (PEM), to serve HTTPS without a proxy."`
	TLSKey       string   `name:"tls-key" placeholder:"FILE" help:"Private key (PEM) of --tls-cert."`
	LogFormat    string   `default:"text" placeholder:"FORMAT" help:"How log lines on standard error look: ${default}, or json."`

	sources sources
}

// KongOptions make kong read Flags as they are meant.
func KongOptions() []kong.Option {
	return []kong.Option{
		kong.DefaultEnvars(envPrefix),
		// A key in PEM begins with hyphens. kong would refuse it as a value, and
		// print it in full, be it a private one.
		kong.WithHyphenPrefixedParameters(true),
	}
}

// envPrefix begins the names of environment variables that are settings.
const envPrefix = "PARLEY"

// secret settings: an error never shows their value; of a URL, only where it leads.
var secret = map[string]bool{"jwt-secret": true, "jwt-key": true, "metrics-token": true, "store": true, "broker": true}
