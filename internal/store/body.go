package store

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/parley-chat/parley/protocol"
)

// Body stands for what a message first said: its text and what it replied to. It
// stays when they are gone, and tells without the store's secret nothing of them.
type Body [16]byte

// Bodies makes bodies. It is of one goroutine.
type Bodies struct {
	mac hash.Hash
	sum []byte
}

// NewBodies makes bodies that are compared with those of the same secret.
func NewBodies(secret []byte) *Bodies {
	key, err := hkdf.Key(sha256.New, secret, nil, "parley message body", sha256.Size)
	if err != nil {
		panic(err) // it fails for lengths that are not ours
	}
	return &Bodies{mac: hmac.New(sha256.New, key)}
}

// Of is the body of a message: the first half of its HMAC, which RFC 2104 §5
// allows.
func (b *Bodies) Of(text string, replyTo protocol.Seq) (body Body) {
	b.mac.Reset()
	b.sum = binary.BigEndian.AppendUint64(b.sum[:0], uint64(replyTo))
	b.sum = append(b.sum, text...)
	b.mac.Write(b.sum)
	b.sum = b.mac.Sum(b.sum[:0])
	copy(body[:], b.sum)
	return body
}
