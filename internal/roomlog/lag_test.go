package roomlog

import (
	"strings"
	"testing"

	"github.com/parley-chat/parley/protocol"
)

func TestALagIsWhatAReaderHasYetToRead(t *testing.T) {
	l := newLog(1 << 20)
	r := attach(l, plain)
	say := func(seq protocol.Seq) {
		l.append(&protocol.Event{Seq: seq, Kind: protocol.KindMessage, User: ada, Text: strings.Repeat("x", 2000)})
	}
	if g := r.Lag(); g != (Lag{}) {
		t.Errorf("of nothing it lags by %+v", g)
	}
	for seq := range protocol.Seq(5) {
		say(41 + seq)
	}
	all := r.Lag()
	if all.Events != 5 || all.Frames != 5 || all.Bytes < 5*2000 || all.Age <= 0 {
		t.Errorf("of five it lags by %+v", all)
	}
	pieces, b, err := r.Read(nil, End, all.Bytes/2)
	if err != nil || len(pieces) == 0 {
		t.Fatal(pieces, err)
	}
	left := r.Lag()
	if left.Events != 5-b.Frames || left.Frames != 5-b.Frames || left.Bytes != all.Bytes-b.Bytes || left.Older || left.Age > all.Age+Since() {
		t.Errorf("of %d of five, %d of %d bytes, it lags by %+v", b.Frames, b.Bytes, all.Bytes, left)
	}
	l.append(&protocol.Event{Seq: 46, Kind: protocol.KindDelete, User: ada, Target: 41}) // what memory had is dropped
	if g := r.Lag(); g.Frames != left.Frames || g.Bytes != 0 || g.Age != 0 || !g.Older {
		t.Errorf("of what is dropped it lags by %+v", g)
	}
	if _, _, err := r.Read(nil, End, 1<<20); err == nil {
		t.Fatal("it was read all the same")
	}
	if g := r.Lag(); g.Events != left.Events+1 || g.Frames != 0 {
		t.Errorf("it has to ask the store, and lags by %+v", g)
	}
	if size := l.Size(); size.Head != 46 || size.Appended != 6 {
		t.Errorf("the log is %+v", size)
	}
}
