// Package room is what a room is apart from any connection: the rules for its
// name and for what people say in it, who is in it and in which order, and
// what its notices say. Values in, values out: no socket, goroutine or clock.
package room
