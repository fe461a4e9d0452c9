package testserver

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is one server, started, and started again after it was killed.
type Process struct {
	t     testing.TB
	Addr  string // where it listens
	Dir   string // its folder
	name  string
	args  []string
	owner *syscall.Credential // nil: whoever runs the test

	cmd *exec.Cmd
	out *lockedBuffer
}

// Start starts the server, and waits until it accepts connections.
func (p *Process) Start() {
	p.t.Helper()
	p.out = &lockedBuffer{}
	p.cmd = exec.Command(p.name, p.args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.Dir, p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.owner, Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.await()
}

func (p *Process) await() {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		conn, err := net.DialTimeout("tcp", p.Addr, time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		if p.cmd.Process.Signal(syscall.Signal(0)) != nil || time.Now().After(deadline) {
			p.t.Fatalf("%s doesn't listen on %s: %v\n%s", p.name, p.Addr, err, p.out)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Signal sends a signal to the server, and to what it started: PostgreSQL's processes
// have sessions of their own.
func (p *Process) Signal(s syscall.Signal) {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	for _, pid := range family(p.cmd.Process.Pid) {
		_ = syscall.Kill(pid, s)
	}
}

// family is a process and all that come from it, parents first, so that none sees its
// children end before it does.
func family(pid int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended meanwhile
		}
		var id, parent int
		var state string
		_, behind, _ := strings.Cut(string(b), ") ") // the program's name may hold anything (proc_pid_stat(5))
		if _, err := fmt.Sscanf(string(b), "%d", &id); err != nil {
			continue
		}
		if _, err := fmt.Sscanf(behind, "%s %d", &state, &parent); err != nil {
			continue
		}
		children[parent] = append(children[parent], id)
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// Kill ends the server at once, as kill -9 does, and waits until it is gone.
func (p *Process) Kill() {
	if p.cmd == nil {
		return
	}
	all := family(p.cmd.Process.Pid)
	p.Signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
	p.cmd = nil
	for _, pid := range all {
		for deadline := time.Now().Add(30 * time.Second); alive(pid); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				p.t.Errorf("process %d of %s outlives kill -9", pid, p.name)
				return
			}
		}
	}
}

// Stop has the server end as it would like to.
func (p *Process) Stop() {
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // what it started it ends itself
		_ = p.cmd.Wait()
		p.cmd = nil
	}
}

// Output is what the server has printed since it was started last.
func (p *Process) Output() string { return p.out.String() }

// endWith has the server gone when the test ends.
func (p *Process) endWith(t testing.TB) {
	t.Cleanup(func() {
		p.Signal(syscall.SIGCONT)
		p.Kill()
	})
}

// FreeAddr is an address of loopback that nobody listens on.
func FreeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func port(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}

// program finds a server's executable, where Debian puts it too.
func program(t testing.TB, name string, elsewhere ...string) string {
	t.Helper()
	for _, pattern := range elsewhere {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	for _, dir := range []string{"", "/usr/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed: make test installs it", name)
	return ""
}

// notRoot is who runs a server that root may not run.
func notRoot(t testing.TB, name string) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// folder is a folder of the owner's, with a short name: sockets are made in it.
func folder(t testing.TB, owner *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs a command of the owner's to its end.
func run(t testing.TB, owner *syscall.Credential, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

// alive reports whether a process still is more than a number that somebody has to take
// notice of.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
