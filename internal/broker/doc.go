// Package broker says what wakes other nodes. It is never the truth: whatever it
// carries may be lost, repeated, delayed or come in another order, and nothing but
// time is lost by it.
//
//   - Publish never waits, and holds a bounded number of bytes.
//   - Who hears is told when it may have missed something: at each Listens.
package broker
