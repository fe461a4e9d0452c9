package load

import (
	"bytes"
	"strconv"
)

// V1 is parley.v1. Each chat carries a key, as a client's does.
type V1 struct{}

var (
	_ Resumer = V1{}
	_ Pager   = V1{}
)

// The ids of commands. One id may be used again, once it is answered; the
// generator tells answers apart by the kind of their command alone.
const (
	joinID = "j"
	sendID = "s"
	pageID = "p"
)

// Name is parley.v1.
func (V1) Name() string { return "parley.v1" }

// Path brings a guest's name.
func (V1) Path(who Who) string { return "/?name=" + who.Name }

// Subprotocol is parley.v1.
func (V1) Subprotocol() string { return "parley.v1" }

// Open has nothing to say: the server's welcome comes first.
func (V1) Open(dst []byte, _ Who) ([]byte, bool) { return dst, false }

// Join asks for nothing of before.
func (V1) Join(dst []byte, who Who) []byte {
	dst = append(dst, `{"type":"join","id":"`+joinID+`","room":"`...)
	return append(append(dst, who.Room...), `","last":0}`...)
}

// Rejoin asks for all since the cursor.
func (V1) Rejoin(dst []byte, who Who, epoch string, seq uint64) []byte {
	dst = append(dst, `{"type":"join","id":"`+joinID+`","room":"`...)
	dst = append(append(dst, who.Room...), `","last":0,"since":{"epoch":"`...)
	dst = append(append(dst, epoch...), `","seq":`...)
	return append(strconv.AppendUint(dst, seq, 10), `}}`...)
}

// Chat is a send whose key is the text's token.
func (V1) Chat(dst []byte, who Who, text []byte) []byte {
	dst = append(dst, `{"type":"send","id":"`+sendID+`","room":"`...)
	dst = append(append(dst, who.Room...), `","text":"`...)
	dst = append(append(dst, text...), `","key":"`...)
	return append(append(dst, text[:TokenBytes]...), `"}`...)
}

// Page asks for history after a seq.
func (V1) Page(dst []byte, who Who, after uint64, limit int) []byte {
	dst = append(dst, `{"type":"history","id":"`+pageID+`","room":"`...)
	dst = append(append(dst, who.Room...), `","after":`...)
	dst = append(strconv.AppendUint(dst, after, 10), `,"limit":`...)
	return append(strconv.AppendInt(dst, int64(limit), 10), '}')
}

// Read takes all of payload: a frame holds one message. Parley writes "type"
// first, and an answer's "id" behind it.
func (V1) Read(payload []byte, m *Message) int {
	switch typ := field(payload, `"type":"`, len("{")); {
	case begins(typ, `event"`):
		readEvent(payload, m)
	case begins(typ, `welcome"`):
		m.Kind = Ready
	case begins(typ, `ok","id":"`+joinID+`"`):
		m.Kind = Joined
		if epoch := field(payload, `"epoch":"`, 0); epoch != nil {
			m.Epoch, _, _ = bytes.Cut(epoch, []byte{'"'})
		}
		m.Seq = number(field(payload, `"head":`, 0))
		if reset := field(payload, `"reset":"`, 0); reset != nil {
			m.Kind, m.Text = Refused, payload
		}
	case begins(typ, `ok","id":"`+pageID+`"`):
		m.Kind, m.Events = Page, bytes.Count(payload, []byte(`{"type":"event"`))
	case begins(typ, `error"`):
		m.Kind, m.Text = Refused, payload
	}
	return len(payload)
}

// The part of an event before its seq, with a room of the generator's.
const beforeSeq = len(`{"type":"event","room":"bench00000",`)

func readEvent(payload []byte, m *Message) {
	m.Seq = number(field(payload, `"seq":`, beforeSeq))
	if m.Seq == 0 {
		return
	}
	// The key is the token, and stands last.
	const key, end = `"key":"`, `"}`
	if at := len(payload) - len(key) - TokenBytes - len(end); at > 0 && begins(payload[at:], key) {
		at += len(key)
		m.Kind, m.Token = Delivery, payload[at:at+TokenBytes]
		return
	}
	if text := field(payload, `"text":"`, beforeSeq); len(text) >= TokenBytes {
		m.Kind, m.Token = Delivery, text[:TokenBytes]
	}
}

// number reads the digits that b begins with.
func number(b []byte) (n uint64) {
	for _, c := range b {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + uint64(c-'0')
	}
	return n
}
