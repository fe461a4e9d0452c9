package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A process is a server that accepts connections.
type process struct {
	cmd  *exec.Cmd
	addr string
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

// said is the end of what was written, as a part of an error; nil for nothing.
func (t *tail) said() error {
	if text := strings.TrimSpace(string(t.last)); text != "" {
		return errors.New(text)
	}
	return nil
}

const startTimeout = 20 * time.Second

func start(command []string) (*process, error) {
	cmd := exec.Command(command[0], command[1:]...) //nolint:gosec // a server of the table
	p := &process{cmd: cmd}
	cmd.Stderr = &p.log
	out, err := cmd.StdoutPipe() // ends when the server does
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	addr := make(chan string, 1)
	go func() {
		defer close(addr)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if a, ok := strings.CutPrefix(lines.Text(), "listening on http://"); ok {
				addr <- a
				break
			}
		}
		_, _ = io.Copy(io.Discard, out) // until stop
	}()
	select {
	case p.addr = <-addr:
		if p.addr != "" {
			return p, nil
		}
	case <-time.After(startTimeout):
	}
	return nil, errors.Join(fmt.Errorf("%s has not said where it listens", command[0]), p.stop(), p.log.said())
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the server at once: it holds nothing worth a drain.
func (p *process) stop() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	_ = p.cmd.Wait() // says that it was killed
	return nil
}
