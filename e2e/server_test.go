//go:build e2e

package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
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
	URL  string // http://127.0.0.1:PORT, or https:// where it has a certificate
	WS   string // ws://127.0.0.1:PORT/ws, or wss://
	Port string

	t      *testing.T
	cmd    *exec.Cmd
	log    logBuffer
	exited chan struct{} // closed once the process is gone
}

// start says what surrounds a server besides its arguments.
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

var listening = regexp.MustCompile(`^listening on (https?)://\S+:(\d+)$`)

func (o start) server(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{t: t, exited: make(chan struct{})}
	s.cmd = o.command(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--store", "memory"}, args...)...)
	s.cmd.Stderr = &s.log
	if o.Stderr != nil {
		s.cmd.Stderr = o.Stderr
	}
	// A pipe of our own: Cmd.StdoutPipe would be closed by Wait before its last line is read.
	out, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdout = stdout
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stdout.Close()
	go func() {
		s.cmd.Wait() //nolint:errcheck // how it ended is in ProcessState
		close(s.exited)
	}()
	t.Cleanup(func() {
		s.Kill()
		out.Close()
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.Log())
		}
	})

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
			<-s.exited
			t.Fatalf("parley serve %q ended before it listened: %s", args, s.cmd.ProcessState)
		}
		s.Port = m[2]
		s.URL = m[1] + "://127.0.0.1:" + s.Port
		s.WS = strings.Replace(s.URL, "http", "ws", 1) + "/ws"
	case <-time.After(patience):
		t.Fatalf("parley serve %q does not say that it listens", args)
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
	return cmd
}

// Log is what the server has written to standard error so far.
func (s *server) Log() string { return s.log.String() }

// WaitLog waits until the log holds text.
func (s *server) WaitLog(text string) {
	s.t.Helper()
	eventually(s.t, "the log holds "+text, func() bool { return strings.Contains(s.Log(), text) })
}

// Signal sends sig to the process.
func (s *server) Signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("signal %v: %v", sig, err)
	}
}

// Wait waits for the process to end and returns its exit code; -1 stands for
// an end by signal.
func (s *server) Wait() int {
	s.t.Helper()
	select {
	case <-s.exited:
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		s.t.Fatal("the server does not end")
		return -1
	}
}

// Stop sends SIGTERM, and returns the exit code and how long the end took.
func (s *server) Stop() (code int, took time.Duration) {
	s.t.Helper()
	began := time.Now()
	s.Signal(syscall.SIGTERM)
	return s.Wait(), time.Since(began)
}

// Kill ends the process at once, if it still runs.
func (s *server) Kill() {
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Errorf("kill: %v", err)
	}
	<-s.exited
}
