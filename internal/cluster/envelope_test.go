package cluster

import (
	"bytes"
	"testing"
	"time"
)

const lobby, attic = "parley/0123456789abcdef/room/lobby", "parley/0123456789abcdef/room/attic"

var noon = time.UnixMilli(1_800_000_000_000)

func TestAMessageIsOpenedAsItWasSealed(t *testing.T) {
	s := newSeals([]byte("secret"), "ada")
	for _, body := range []string{"", "x", "\x00\xff", string(make([]byte, 4000))} {
		sealed := s.seal(lobby, KindPeople, "life", []byte(body), noon)
		if len(sealed) > maxEnvelope+len(body) {
			t.Errorf("%d bytes around a body, want at most %d", len(sealed)-len(body), maxEnvelope)
		}
		m, ok := newSeals([]byte("secret"), "grace").open(lobby, sealed, noon.Add(time.Second))
		if !ok || m.Kind != KindPeople || m.From != "ada" || m.Life != "life" || string(m.Body) != body {
			t.Errorf("opened as %+v, %v", m, ok)
		}
	}
}

func TestWhatWasSealedForAnotherTopicOrStoreIsNotBelieved(t *testing.T) {
	s := newSeals([]byte("secret"), "ada")
	sealed := s.seal(lobby, KindRevoked, "life", []byte("body"), noon)
	for name, open := range map[string]func() (*Message, bool){
		"another room": func() (*Message, bool) { m, ok := s.open(attic, sealed, noon); return &m, ok },
		"no topic":     func() (*Message, bool) { m, ok := s.open("", sealed, noon); return &m, ok },
		"a topic that eats the message": func() (*Message, bool) {
			m, ok := s.open(lobby+string(sealed[1+macSize:]), sealed[:1+macSize], noon)
			return &m, ok
		},
		"another store": func() (*Message, bool) {
			m, ok := newSeals([]byte("other"), "ada").open(lobby, sealed, noon)
			return &m, ok
		},
	} {
		if m, ok := open(); ok {
			t.Errorf("%s: it was believed: %+v", name, m)
		}
	}
}

// No bytes of a stranger's are believed, be they a message of ours that was changed,
// cut short or made longer, or made up; and none makes us panic.
func FuzzNoForgedMessageIsBelieved(f *testing.F) {
	s := newSeals([]byte("secret"), "ada")
	sealed := s.seal(lobby, KindEvents, "life", []byte("body"), noon)
	f.Add(sealed, 0, byte(1), lobby)
	f.Add(sealed[:len(sealed)-1], 5, byte(0), lobby)
	f.Add(append(bytes.Clone(sealed), 0), 20, byte(0xff), lobby)
	f.Add([]byte{}, 0, byte(0), "")
	f.Add([]byte{messageVersion}, 0, byte(0), attic)
	f.Fuzz(func(t *testing.T, b []byte, at int, flip byte, topic string) {
		if m, ok := s.open(topic, b, noon); ok && !(bytes.Equal(b, sealed) && topic == lobby) {
			t.Fatalf("%x of %q was believed: %+v", b, topic, m)
		}
		if at >= 0 && flip != 0 {
			changed := bytes.Clone(sealed)
			changed[at%len(changed)] ^= flip
			if m, ok := s.open(lobby, changed, noon); ok {
				t.Fatalf("byte %d was changed, and it was believed: %+v", at%len(changed), m)
			}
		}
		// What one of our own nodes seals wrongly is read or refused, too.
		mac := s.mac(topic, b)
		own := append(append([]byte{messageVersion}, mac[:]...), b...)
		if m, ok := s.open(topic, own, noon); ok && 1+8+1+len(m.From)+1+len(m.Life)+len(m.Body) != len(b) {
			t.Fatalf("%x was read as %+v", b, m)
		}
	})
}
