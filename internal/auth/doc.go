// Package auth says whom a token speaks of.
//
//   - A token holds only for the algorithm that its key is for, never for the one
//     that it names itself (RFC 8725 §3.1).
//   - It ends: one without exp is refused, whatever else it says.
//   - No number of forged tokens makes us ask the publisher of the keys more than
//     once in thirty seconds.
//   - No error holds a token, or a part of one.
package auth
