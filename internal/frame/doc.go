// Package frame turns bytes into WebSocket messages and back: RFC 6455, and
// RFC 7692 (permessage-deflate) without context takeover. It is pure: no
// socket, goroutine or clock.
//   - What a Decoder returns depends on the bytes alone, never on how they were
//     cut into calls: the same messages, then the same close code.
//   - A frame that lies whole in the caller's bytes, and is neither fragmented
//     nor compressed, is unmasked where it lies: no copy, no allocation.
//   - A Decoder that is Idle holds no buffer. One that isn't holds at most about
//     twice Limits.MessageBytes, and as much again while it inflates; and never more
//     than about twice what has arrived: a length that a header announces reserves
//     nothing.
//   - Every broken rule ends the decoder with an Error that holds the close code
//     and says what would have been right.
package frame
