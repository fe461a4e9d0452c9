// Package schema makes the published contract of parley.v1 from the table of
// commands and the types of protocol:
//   - JSONSchema, AsyncAPI and OpenAPI say the same, since all three come from the
//     same structs and their tags. Nothing of a frame's shape is written here.
//   - Their bytes depend on the code alone. Those in docs/api are these bytes.
//   - Objects are open: a client passes over members, kinds and types that it
//     doesn't know, so that a later server may say more.
//   - What can't be counted by JSON Schema (bytes, code points in NFC) stands in a
//     field's description, and is no bound of its schema.
//
// Package check holds live traffic to it.
package schema

//go:generate go run ./generate
