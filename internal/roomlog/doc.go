// Package roomlog is a room's log as its readers see it: events in memory,
// framed once for each encoding that somebody reads, and one way to read them,
// by cursor.
//
//   - A reader gets every frame from its cursor on, in order, without holes or
//     repeats, or ErrNotInMemory, and then nothing.
//   - An event is in the store before any reader sees it.
//   - A text that was edited away or deleted is given to nobody any more: from
//     then on, who is behind reads from the store.
//   - Frames are written once and shared by all who read them.
//   - A log holds at most MemoryBytes for each encoding, and a node's logs at
//     most Budget: what is older goes, whoever has yet to read it.
//   - The Writer alone appends events; any goroutine may read.
package roomlog
