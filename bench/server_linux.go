package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A server is one that can be compared. Each prints "listening on http://HOST:PORT" once it accepts connections.
type server struct {
	name    string
	build   func(bin string) error // puts what it needs into the folder bin
	command func(bin string) []string
	extra   bool // runs only when asked for by name
}

var servers = []server{
	{
		name:  "parley",
		build: goBuild(".", "./cmd/parley", "parley"),
		command: func(bin string) []string {
			return []string{filepath.Join(bin, "parley"), "serve", "--listen", "127.0.0.1:0", "--store", "memory", "--rate", "off"}
		},
	},
	ws("ws", "buffer", false),
	ws("ws-string", "string", true),
	ws("ws-frame", "frame", true),
	{
		name:    "gws",
		build:   goBuild("bench/peers/gws", ".", "gws"),
		command: func(bin string) []string { return []string{filepath.Join(bin, "gws"), "-listen", "127.0.0.1:0"} },
	},
	rawsend("rawsend", true, false),
	rawsend("rawsend-single", false, true),
}

func ws(name, send string, extra bool) server {
	const dir = "bench/peers/ws"
	return server{
		name:  name,
		extra: extra,
		// bufferutil comes with what it was built to, so no script needs to run.
		build: func(string) error { return runIn(dir, "npm", "ci", "--ignore-scripts", "--silent") },
		command: func(string) []string {
			return []string{"node", dir + "/server.js", "--listen", "127.0.0.1:0", "--send", send}
		},
	}
}

func rawsend(name string, batch, extra bool) server {
	return server{
		name:  name,
		extra: extra,
		build: goBuild(".", "./bench/peers/rawsend", "rawsend"),
		command: func(bin string) []string {
			return []string{filepath.Join(bin, "rawsend"), "-listen", "127.0.0.1:0", fmt.Sprintf("-batch=%v", batch)}
		},
	}
}

func goBuild(dir, pkg, name string) func(string) error {
	return func(bin string) error { return runIn(dir, "go", "build", "-o", filepath.Join(bin, name), pkg) }
}

func runIn(dir string, args ...string) error {
	cmd := exec.Command(args[0], args[1:]...) //nolint:gosec // one of those above
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

func defaultNames() []string {
	var names []string
	for _, s := range servers {
		if !s.extra {
			names = append(names, s.name)
		}
	}
	return names
}

// choose picks servers by name, in the order given.
func choose(list string) ([]server, error) {
	names := defaultNames()
	if list != "" {
		names = strings.Split(list, ",")
	}
	var chosen []server
	for _, name := range names {
		i := slices.IndexFunc(servers, func(s server) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no server is called %q", name)
		}
		chosen = append(chosen, servers[i])
	}
	return chosen, nil
}

// A process is a server that accepts connections.
type process struct {
	cmd  *exec.Cmd
	addr string
	out  io.Closer
	log  tail // of standard error
}

// tail keeps the end of what is written to it: why a server died stands there.
type tail struct{ last []byte }

const tailBytes = 2 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.last = append(t.last, b...)
	t.last = append(t.last[:0], t.last[max(len(t.last)-tailBytes, 0):]...)
	return len(b), nil
}

const startTimeout = 20 * time.Second

func start(command []string) (*process, error) {
	r, w := io.Pipe()
	cmd := exec.Command(command[0], command[1:]...) //nolint:gosec // a server of the table
	p := &process{cmd: cmd, out: r}
	cmd.Stdout, cmd.Stderr = w, &p.log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	addr := make(chan string, 1)
	go func() {
		defer close(addr)
		for lines := bufio.NewScanner(r); lines.Scan(); {
			if a, ok := strings.CutPrefix(lines.Text(), "listening on http://"); ok {
				addr <- a
				break
			}
		}
		_, _ = io.Copy(io.Discard, r) // until stop
	}()
	select {
	case p.addr = <-addr:
		if p.addr != "" {
			return p, nil
		}
	case <-time.After(startTimeout):
	}
	return nil, errors.Join(fmt.Errorf("%s has not said where it listens", command[0]), p.stop())
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the server at once: it holds nothing worth a drain.
func (p *process) stop() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	_ = p.cmd.Wait() // says that it was killed
	return p.out.Close()
}
