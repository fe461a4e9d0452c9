// Package logging writes the log without ever waiting for its reader:
//   - A line is handed over and written by one goroutine; whoever logs goes on
//     at once, whether the reader is slow, stopped or gone.
//   - At most MaxLines lines wait, of at most MaxLineBytes each.
//   - A line that finds no place, or that cannot be written, is dropped and
//     counted; when lines flow again, the log itself says how many are missing.
package logging
