//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience bounds each wait for something that should happen at once. It is
// long for a loaded machine; a test that passes never uses it up.
const patience = 20 * time.Second

// parley is the path of the binary under test, built once by TestMain.
var parley string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "parley-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears its temporary folder too
	parley = filepath.Join(dir, "parley")
	build := exec.Command("go", "build", "-o", parley, "github.com/parley-chat/parley/cmd/parley")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n%s", build, err, out)
		return 1
	}
	return m.Run()
}

// server is one running `parley serve`.
type server struct {
	*process
	URL  string // http://127.0.0.1:PORT, or https:// where it has a certificate
	WS   string // ws://127.0.0.1:PORT/ws, or wss://
	Port string
}

// onEach runs a test of servers that carry their sessions as they do unless told, by
// loops, and of such that give each its goroutines: nobody must see a difference. args
// are for startServer.
func onEach(t *testing.T, test func(t *testing.T, args ...string)) {
	for _, transport := range []string{"auto", "goroutines"} {
		t.Run(transport, func(t *testing.T) { test(t, "--transport", transport) })
	}
}

// start says what surrounds a parley besides its arguments.
type start struct {
	Env    []string // NAME=value
	Dir    string   // working folder; a fresh one if empty
	Stderr *os.File // instead of the buffer behind Log
}

// startServer runs `parley serve` with the memory store on a free port and
// returns once it says that it listens. The test's end kills it, and shows its
// log if the test failed.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	return start{}.server(t, args...)
}

func (o start) server(t *testing.T, args ...string) *server {
	t.Helper()
	cmd := o.command(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--store", "memory"}, args...)...)
	return serve(t, cmd)
}

var listening = regexp.MustCompile(`^listening on (https?)://\S+:(\d+)$`)

// serve runs cmd, a `parley serve`, until it says that it listens.
func serve(t *testing.T, cmd *exec.Cmd) *server {
	t.Helper()
	// A pipe of our own: Wait would close Cmd.StdoutPipe before its last line is read.
	out, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	cmd.Stdout = stdout
	s := &server{process: run(t, cmd)}
	stdout.Close()

	found := make(chan []string, 1)
	go func() {
		defer close(found)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				found <- m
				break
			}
		}
		io.Copy(io.Discard, out) //nolint:errcheck // ends with the process
	}()
	select {
	case m := <-found:
		if m == nil {
			t.Fatalf("%s ended with %d before it listened", cmd, s.Wait())
		}
		s.Port = m[2]
		s.URL = m[1] + "://127.0.0.1:" + s.Port
		s.WS = strings.Replace(s.URL, "http", "ws", 1) + "/ws"
	case <-time.After(patience):
		t.Fatalf("%s does not say that it listens", cmd)
	}
	return s
}

// command is the binary with args, in a folder of its own, knowing nothing of
// the PARLEY_ variables of whoever runs the tests.
func (o start) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(parley, args...)
	cmd.Dir = o.Dir
	if cmd.Dir == "" {
		cmd.Dir = t.TempDir()
	}
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PARLEY_") })
	cmd.Env = append(cmd.Env, o.Env...)
	if o.Stderr != nil {
		cmd.Stderr = o.Stderr
	}
	return cmd
}
