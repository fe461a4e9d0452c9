package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// asParley makes the test binary be parley itself, for what only a process of
// its own shows: signals, exit codes, dead pipes.
const asParley = "BE_PARLEY"

func TestMain(m *testing.M) {
	if os.Getenv(asParley) != "" {
		main()
	}
	os.Exit(awayFromHome(m.Run))
}

// awayFromHome runs with a folder of settings of its own, for the passes of guests.
func awayFromHome(run func() int) int {
	folder, err := os.MkdirTemp("", "parley")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	_ = os.Setenv("XDG_CONFIG_HOME", folder)
	return run()
}

// patience is how long a test waits for what should happen soon.
const patience = 10 * time.Second

// command is parley with args, not started yet.
func command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asParley+"=1")
	return cmd
}

// output is what a program has written so far. Any goroutine may use it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// wait waits until text has been written.
func (o *output) wait(t *testing.T, text string) {
	t.Helper()
	eventually(t, func() bool { return strings.Contains(o.String(), text) }, func() string {
		return "no " + text + " in " + o.String()
	})
}

func eventually(t *testing.T, ok func() bool, otherwise func() string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(otherwise())
		}
	}
}

func TestExitCodesAndWhatIsSaid(t *testing.T) {
	for _, tt := range []struct {
		args     string
		code     int
		out, err string // parts of what is printed
	}{
		{"", exitOK, "parley serve\n", ""},
		{"--help", exitOK, "Usage: parley <command>", ""},
		{"help", exitOK, "Usage: parley <command>", ""},
		{"help serve", exitOK, "$PARLEY_TRUSTED_PROXY", ""},
		{"help join", exitOK, "tail -f build.log | parley join --room builds", ""},
		{"help backup", exitOK, "parley backup parley-2026-11-24.db", ""},
		{"help restore", exitOK, "parley restore --data /var/lib/parley", ""},
		{"help export", exitOK, "parley export chat.jsonl", ""},
		{"help bench", exitOK, "parley bench idle --sizes 1000,5000,15000", ""},
		{"backup", exitUsage, "", "expected \"<file>\""},
		{"restore", exitUsage, "", "expected \"<file>\""},
		{"export --rooom=x", exitUsage, "", "did you mean \"--room\"?"},
		{"export --data=/nonexistent", exitFailed, "", "there is no database in /nonexistent"},
		{"serve --help --rate=nonsense", exitOK, "Examples:", ""},
		{"version", exitOK, "parley ", ""},
		{"--version", exitOK, "parley ", ""},
		{"help nonsense", exitUsage, "", "unexpected argument nonsense"},
		{"srve", exitUsage, "", `did you mean "serve"?`},
		{"serve --lisen=x", exitUsage, "", `unknown flag --lisen, did you mean "--listen"?`},
		{"serve --rate", exitUsage, "", "--rate needs a value"},
		{"serve --rate=x --log-format=y", exitUsage, "", "parley: --log-format is \"y\": want text or json\nparley serve --help tells more\n"},
		{"serve --store=memory --listen=203.0.113.1:1", exitFailed, "", "203.0.113.1:1"},
		{"join ftp://localhost", exitUsage, "", "has the scheme ftp"},
		{"join --token=@/nonexistent", exitUsage, "", "--token: open /nonexistent"},
	} {
		var out, err bytes.Buffer
		code := run(strings.Fields(tt.args), streams{strings.NewReader(""), &out, &err})
		if code != tt.code || !strings.Contains(out.String(), tt.out) || !strings.Contains(err.String(), tt.err) {
			t.Errorf("parley %s: exit code %d, want %d\n%s%s", tt.args, code, tt.code, out.String(), err.String())
		}
		if code == exitOK && err.Len() > 0 {
			t.Errorf("parley %s: complains: %s", tt.args, err.String())
		}
	}
}

func tempFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
