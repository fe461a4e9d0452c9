// Package load drives a room of any server that speaks the tutorial dialect, and measures it:
//   - Every delivery at every session is counted, and its latency taken from the moment its message was sent (or, at
//     a fixed rate, was due) to the moment the generator read it.
//   - Every session must see the same messages in the same order, and each sender's in the order sent.
//   - One goroutine does it all over raw epoll with one shared buffer, so that it costs far less than what it
//     measures; where it was the limit after all, the result says so.
package load
