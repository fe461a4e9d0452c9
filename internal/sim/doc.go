// Package sim is a deterministic simulation of a cluster: nodes, their store, their
// broker and their clients, over a network that fails as a seed says. It has tests only.
//
//   - A seed is a history: the same seed does the same, step by step. There is one
//     goroutine at any time, one source of chance, and no clock but the simulated one;
//     who waits for the store is a coroutine, resumed by the queue of steps.
//   - What decides is the real thing: roomlog's Log, Reader, Upkeep and Writer,
//     cluster's messages and leases, the memory store. The sim has the network, and of the
//     engine what is left between them.
//   - An oracle keeps a slice for each room and each of its lives, filled where the store
//     commits, and holds to it whatever a client is given.
//   - Every kind of fault is counted where it took effect, and mutants, each with
//     one rule broken, show that the oracle would notice.
package sim
