package logging

import (
	"io"
	"log/slog"
)

// New is a logger whose lines go to out as text (key=value), or as JSON objects
// if format is "json". Close the Writer for the last lines to be written.
func New(out io.Writer, format string) (*slog.Logger, *Writer) {
	var log *slog.Logger
	w := newWriter(out, func(n int) {
		log.Warn("log lines were dropped: their reader did not keep up", "lines", n)
	})
	if format == "json" {
		log = slog.New(slog.NewJSONHandler(w, nil))
	} else {
		log = slog.New(slog.NewTextHandler(w, nil))
	}
	return log, w
}
