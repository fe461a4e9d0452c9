package load

import "bytes"

// Tutorial is the dialect of the tutorial, as any server built from it speaks it.
type Tutorial struct{}

// Name is tutorial.
func (Tutorial) Name() string { return "tutorial" }

// Path is /.
func (Tutorial) Path(Who) string { return "/" }

// Subprotocol is none.
func (Tutorial) Subprotocol() string { return "" }

// Open has nothing to say: a session may join at once.
func (Tutorial) Open(dst []byte, _ Who) ([]byte, bool) { return dst, true }

// Join is {"type":"join",…}.
func (Tutorial) Join(dst []byte, who Who) []byte {
	dst = append(append(dst, `{"type":"join","username":"`...), who.Name...)
	return append(append(append(dst, `","room":"`...), who.Room...), `"}`...)
}

// Chat is {"type":"chat",…}.
func (Tutorial) Chat(dst []byte, _ Who, text []byte) []byte {
	return append(append(append(dst, `{"type":"chat","text":"`...), text...), `"}`...)
}

// Read takes all of payload: a frame holds one message. The first notice that a
// session gets is of its own joining.
func (Tutorial) Read(payload []byte, m *Message) int {
	switch typ := field(payload, `"type":"`, len("{")); {
	case begins(typ, `chat"`):
		// As our server and the tutorial's write it, the text stands behind a name of six.
		text := field(payload, `"text":"`, len(`{"type":"chat","username":"u00000",`))
		if len(text) >= TokenBytes {
			m.Kind, m.Token = Delivery, text[:TokenBytes]
		}
	case begins(typ, `system"`):
		m.Kind = Joined
	case begins(typ, `error"`):
		m.Kind, m.Text = Refused, payload
	}
	return len(payload)
}

// field returns what follows name in payload, which is first looked for where it
// most likely stands: nil if it stands nowhere.
func field(payload []byte, name string, likely int) []byte {
	if len(payload) >= likely && begins(payload[likely:], name) {
		return payload[likely+len(name):]
	}
	if i := bytes.Index(payload, []byte(name)); i >= 0 {
		return payload[i+len(name):]
	}
	return nil
}

func begins(b []byte, with string) bool { return len(b) >= len(with) && string(b[:len(with)]) == with }
