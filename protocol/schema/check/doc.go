// Package check holds live traffic to the published contract, in tests: single
// frames and responses, and whole sessions.
//   - It is stricter than a client may be: a member that the contract doesn't have
//     is an error, since the server that is checked here is ours.
//   - It reads schema.JSONSchema as any validator would, so that what passes here
//     passes for others, too.
//   - Its errors say what is wrong, and show the frame.
package check
