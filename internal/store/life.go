package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// EpochOf is the epoch of a room's log in a life of all logs: another life's differ.
func EpochOf(life, room string) string {
	sum := sha256.Sum256([]byte(life + room))
	return hex.EncodeToString(sum[:16])
}

// NewID is 16 random bytes in hex, for what must be told from all others, such as a life.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
