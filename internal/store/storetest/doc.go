// Package storetest is the promise of a store as tests: every implementation of
// store.Store passes Run, and one of store.Shared passes RunShared, too.
//
//   - Each promise stands alone, on a store of its own.
//   - The model's oracle is a slice of events for each room, from which it works
//     out anew what the store must answer; it shares no rule with the stores.
package storetest
