package roomlog

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/parley-chat/parley/protocol"
)

// News is what a node tells others of a log: how far it goes, and the newest events, or
// none of them.
type News struct {
	Life   string
	Late   time.Duration // than it could have been here
	Unsure bool          // nobody can tell how late it is
	Body   []byte        // as WriteNews wrote it
}

// Events ride along as long as all of them take no more than this; more of them other
// nodes had better read from the store. Where little may be said, none do.
const (
	maxRiding   = 32 << 10
	ridesBeyond = 16 << 10
)

// WriteNews writes which events were appended to a log, in at most most bytes: the head
// as JSON, and behind it the events, if they are small.
func WriteNews(events []protocol.Event, most int) []byte {
	body, _ := json.Marshal(events[len(events)-1].Seq) // a number
	hint := len(body)
	if most = min(most, maxRiding); most < ridesBeyond {
		return body
	}
	for i := range events {
		if body = protocol.AppendEvent(append(body, '\n'), &events[i]); len(body) > most {
			return body[:hint]
		}
	}
	return body
}

// readNews reads what WriteNews wrote. Of what a newer version says, it takes what it
// knows.
func readNews(body []byte) (head protocol.Seq, events []protocol.Event, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	if err := json.UnmarshalDecode(d, &head); err != nil {
		return 0, nil, err
	}
	for {
		var e protocol.Event
		err := json.UnmarshalDecode(d, &e)
		if errors.Is(err, io.EOF) {
			return head, events, nil
		}
		if err != nil {
			return head, nil, err
		}
		events = append(events, e)
	}
}

// freshFor is how late news may be that is believed without asking the store, which
// knows what was deleted since. A node that slept finds later ones when it wakes.
const freshFor = 2 * time.Second

// Hear takes what another node told of a log. life is the store's present one, as far as
// this node knows. more: Looks or Due has something to do.
func (u *Upkeep) Hear(l *Log, n *News, life string, now time.Time) (more bool) {
	head, events, err := readNews(n.Body)
	if err != nil || n.Unsure || n.Late > freshFor || n.Life != life {
		u.Look(l)
		return true
	}
	for i := range events {
		if events[i].Room != l.room {
			return false
		}
	}
	if l.Offer(n.Life, events) {
		l.wake()
	}
	l.Reaches(n.Life, head)
	return u.Wants(l, now)
}
