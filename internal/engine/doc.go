// Package engine moves events between the rooms and the sessions in them.
//
//   - A session belongs to one carrier, which moves its bytes and calls one of
//     its methods at a time. The session doesn't know what kind of carrier it is.
//   - How a session and its peer understand each other is its dialect's to know;
//     commands of parley.v1 are done the same way with a session and without.
//   - No session has an outbound queue: it has a reader on each of its rooms'
//     logs, and what it is told for itself alone, which is bounded, since a
//     session that has too much of it to write takes no more commands.
//   - In the tutorial dialect, what a session sees keeps the order in which it
//     came about: an answer stands behind the events that were in the log before
//     it. Pongs alone may overtake (RFC 6455 §5.5.3 asks for them soon). In
//     parley.v1 each command gets one answer, and a room's events are in order.
//   - Nothing waits for the store with a session's turn: what is to be written
//     is proposed, and what is to be looked up is an errand.
//   - Who writes waits for those in the room who take what they are given, by the
//     clock and not for a signal; nobody waits for one who doesn't.
//   - The memory held for one session has a fixed bound, whatever its peer does
//     or stops doing.
package engine
