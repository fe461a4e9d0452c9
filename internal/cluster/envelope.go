package cluster

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"sync"
	"time"
)

// Kind is what a message says.
type Kind byte

// The kinds of messages.
const (
	KindEvents  Kind = iota + 1 // a node has stored these
	KindPeople                  // who is where, of one node's
	KindUser                    // about one user's sessions
	KindRevoked                 // the store has another revocation
)

// Message is what another node said.
type Message struct {
	Kind   Kind
	From   string // the node
	Room   string // where it was said; empty: to all
	Body   []byte
	Life   string        // of the store, as that node knew it
	Late   time.Duration // by how much it took longer than others of that node's, of late
	Unsure bool          // its node is heard too shortly to tell how late it is
}

// seals makes messages that only nodes of the same store make. Any goroutine may call
// its methods.
type seals struct {
	node string
	key  []byte
	macs sync.Pool
}

// macSize is how much of an HMAC a message has (RFC 2104 §5: at least half of it).
const macSize = sha256.Size / 2

const (
	messageVersion = 1
	maxEnvelope    = 1 + macSize + 1 + 8 + 1 + 16 + 1 + 64 // beside the body, at most
)

func newSeals(secret []byte, node string) *seals {
	key := derive(secret, "parley broker message 1")
	return &seals{node: node, key: key, macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func derive(secret []byte, use string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, use, sha256.Size)
	if err != nil {
		panic(err) // it fails for lengths that are not ours
	}
	return key
}

// storeID tells a store's topics from another's. It says nothing of the secret.
func storeID(secret []byte) string { return hex.EncodeToString(derive(secret, "parley store id")[:8]) }

// seal makes a message: its version, a MAC of topic and all that follows; then kind,
// time, node, life, body.
func (s *seals) seal(topic string, kind Kind, life string, body []byte, now time.Time) []byte {
	b := make([]byte, 1+macSize, 1+macSize+1+8+2+len(s.node)+len(life)+len(body))
	b[0] = messageVersion
	b = append(b, byte(kind))
	b = binary.BigEndian.AppendUint64(b, uint64(now.UnixMilli()))
	b = append(append(b, byte(len(s.node))), s.node...)
	b = append(append(b, byte(len(life))), life...)
	b = append(b, body...)
	mac := s.mac(topic, b[1+macSize:])
	copy(b[1:], mac[:])
	return b
}

// open reads a message. ok: a node of the same store has made it for this topic.
func (s *seals) open(topic string, b []byte, now time.Time) (m Message, ok bool) {
	if len(b) < 1+macSize+1+8+2 || b[0] != messageVersion {
		return m, false
	}
	rest := b[1+macSize:]
	if mac := s.mac(topic, rest); !hmac.Equal(b[1:1+macSize], mac[:]) {
		return m, false
	}
	m.Kind = Kind(rest[0])
	m.Late = now.Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(rest[1:])))) // by the two clocks
	rest = rest[9:]
	if m.From, rest, ok = cutShort(rest); !ok {
		return m, false
	}
	if m.Life, rest, ok = cutShort(rest); !ok {
		return m, false
	}
	m.Body = rest
	return m, true
}

// cutShort reads a text that stands behind its length.
func cutShort(b []byte) (text string, rest []byte, ok bool) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return "", nil, false
	}
	n := 1 + int(b[0])
	return string(b[1:n]), b[n:], true
}

func (s *seals) mac(topic string, rest []byte) (sum [macSize]byte) {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(topic)))
	mac.Write(n[:])
	mac.Write([]byte(topic))
	mac.Write(rest)
	copy(sum[:], mac.Sum(nil))
	return sum
}
