// Package tui is `parley join`: a chat in the terminal, or in a pipe, on the public
// client of parley.v1.
//
//   - What people say reaches the terminal as text alone: no control character
//     of theirs does (escape sequences, bidirectional overrides).
//   - What is typed or piped stands in the room once and in order, whatever the rate
//     limit or a cut line does: the client's outbox sees to it. The end says how many
//     messages are not there.
//   - Input is read only as fast as it is sent: a pipe of any length needs a
//     fixed amount of memory.
//   - After a cut, the room goes on where it broke off, and says so.
//   - A guest comes back as the same guest, under the same name on the same machine.
package tui
