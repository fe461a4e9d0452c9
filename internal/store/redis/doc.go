// Package redis keeps logs in Redis Streams, for any number of nodes.
//
//   - A room keeps its newest events, as many as the URL says. Older ones go as if they
//     were purged.
//   - Append returns once Redis has done it. How safe that is, Redis's own settings say:
//     Warnings tells what is less than on disk.
//   - One script does what a batch decided for one room, all of it or nothing, and only
//     if the log still stands where it was decided. Else it is decided anew. Somebody's
//     batch always goes through.
//   - The last event of a batch names it. After a lost connection that tells whether
//     the batch was done, in the next life too: it is never done twice. What can't be
//     told is an error.
//   - No entry of a stream has a message's text: a text that was edited away, deleted
//     or forgotten is nowhere in Redis's memory.
//   - All epochs follow from a life, which stands in Redis beside the name of the
//     server that it began on, and of that server's history. A server that was started
//     again, or another one, may lack what was told, so a new life begins. Every script
//     is of one life, compares these names itself, and does nothing in another: two
//     events never stand under one epoch and seq.
package redis
