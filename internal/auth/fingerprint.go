package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Fingerprint tells a token from all others, and says nothing of it.
type Fingerprint [sha256.Size]byte

// FingerprintOf is of what is signed in a token (RFC 7515 §5.1). Its signature isn't part
// of that: the same one can be written in several ways (base64's last bits, and in ECDSA
// the other s), and whoever holds a token must not make another of it.
func FingerprintOf(token string) Fingerprint {
	signed := token
	if end := strings.LastIndexByte(token, '.'); end >= 0 {
		signed = token[:end]
	}
	return sha256.Sum256([]byte(signed))
}

// String is the fingerprint in hex, as stores keep it.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// ParseFingerprint reads what String wrote.
func ParseFingerprint(s string) (f Fingerprint, ok bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(f) {
		return f, false
	}
	return Fingerprint(b), true
}
