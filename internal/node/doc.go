// Package node is the one place that wires a node together: store, logs, engine
// and gateway behind one listener. Start is all that the command, the tests and
// the benchmarks call.
package node
