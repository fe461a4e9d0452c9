// Package engine moves events between the rooms and the sessions in them.
//
//   - A session belongs to one carrier, which moves its bytes and calls one of
//     its methods at a time. The session doesn't know what kind of carrier it is.
//   - No session has an outbound queue: it has a reader on its room's log, and
//     what it is told for itself alone, which is bounded, since a session that
//     has too much of it to write reads nothing more.
//   - What a session sees keeps the order in which it came about: an answer
//     stands behind the events that were in the log before it. Pongs alone may
//     overtake (RFC 6455 §5.5.3 asks for them soon).
//   - The memory held for one session has a fixed bound, whatever its peer does
//     or stops doing.
package engine
