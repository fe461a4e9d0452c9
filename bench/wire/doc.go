// Package wire speaks the protocols of those peers that have their own to the
// load generator. Each is as its library documents it:
//
//   - A message is told apart by where its first fields stand, as the server that
//     is measured writes them; what stands elsewhere is not a delivery, and a run
//     that finds too few of those fails.
//   - Reading a delivery allocates nothing.
package wire
