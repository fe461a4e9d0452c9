// Package memory is a broker for nodes of one process.
package memory
