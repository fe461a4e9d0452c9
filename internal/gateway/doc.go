// Package gateway is the door of a node: its HTTP routes, and who may come in.
//
//   - A refused upgrade gets an HTTP status before anything is upgraded, a text
//     that says what would be right, and is counted by its reason.
//   - No token, and no part of one, reaches a log line or an error.
//   - A page of another site cannot use a visitor's chat.
//   - What the gateway keeps of an address or a user goes with their last session.
package gateway
