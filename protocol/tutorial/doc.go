// Package tutorial is the dialect of a session that asks for no subprotocol:
// text frames of JSON as the tutorial's own server speaks them, so that wscat
// and any page written for it work unchanged.
//
//   - A frame is read as JSON.parse reads it: of a repeated key the last
//     counts, and half a surrogate pair becomes U+FFFD.
//   - Keys are written in the tutorial's order, and strings as JSON.stringify
//     writes them.
//   - What a value may hold is not decided here: see internal/room.
package tutorial
