package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parley-chat/parley/internal/load"
	"github.com/parley-chat/parley/internal/load/report"
	"github.com/parley-chat/parley/internal/newfile"
)

// vacant complains of files that are there already before a run, not after it.
func (c *benchCommand) vacant() error {
	for _, path := range []string{c.JSON, c.HTML} {
		if path == "" || path == "-" {
			continue
		}
		f, err := newfile.Create(path)
		if err != nil {
			return err
		}
		if err := f.Discard(); err != nil {
			return err
		}
	}
	return nil
}

// earlier are the reports that are to be shown beside this one.
func (c *benchCommand) earlier() ([]load.Report, error) {
	var all []load.Report
	for _, path := range c.With {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		r, err := report.Read(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// write shows the report: as a table, and as whatever else was asked for.
func (c *benchCommand) write(s streams, r load.Report, before []load.Report) error {
	if len(before) > 0 {
		if c.Scenario != "" {
			before = append(before, r)
		}
		r = report.Merge(before...)
	}
	if c.JSON == "-" {
		if err := report.JSON(s.out, r); err != nil {
			return err
		}
	} else if err := report.Table(s.out, r); err != nil {
		return err
	}
	var failed []error
	if c.JSON != "" && c.JSON != "-" {
		failed = append(failed, keep(c.JSON, r, report.JSON))
	}
	if c.HTML != "" {
		failed = append(failed, keep(c.HTML, r, report.HTML))
	}
	if c.Plots != "" {
		_, err := report.Plots(c.Plots, r)
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

func keep(path string, r load.Report, write func(io.Writer, load.Report) error) (err error) {
	f, err := newfile.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Discard()) }()
	if err := write(f, r); err != nil {
		return err
	}
	return f.Keep()
}
