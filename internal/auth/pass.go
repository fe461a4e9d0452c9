package auth

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// Passes makes and checks the passes of guests: a pass proves that its bearer is
// the guest whom it was issued to.
type Passes struct{ key []byte }

// NewPasses makes passes that hold wherever secret, 32 random bytes, is the same.
func NewPasses(secret []byte) *Passes {
	key, err := hkdf.Key(sha256.New, secret, nil, "parley guest pass 1", sha256.Size)
	if err != nil {
		panic(fmt.Sprintf("no key for passes: %v", err)) // it can only be asked for too many bytes
	}
	return &Passes{key}
}

// passPrefix begins every pass, and no JWT, which begins with base64 of "{".
const passPrefix = "pass1."

// IsPass reports whether s looks like a pass, good or not.
func IsPass(s string) bool { return strings.HasPrefix(s, passPrefix) }

// maxPass bounds what is looked at; the longest name makes a pass of 346 bytes.
const maxPass = 512

// Issue makes a pass: passPrefix and, in base64 that may stand in a URL and in a
// token of HTTP, the time, the id's length, the id, the name, and a MAC of all.
func (p *Passes) Issue(guest protocol.User, now time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(now.Unix()))
	b = append(b, byte(len(guest.ID)))
	b = append(b, guest.ID...)
	b = append(b, guest.Name...)
	return passPrefix + passEncoding.EncodeToString(append(b, p.mac(b)...))
}

// passEncoding has one text for any bytes, so that a pass can't be written in two
// ways.
var passEncoding = base64.RawURLEncoding.Strict()

func (p *Passes) mac(body []byte) []byte {
	h := hmac.New(sha256.New, p.key)
	h.Write(body)
	return h.Sum(nil)
}

var (
	errNoPass      = errors.New("it is none of this server's")
	errPassExpired = errors.New("it has expired")
)

// Verify says which guest a pass was issued to. Its errors are words for the
// guest, and hold nothing of the pass.
func (p *Passes) Verify(pass string, now time.Time) (Identity, error) {
	if !IsPass(pass) || len(pass) > maxPass || strings.ContainsAny(pass, "\r\n") { // which the decoder would pass over
		return Identity{}, errNoPass
	}
	b, err := passEncoding.DecodeString(pass[len(passPrefix):])
	if err != nil || len(b) < sha256.Size {
		return Identity{}, errNoPass
	}
	body, mac := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if !hmac.Equal(mac, p.mac(body)) {
		return Identity{}, errNoPass
	}
	issued := time.Unix(int64(binary.BigEndian.Uint64(body)), 0) // it is ours, so it is well-formed
	if now.Sub(issued) >= protocol.PassLife {
		return Identity{}, errPassExpired
	}
	n := 9 + int(body[8])
	return Identity{User: string(body[9:n]), Name: string(body[n:]), Guest: true}, nil
}
