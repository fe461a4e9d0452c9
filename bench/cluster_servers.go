package main

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// running is what one deployment runs on.
type running struct {
	nodes         []*process
	store, broker *background // nil where the nodes have it by themselves; both the same where one Redis is both
}

// background is a server that came with the system, and all that it starts.
type background struct {
	cmd  *exec.Cmd
	addr string
	end  syscall.Signal
	log  tail
}

// startServers makes a deployment in folder. What was started before an error is given, too.
func startServers(folder string, d deployment) (*running, error) {
	s := &running{}
	dir, err := os.MkdirTemp(folder, d.name+"-")
	if err != nil {
		return s, err
	}
	args := []string{"serve", "--listen", "127.0.0.1:0", "--rate", "off"}
	switch d.store {
	case "postgres":
		if s.store, err = startPostgres(dir); err != nil {
			return s, err
		}
		args = append(args, "--store", "postgres://postgres@"+s.store.addr+"/postgres?sslmode=disable")
	case "redis":
		// As durable as Redis can be: nobody sees a message before it is on disk.
		if s.store, err = startRedis(dir, "--appendonly", "yes", "--appendfsync", "always"); err != nil {
			return s, err
		}
		args = append(args, "--store", "redis://"+s.store.addr)
	default:
		args = append(args, "--store", d.store, "--data", filepath.Join(dir, "data"))
	}
	switch {
	case d.broker == "redis" && d.store == "redis":
		s.broker = s.store
		args = append(args, "--broker", "redis://"+s.broker.addr)
	case d.broker == "redis":
		if s.broker, err = startRedis(dir); err != nil {
			return s, err
		}
		args = append(args, "--broker", "redis://"+s.broker.addr)
	case d.broker == "postgres":
		args = append(args, "--broker", "postgres")
	}
	for range d.nodes {
		p, err := start(append([]string{filepath.Join(folder, "parley")}, args...))
		if err != nil {
			return s, err
		}
		s.nodes = append(s.nodes, p)
	}
	return s, nil
}

// stop ends all of them at once: they hold nothing worth a farewell.
func (s *running) stop() (err error) {
	for _, n := range s.nodes {
		err = errors.Join(err, n.stop())
	}
	if s.broker != nil && s.broker != s.store {
		s.broker.stop()
	}
	if s.store != nil {
		s.store.stop()
	}
	return err
}

// said is what the nodes' logs end with, as a part of an error.
func (s *running) said() (err error) {
	for _, n := range s.nodes {
		err = errors.Join(err, n.log.said())
	}
	return err
}

func (b *background) stop() {
	_ = b.cmd.Process.Signal(b.end)
	_ = b.cmd.Wait() // says that it was ended
}

func startRedis(dir string, args ...string) (*background, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command("redis-server", append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", ""}, args...)...) //nolint:gosec // ours
	return startBackground(cmd, addr, syscall.SIGKILL, nil)
}

// startPostgres makes a database folder, and a server on it: as it comes, so with every
// commit on disk. As root it runs as postgres, which it insists on.
func startPostgres(dir string) (*background, error) {
	bin, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bin) == 0 {
		return nil, errors.New("PostgreSQL is not installed where Debian puts it")
	}
	owner, err := notRoot(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "postgres")
	setup := exec.Command(filepath.Join(bin[len(bin)-1], "initdb"), "--pgdata", data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync") //nolint:gosec // ours
	setup.Dir, setup.SysProcAttr = dir, &syscall.SysProcAttr{Credential: owner}
	if out, err := setup.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(filepath.Join(bin[len(bin)-1], "postgres"), "-D", data, "-p", port, "-k", dir, "-c", "listen_addresses=127.0.0.1") //nolint:gosec // ours
	cmd.Dir = dir
	b, err := startBackground(cmd, addr, syscall.SIGQUIT, owner) // which ends all that it started
	if err != nil {
		return nil, err
	}
	// It listens before it lets anybody in.
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(10 * time.Millisecond) {
		ready := exec.Command(filepath.Join(bin[len(bin)-1], "pg_isready"), "-h", "127.0.0.1", "-p", port) //nolint:gosec // ours
		if ready.Run() == nil {
			return b, nil
		}
		if time.Now().After(deadline) {
			b.stop()
			return nil, errors.Join(errors.New("PostgreSQL lets nobody in"), b.log.said())
		}
	}
}

// notRoot is who runs PostgreSQL, who gets the folder; nil for whoever runs this.
func notRoot(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr, os.Chown(dir, int(uid), int(gid)))
}

// startBackground starts a server, and waits until it accepts connections.
func startBackground(cmd *exec.Cmd, addr string, end syscall.Signal, owner *syscall.Credential) (*background, error) {
	b := &background{cmd: cmd, addr: addr, end: end}
	cmd.Stdout, cmd.Stderr = &b.log, &b.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: owner}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return b, conn.Close()
		}
		if time.Now().After(deadline) {
			b.stop()
			return nil, errors.Join(fmt.Errorf("%s does not listen: %w", cmd.Path, err), b.log.said())
		}
	}
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// meter is what servers have used at one moment, and what was said in the second before.
type meter struct {
	messages                uint64
	store, broker           time.Duration // processor time
	published, heard, bytes float64       // of all nodes
	err                     error
}

func (s *running) read(messages uint64) meter {
	m := meter{messages: messages}
	var storeErr, brokerErr error
	m.store, storeErr = s.store.cpu()
	if s.broker != s.store { // else it is the store's
		m.broker, brokerErr = s.broker.cpu()
	}
	m.err = errors.Join(storeErr, brokerErr)
	for _, n := range s.nodes {
		counters, err := readMetrics(n.addr)
		m.err = errors.Join(m.err, err)
		m.published += counted(counters, "parley_broker_published_total")
		m.heard += counted(counters, "parley_broker_heard_total")
		m.bytes += counted(counters, "parley_broker_heard_bytes_total")
	}
	return m
}

// cpu is what a server and all that it started have used so far. A process that has
// ended is not among them: PostgreSQL's live as long as the connections of the nodes.
func (b *background) cpu() (sum time.Duration, err error) {
	if b == nil {
		return 0, nil
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// The name, in brackets, may hold anything. Behind it: state, parent, group, …
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) < 13 || fields[2] != strconv.Itoa(b.cmd.Process.Pid) && fields[1] != strconv.Itoa(b.cmd.Process.Pid) {
			continue
		}
		for _, f := range fields[11:13] {
			ticks, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				return 0, err
			}
			sum += time.Duration(ticks) * time.Second / 100 // USER_HZ on every architecture that Go runs on
		}
	}
	return sum, nil
}

// counted is a counter; NaN where the node has none of the name, as one without a broker.
func counted(counters map[string]float64, name string) float64 {
	if v, there := counters[name]; there {
		return v
	}
	return math.NaN()
}

// readMetrics gives a node's counters by name, those with labels added up.
func readMetrics(addr string) (map[string]float64, error) {
	answer, err := http.Get("http://" + addr + "/metrics") //nolint:noctx // it is on this machine, and the run has its bound
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	counters := map[string]float64{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if v, err := strconv.ParseFloat(value, 64); ok && err == nil && !strings.HasPrefix(name, "#") {
			name, _, _ = strings.Cut(name, "{")
			counters[name] += v
		}
	}
	return counters, lines.Err()
}
