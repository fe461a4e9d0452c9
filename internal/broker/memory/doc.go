// Package memory is a broker for nodes of one process: of tests, and of the simulation.
//
// It may be told to lose, repeat and reorder what it carries, and each node may be cut
// off. A Hub that was made by NewStepped has no goroutine: it does nothing but in Step,
// and what it does depends on its seed and on the order of the calls alone.
package memory
