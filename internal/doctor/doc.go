// Package doctor looks at a deployment, from inside by its settings and from outside by
// its addresses, and says what to fix.
//
//   - It changes nothing: it writes into no room, migrates no store, and takes no lock.
//     What it publishes goes to a topic of its own.
//   - What it can't see it says that it can't, and is no word of praise.
//   - A finding holds no secret: no password, token or key, nor a URL that has one.
//   - A secret goes only to the address that the person gave, over TLS whose
//     certificate was found good, or to this machine and its private networks.
package doctor
