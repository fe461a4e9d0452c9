// Package durable measures what a server with parley.v1 and a log on disk does, over
// sockets and beside the disk itself:
//
//   - Everything is driven through real sessions, and each answer is looked at: one
//     that isn't ok ends the measurement.
//   - What is compared is measured in turns on the same disk, or beside each other.
package durable
