// Command tally reads the output of `go test -json` on standard input and
// writes it as `go test` would: the whole output of what failed, one line for
// each package, every skipped test with its reason, and at the end the counts:
//
//	N passed, N failed, N skipped
//
// With -counts FILE it also appends the three numbers to FILE, for the sum over
// several runs. It exits 1 if anything failed.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is one line of `go test -json`, as `go doc test2json` describes it.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Output     string
}

// tally counts tests; a test with subtests counts as they do and once itself,
// and a package that failed without a test counts once.
type tally struct {
	passed, failed, skipped int

	out     io.Writer
	output  map[string][]string // lines of each test and package that has not ended
	faulted map[string]bool     // packages with a test that failed
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, output: map[string][]string{}, faulted: map[string]bool{}}
}

func main() {
	counts := flag.String("counts", "", "append the counts to this file")
	flag.Parse()
	t := newTally(os.Stdout)
	err := t.read(os.Stdin)
	fmt.Printf("%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
	if err == nil && *counts != "" {
		err = t.appendTo(*counts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
	}
	if err != nil || t.failed > 0 {
		os.Exit(1)
	}
}

func (t *tally) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprintf(t.out, "%s", line) // the go command itself has something to say
			} else {
				t.add(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read test output: %w", err)
		}
	}
}

func (t *tally) add(e event) {
	key := e.Package + "\x00" + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(t.out, e.Output)
	case "output":
		t.output[key] = append(t.output[key], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			t.endPackage(e, t.output[key])
		} else {
			t.endTest(e, t.output[key])
		}
		delete(t.output, key)
	}
}

func (t *tally) endTest(e event, output []string) {
	switch e.Action {
	case "pass":
		t.passed++
		return
	case "fail":
		t.failed++
		t.faulted[e.Package] = true
	case "skip":
		t.skipped++
	}
	for _, line := range output {
		if !strings.HasPrefix(line, "=== ") {
			fmt.Fprint(t.out, line)
		}
	}
}

// endPackage writes what a package said outside its tests: its one line of
// result, and where it failed also what made it fail without a test (a panic,
// a TestMain, a build).
func (t *tally) endPackage(e event, output []string) {
	if e.Action == "fail" && !t.faulted[e.Package] {
		t.failed++
	}
	for i, line := range output {
		last := i == len(output)-1
		if line == "PASS\n" || line == "FAIL\n" && !last || strings.Contains(line, "[no test files]") {
			continue
		}
		if last || e.Action == "fail" {
			fmt.Fprint(t.out, line)
		}
	}
}

func (t *tally) appendTo(file string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(f, "%d %d %d\n", t.passed, t.failed, t.skipped); err != nil {
		return err
	}
	return f.Close()
}
