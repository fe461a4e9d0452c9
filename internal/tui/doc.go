// Package tui is `parley join`: a chat in the terminal, or in a pipe.
//
//   - What people say reaches the terminal as text alone: no control character
//     of theirs does (escape sequences, bidirectional overrides).
//   - One message is under way at a time, and the next one follows when its echo
//     has come back. So nothing is lost or reordered by the rate limit or a cut
//     line, although the tutorial dialect names no message in its answers. What
//     had no echo at a cut is sent again, and may then stand in the room twice.
//   - Input is read only as fast as it is sent: a pipe of any length needs a
//     fixed amount of memory.
//   - A lost connection is made again, with growing pauses and jitter, and its
//     room joined again; a refusal that waiting can't mend ends the program.
package tui
