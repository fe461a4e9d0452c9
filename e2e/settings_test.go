//go:build e2e

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// result is what a command that ended by itself left behind.
type result struct {
	code           int
	stdout, stderr string
}

// output runs parley with args until it ends.
func (o start) output(t *testing.T, args ...string) result {
	t.Helper()
	var stdout, stderr logBuffer
	cmd := o.command(t, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	p := run(t, cmd)
	return result{code: p.Wait(), stdout: stdout.String(), stderr: stderr.String()}
}

func TestWrongSettingIsNamedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	const secret = "not-to-be-shown"
	for name, c := range map[string]struct {
		args  []string
		env   []string
		file  string   // parley.toml, given by --config
		names []string // what the text must hold: the setting, its value, what would be right
	}{
		"a flag that does not exist":   {args: []string{"--lisen", ":9000"}, names: []string{"--lisen", "--listen"}},
		"a value by flag":              {args: []string{"--heartbeat", "soon"}, names: []string{"--heartbeat", "soon", "30s"}},
		"a value by variable":          {env: []string{"PARLEY_HEARTBEAT=soon"}, names: []string{"PARLEY_HEARTBEAT", "soon", "30s"}},
		"a value by file":              {file: `heartbeat = "soon"`, names: []string{"heartbeat", "parley.toml", "soon", "30s"}},
		"a key that does not exist":    {file: `lisen = ":9000"`, names: []string{"lisen", "parley.toml", "listen"}},
		"a file that is no TOML":       {file: `listen :9000`, names: []string{"parley.toml"}},
		"a file that is not there":     {args: []string{"--config", "nowhere.toml"}, names: []string{"settings file", "nowhere.toml"}},
		"a rate":                       {args: []string{"--rate", "many"}, names: []string{"--rate", "many", "10/10s", "off"}},
		"a store":                      {args: []string{"--store", "mysql"}, names: []string{"--store", "mysql", "memory"}},
		"an address":                   {args: []string{"--listen", "8080"}, names: []string{"--listen", "8080", "localhost:8080"}},
		"a proxy":                      {args: []string{"--trusted-proxy", "nginx"}, names: []string{"--trusted-proxy", "nginx", "10.0.0.0/8"}},
		"an origin":                    {args: []string{"--allow-origin", "*"}, names: []string{"--allow-origin", "*", "https://app.example"}},
		"a public URL":                 {args: []string{"--public-url", "chat.example"}, names: []string{"--public-url", "chat.example", "https://chat.example"}},
		"a log format":                 {args: []string{"--log-format", "xml"}, names: []string{"--log-format", "xml", "text", "json"}},
		"a key set":                    {args: []string{"--jwt-jwks", "keys.json"}, names: []string{"--jwt-jwks", "keys.json", "https://"}},
		"a secret's file":              {args: []string{"--jwt-secret", "@nowhere"}, names: []string{"--jwt-secret", "nowhere"}},
		"a key that is none":           {args: []string{"--jwt-key", secret}, names: []string{"--jwt-key", "PEM"}},
		"a certificate without key":    {args: []string{"--tls-cert", "/dev/null"}, names: []string{"--tls-cert", "--tls-key"}},
		"an empty variable for a key":  {env: []string{"PARLEY_JWT_SECRET="}, names: []string{"PARLEY_JWT_SECRET", "empty"}},
		"an audience without any keys": {args: []string{"--jwt-audience", "chat"}, names: []string{"--jwt-audience", "--jwt-secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := start{Env: c.env, Dir: t.TempDir()}
			args := append([]string{"serve"}, c.args...)
			if c.file != "" {
				writeFile(t, filepath.Join(o.Dir, "parley.toml"), c.file)
				args = append(args, "--config", "parley.toml")
			}
			got := o.output(t, args...)
			if got.code != 2 {
				t.Errorf("exit code %d, want 2", got.code)
			}
			for _, part := range c.names {
				if !strings.Contains(got.stderr, part) {
					t.Errorf("standard error does not hold %q:\n%s", part, got.stderr)
				}
			}
			if got.stdout != "" {
				t.Errorf("standard output has %q", got.stdout)
			}
			if strings.Contains(got.stderr, secret) {
				t.Errorf("standard error shows a secret:\n%s", got.stderr)
			}
		})
	}
}

func TestFlagBeatsVariableBeatsFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args, env []string
		wrong     string // the source whose value was taken, which is the wrong one
	}{
		"all three":         {args: []string{"--heartbeat", "flag"}, env: []string{"PARLEY_HEARTBEAT=variable"}, wrong: `"flag"`},
		"variable and file": {env: []string{"PARLEY_HEARTBEAT=variable"}, wrong: `"variable"`},
		"file":              {wrong: `"file"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := start{Env: c.env, Dir: t.TempDir()}
			writeFile(t, filepath.Join(o.Dir, "parley.toml"), `heartbeat = "file"`)
			got := o.output(t, append([]string{"serve", "--config", "parley.toml"}, c.args...)...)
			if !strings.Contains(got.stderr, c.wrong) {
				t.Errorf("standard error does not speak of %s:\n%s", c.wrong, got.stderr)
			}
		})
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	address := "127.0.0.1:" + s.Port
	got := start{}.output(t, "serve", "--listen", address)
	if got.code != 1 || got.stdout != "" {
		t.Errorf("exit code %d, standard output %q; want 1 and nothing", got.code, got.stdout)
	}
	for _, part := range []string{"--listen", address, "in use"} {
		if !strings.Contains(got.stderr, part) {
			t.Errorf("standard error does not hold %q:\n%s", part, got.stderr)
		}
	}
}

func TestWrongCommandIsUsage(t *testing.T) {
	t.Parallel()
	got := start{}.output(t, "serv")
	if got.code != 2 || !strings.Contains(got.stderr, "serve") {
		t.Errorf("exit code %d, standard error %q; want 2, and the command that was meant", got.code, got.stderr)
	}
}
