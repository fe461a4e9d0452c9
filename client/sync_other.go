//go:build !unix

package client

// syncFolder does nothing: this system has no such thing.
func syncFolder(string) error { return nil }
