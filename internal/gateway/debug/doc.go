// Package debug shows what a node does at this moment: a page, the same as JSON, and
// Go's profiles. It stands on a listener of its own.
//
//   - It answers insiders alone (gateway.Insiders), since it names rooms and people.
//   - No page of another origin reads it, or has it take a profile.
//   - Nothing is measured while nobody looks, and however many do, it is measured
//     once for all of them.
//   - It doesn't show the command line, which may hold secrets.
package debug
