// Package load drives chat servers and measures them from outside: how many
// deliveries, how long each took, and what the server's process used meanwhile.
//
//   - A latency counts from when a message was due, not from when it could be
//     sent: a server that holds the generator up is not forgiven what it delayed
//     (coordinated omission).
//   - What was lost, repeated or out of order fails a run: no figure of a server
//     that breaks its promises is given.
//   - A run says what limited it. Where that was the generator itself, its
//     figures say nothing of the server.
//   - A run is one goroutine over raw epoll, and a delivery costs it no
//     allocation: it shares the machine with what it measures.
//
// A Wire is how a server is spoken to, and all that the generator knows of it.
package load
