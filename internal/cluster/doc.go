// Package cluster is a node among others: what it tells them, what it hears of them,
// and which of them are alive.
//
//   - What other nodes say is believed only with a key that the store keeps, and only
//     of the store's present life; all else is a hint to look, or nothing.
//   - Who is alive says the store, by its own clock. While it can't be asked, everybody
//     stays as they were.
package cluster
