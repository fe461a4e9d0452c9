//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a program that a test runs: parley, a proxy, wscat.
type process struct {
	t      *testing.T
	name   string
	cmd    *exec.Cmd
	log    logBuffer     // its standard error, unless the command says otherwise
	exited chan struct{} // closed once it is gone
}

// run starts cmd. The test's end kills it with all that it has started, and
// shows its standard error if the test failed.
func run(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, name: filepath.Base(cmd.Path), cmd: cmd, exited: make(chan struct{})}
	if cmd.Stderr == nil {
		cmd.Stderr = &p.log
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	if !cmd.SysProcAttr.Setsid { // which makes a group, too
		cmd.SysProcAttr.Setpgid = true // nginx has workers
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		cmd.Wait() //nolint:errcheck // how it ended is in ProcessState
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("standard error of %s:\n%s", p.name, fewSessions(p.Log()))
		}
	})
	return p
}

// fewSessions is a log without what it says of each of many sessions.
func fewSessions(log string) string {
	const most = 50
	n := 0
	var rest strings.Builder
	for line := range strings.Lines(log) {
		if strings.Contains(line, `msg="session `) {
			if n++; n > most {
				continue
			}
		}
		rest.WriteString(line)
	}
	if n > most {
		fmt.Fprintf(&rest, "(and %d more lines of sessions)\n", n-most)
	}
	return rest.String()
}

// Log is what the process has written to standard error so far.
func (p *process) Log() string { return p.log.String() }

// WaitLog waits until the log holds text.
func (p *process) WaitLog(text string) {
	p.t.Helper()
	eventually(p.t, "the log of "+p.name+" holds "+text, func() bool { return strings.Contains(p.Log(), text) })
}

// Signal sends sig to the process.
func (p *process) Signal(sig os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatalf("signal %v to %s: %v", sig, p.name, err)
	}
}

// Wait waits for the process to end and returns its exit code; -1 stands for
// an end by signal.
func (p *process) Wait() int {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", p.name)
		return -1
	}
}

// Stop sends SIGTERM, and returns the exit code and how long the end took.
func (p *process) Stop() (code int, took time.Duration) {
	p.t.Helper()
	began := time.Now()
	p.Signal(syscall.SIGTERM)
	return p.Wait(), time.Since(began)
}

// Kill ends the process and its children at once, if they still run.
func (p *process) Kill() {
	if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.t.Errorf("kill %s: %v", p.name, err)
	}
	<-p.exited
}
