// Package auth says whom a token speaks of, and which guest a pass was issued to.
//
//   - A token holds only for the algorithm that its key is for, never for the one
//     that it names itself (RFC 8725 §3.1).
//   - It ends: one without exp is refused, whatever else it says.
//   - No number of forged tokens makes us ask the publisher of the keys more than
//     once in thirty seconds.
//   - A published key that is withdrawn is trusted for ten minutes at most. While
//     the publisher can't be reached, his last keys hold for a day, and nobody
//     waits for him.
//   - No token speaks of a guest, and no pass of anybody else.
//   - No error and no log line holds a token or a pass, or a part of one.
package auth
