// Package gateway is the door of a node: its HTTP routes, and who may come in.
//
//   - A refused upgrade gets an HTTP status before anything is upgraded, a text
//     that says what would be right, and is counted by its reason.
//   - A command over HTTP passes the same checks as an upgrade, and counts as one
//     while it lasts.
//   - No token or pass, and no part of one, reaches a log line or an error.
//   - A page of another site cannot use a visitor's chat.
//   - No peer holds on to more than a bounded number of connections, whether it
//     speaks or not.
//   - Handshakes wait for those before them and for those who are in; nothing
//     else that comes does.
//   - What the gateway keeps of a user goes with the last session; of an address,
//     with the first one who knocks a second after its last connection.
package gateway
