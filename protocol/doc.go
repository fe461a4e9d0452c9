// Package protocol names what travels between a client and Parley: the
// dialects, the codes of refusals and closes, and the limits that hold for
// both. The dialects' own frames stand in the packages below it.
package protocol
