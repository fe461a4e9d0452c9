package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/load"
)

// Version is that of the format that JSON writes and Read reads.
const Version = "1"

// JSON writes a report for programs, and for Read.
func JSON(w io.Writer, r load.Report) error {
	r.Version = Version
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	if err := out.Encode(r); err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	return nil
}

// Read reads a report that JSON wrote.
func Read(from io.Reader) (load.Report, error) {
	var r load.Report
	in := json.NewDecoder(from)
	if err := in.Decode(&r); err != nil {
		return load.Report{}, fmt.Errorf("read a report: %w", err)
	}
	if r.Version != Version {
		return load.Report{}, fmt.Errorf("read a report: its version is %q, want %q", r.Version, Version)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return load.Report{}, errors.New("read a report: something stands behind it")
	}
	return r, nil
}

// Merge puts several reports into one, in their order, to show them side by side.
// Where they were made on different machines, it names them all.
func Merge(reports ...load.Report) load.Report {
	merged := load.Report{Version: Version}
	var tools, machines, commands []string
	for _, r := range reports {
		tools, machines, commands = append(tools, r.Tool), append(machines, r.Machine), append(commands, r.Command)
		merged.Runs = append(merged.Runs, r.Runs...)
		merged.Steps = append(merged.Steps, r.Steps...)
		merged.Bound = max(merged.Bound, r.Bound)
		if r.At.After(merged.At) {
			merged.At = r.At
		}
	}
	merged.Tool = strings.Join(each(tools), "; ")
	merged.Machine = strings.Join(each(machines), "; ")
	merged.Command = strings.Join(each(commands), "\n")
	return merged
}

// each has every text once.
func each(texts []string) []string {
	var once []string
	for _, text := range texts {
		if text != "" && !slices.Contains(once, text) {
			once = append(once, text)
		}
	}
	return once
}
