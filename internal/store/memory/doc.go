// Package memory keeps logs for as long as the process runs, and no longer than
// its budget allows.
//
//   - The oldest events go first, whatever room they are in: that room's first
//     moves, as if it had been purged.
//   - Of more rooms than it can look after, those that were written to least
//     recently are forgotten whole. If such a room is written to again, its log
//     begins a new epoch.
//   - The engines of one process may share a store, as nodes do. Its logs begin another
//     life only if a test rewinds them.
//   - No reader holds the lock for longer than it takes to copy a page.
package memory
