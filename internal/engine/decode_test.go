package engine

import (
	"testing"

	"github.com/parley-chat/parley/protocol"
)

func FuzzDecodeHead(f *testing.F) {
	for _, seed := range []string{
		`{"type":"send","id":"c1","room":"lobby","text":"hi"}`, `{"type":"ping","id":"1"}`, `{"type":"ping","id":"1","id":"2"}`,
		`{"type":"ping","id":""}`, `{"type":"ping","id":"\u0041"}`, `{"type":"dance","id":"1"}`, `{"type":"ping","id":"1"`, `{"type":"ping","id":"1"}}`,
		"{\"type\":\"ping\",\"id\":\"\x7f\"}", `{"type":"ping","id":"é"}`, `{ "type":"ping","id":"1"}`, `{"type":"ping","id":"1"x}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		name, id, ok := plainHead(payload)
		if !ok {
			return
		}
		anyName, anyID, err := decodeAnyHead(payload)
		if err != nil { // the rest is not JSON, which decoding the fields sees
			if _, again := decode[protocol.Ping](payload); again == nil {
				t.Fatalf("%q: %v, and the fields are fine", payload, err)
			}
			return
		}
		if name != anyName || id != anyID {
			t.Fatalf("%q: %q %q, and as JSON %q %q", payload, name, id, anyName, anyID)
		}
	})
}

func TestTheAnswerToWhatWasWrittenIsAsTheTableHasIt(t *testing.T) {
	for _, o := range []outcome{{seq: 1, ts: 2}, {seq: 1 << 60, ts: 1 << 50, repeated: true}} {
		w := protocol.Written{Seq: o.seq, TS: o.ts, Repeated: o.repeated}
		if got, want := string(writtenFrame("a\"é", &o)), string(doneFrame("a\"é", w)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
