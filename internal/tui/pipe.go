package tui

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"unicode/utf8"
)

// maxLineBytes bounds what is kept of a line: a longer one is handed on in
// pieces, which become messages of their own anyway.
const maxLineBytes = 64 << 10

// readPipe sends the lines of in, without their newlines. It reads on only when the
// line before was taken. The error is one of reading; the end of input is none.
func readPipe(ctx context.Context, in io.Reader, lines chan<- string) error {
	r := bufio.NewReaderSize(in, maxLineBytes)
	var rest []byte // the start of a code point that the piece before cut
	for {
		piece, err := r.ReadSlice('\n')
		text := slices.Concat(rest, piece)
		rest = nil
		if errors.Is(err, bufio.ErrBufferFull) {
			err = nil
			n := wholeRunes(text)
			text, rest = text[:n], text[n:]
		}
		if text = bytes.TrimRight(text, "\r\n"); len(text) > 0 {
			select {
			case lines <- string(text):
			case <-ctx.Done():
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// wholeRunes is the length of b without a code point that its end may cut.
func wholeRunes(b []byte) int {
	for n := len(b) - 1; n >= 0 && n >= len(b)-utf8.UTFMax; n-- {
		if utf8.RuneStart(b[n]) {
			if utf8.FullRune(b[n:]) {
				return len(b)
			}
			return n
		}
	}
	return len(b)
}
