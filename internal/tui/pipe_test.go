package tui

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func readAll(t *testing.T, in io.Reader) (lines []string, err error) {
	t.Helper()
	to := make(chan string)
	failed := make(chan error, 1)
	go func() {
		failed <- readPipe(context.Background(), in, to)
		close(to)
	}()
	for line := range to {
		lines = append(lines, line)
	}
	return lines, <-failed
}

func TestAPipeIsReadLineByLine(t *testing.T) {
	got, err := readAll(t, iotest.OneByteReader(strings.NewReader("one\r\n\n  two\nthree")))
	if err != nil || strings.Join(got, "|") != "one|  two|three" {
		t.Errorf("lines are %q, %v", got, err)
	}
}

func TestALineWithoutEndIsReadInPieces(t *testing.T) {
	text := "x" + strings.Repeat("€", maxLineBytes) // three bytes each, so that pieces end inside one
	got, err := readAll(t, strings.NewReader(text+"\nnext"))
	if err != nil {
		t.Fatal(err)
	}
	if last := got[len(got)-1]; last != "next" {
		t.Errorf("the line after it is %.20q", last)
	}
	pieces := got[:len(got)-1]
	if strings.Join(pieces, "") != text {
		t.Error("the pieces are not the line")
	}
	for i, piece := range pieces {
		if len(piece) > maxLineBytes+utf8.UTFMax || !utf8.ValidString(piece) {
			t.Errorf("piece %d of %d bytes, valid: %v", i, len(piece), utf8.ValidString(piece))
		}
	}
}

func TestAPipeThatFailsSaysSo(t *testing.T) {
	broken := errors.New("disk on fire")
	got, err := readAll(t, io.MultiReader(strings.NewReader("one\ntwo"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || strings.Join(got, "|") != "one|two" {
		t.Errorf("lines are %q, error is %v", got, err)
	}
}

func TestNoMoreIsReadThanIsTaken(t *testing.T) {
	in := &endless{}
	ctx, cancel := context.WithCancel(context.Background())
	to := make(chan string)
	done := make(chan error, 1)
	go func() {
		done <- readPipe(ctx, in, to)
		close(to)
	}()
	<-to
	<-to
	cancel()
	for range to {
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if in.read > 2*maxLineBytes {
		t.Errorf("%d bytes were read for two lines", in.read)
	}
}

// endless is a pipe that never runs dry.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
		if i%80 == 79 {
			p[i] = '\n'
		}
	}
	e.read += len(p)
	return len(p), nil
}
