package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/load"
	"github.com/parley-chat/parley/internal/load/report"
)

// write puts all that was seen so far into the folder of the report.
func (s *suite) write() error {
	r := load.Report{
		Tool:    "go run ./bench peers",
		At:      time.Now(),
		Machine: machine(),
		Command: "go run ./bench " + strings.Join(os.Args[1:], " "),
	}
	for _, one := range s.seen {
		r.Runs = append(r.Runs, one.runs...)
	}
	if len(r.Runs) == 0 {
		return nil
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	_, err := report.Plots(filepath.Join(s.out, "plots"), r)
	return errors.Join(err,
		s.file("report.json", func(w io.Writer) error { return report.JSON(w, r) }),
		s.file("report.html", func(w io.Writer) error { return report.HTML(w, r) }),
		s.file("table.md", func(w io.Writer) error { return markdown(w, s.seen, s.base, s.absent) }))
}

func (s *suite) file(name string, write func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(s.out, name))
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// machine says what this is.
func machine() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, found := strings.Cut(string(info), "model name"); found {
			line, _, _ := strings.Cut(rest, "\n")
			model = strings.TrimLeft(line, "\t :")
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // "" is fine, too
	return fmt.Sprintf("%d cores, %s, %s %s", runtime.NumCPU(), model, runtime.GOOS, strings.TrimSpace(string(kernel)))
}
