package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json"
	"golang.org/x/term"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/doctor"
)

// doctorCommand's own flags have no variables, lest one of them be taken for a setting.
type doctorCommand struct {
	URL  []string `arg:"" optional:"" help:"What people type to get there, such as https://chat.example. --public-url unless given."`
	Node []string `env:"-" placeholder:"URL" help:"Look at this node, past the proxy: http://10.0.0.1:8080. May be repeated."`

	Token string `placeholder:"TOKEN" help:"Token of a user, or @FILE, where guests aren't let in."`
	CA    string `env:"-" name:"ca" placeholder:"FILE" help:"Trust this authority's certificates (PEM) instead of those that the system trusts."`
	Long  bool   `env:"-" help:"Also look whether a silent session stays open; it takes a good minute."`
	JSON  bool   `env:"-" name:"json" help:"A JSON object for each finding, a line each."`

	config.Flags
}

// Help is printed by kong.
func (doctorCommand) Help() string {
	return `Looks at a deployment and says what to fix: at the settings, with what they name (data folder, store,
broker, keys, certificate); at each --node (ready, of one version, on one store, clocks); and at what
people type (TLS, the proxy's upgrade, sizes, addresses, the origin rule). It takes the flags, variables
and file of parley serve: run it on the server's machine, as its user, with its settings; from elsewhere,
with addresses alone. It changes nothing.

It exits with 0 if all is well, warnings or not, with 1 if there are faults, with 2 for a wrong command.

Examples:

    parley doctor
    parley doctor https://chat.example
    parley doctor --config /etc/parley.toml --node http://10.0.0.1:8080 --node http://10.0.0.2:8080 https://chat.example
    parley doctor --long --json https://chat.example | jq -c 'select(.level == "fault")'`
}

func (c *doctorCommand) run(s streams) int {
	settings, wrong := c.Settings()
	token, tokenErr := readToken(c.Token)
	roots, rootsErr := c.roots()
	public := c.URL
	if len(public) == 0 && settings.PublicURL != "" {
		public = []string{settings.PublicURL}
	}
	if err := errors.Join(checkAddresses("URL", public), checkAddresses("--node", c.Node), tokenErr, rootsErr); err != nil {
		return usage(s, "doctor", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	p := newFindings(s, c.JSON)
	doctor.Examine(ctx, doctor.Config{
		Settings: settings, Wrong: wrong, Local: c.Given("node", "token", "ca", "long", "json") || len(c.URL)+len(c.Node) == 0,
		Public: public, Nodes: c.Node, Token: token, Long: c.Long, Roots: roots, Progress: p.doing,
	}, p.tell)
	return p.end(ctx.Err() != nil)
}

// roots are the authorities of --ca; nil for the system's.
func (c *doctorCommand) roots() (*x509.CertPool, error) {
	if c.CA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--ca %s holds no certificate: want PEM", c.CA)
	}
	return pool, nil
}

func checkAddresses(called string, all []string) error {
	var wrong []error
	for _, raw := range all {
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			wrong = append(wrong, fmt.Errorf("%s %q: want http:// or https:// and a host, such as https://chat.example or http://10.0.0.1:8080", called, raw))
		}
	}
	return errors.Join(wrong...)
}

// findings prints what is found, and counts it.
type findings struct {
	out    io.Writer
	json   bool
	colour bool
	live   *os.File // says what is being looked at; nil for nobody
	shown  bool     // …and does now
	count  map[doctor.Level]int
}

func newFindings(s streams, asJSON bool) *findings {
	f := &findings{out: s.out, json: asJSON, colour: isTerminal(s.out) && os.Getenv("NO_COLOR") == "", count: map[doctor.Level]int{}}
	if isTerminal(s.err) {
		f.live = s.err.(*os.File)
	}
	return f
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (f *findings) doing(what string) {
	if f.live != nil {
		f.wipe()
		fmt.Fprintf(f.live, "looking at %s …", what)
		f.shown = true
	}
}

func (f *findings) wipe() {
	if f.shown {
		fmt.Fprint(f.live, "\r\x1b[K")
		f.shown = false
	}
}

// colours of the levels on a terminal.
var colours = map[doctor.Level]string{doctor.OK: "32", doctor.Unknown: "2", doctor.Warning: "33", doctor.Fault: "31;1"}

// tell prints one finding: a line, and below it what would be right.
func (f *findings) tell(found doctor.Finding) {
	f.wipe()
	f.count[found.Level]++
	if f.json {
		text, err := json.Marshal(found)
		if err != nil {
			panic(fmt.Sprintf("a finding that is no JSON: %v", err)) // it is made of texts
		}
		fmt.Fprintf(f.out, "%s\n", text)
		return
	}
	level := fmt.Sprintf("%-8s", found.Level)
	if f.colour {
		level = "\x1b[" + colours[found.Level] + "m" + level + "\x1b[0m"
	}
	fmt.Fprintf(f.out, "%-9s %s %s\n", found.Part, level, found.Found)
	if found.Fix != "" {
		fmt.Fprintf(f.out, "%19s→ %s\n", "", found.Fix)
	}
}

// end sums up, and gives the exit code.
func (f *findings) end(stopped bool) int {
	f.wipe()
	if stopped {
		fmt.Fprintln(f.out, "stopped before all was looked at")
		return exitFailed
	}
	if !f.json {
		fmt.Fprintf(f.out, "\n%s, %s, %d looked at and fine, %d not looked at\n",
			several(f.count[doctor.Fault], "fault"), several(f.count[doctor.Warning], "warning"), f.count[doctor.OK], f.count[doctor.Unknown])
	}
	if f.count[doctor.Fault] > 0 {
		return exitFailed
	}
	return exitOK
}

func several(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
