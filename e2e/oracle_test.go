package e2e

import (
	"fmt"
	"slices"
	"strings"
)

// The oracle holds what clients were told against the log that a node shows at the end.
// It knows nothing of nodes, stores or connections, and so is told of none.

// shown is an event as somebody was shown it.
type shown struct {
	Seq  uint64
	TS   int64
	User string // who shown it
	Key  string
	Text string
}

// claim is a message that a client sent.
type claim struct {
	Key, Text string
	Seq       uint64 // as it was acknowledged; 0 until then
	TS        int64
	Epoch     string // that its sender knew of when it was first sent
}

// view is what a client was shown of one life of a log, without a break.
type view struct {
	Epoch  string
	From   uint64 // the seq of the first of Events
	Events []shown
}

// testimony is all that one client has to say of one room.
type testimony struct {
	Client string
	User   string
	Sent   []claim // in the order in which it sent them, each once the one before was acknowledged
	Views  []view  // the last is of the log as it is now
}

// roomLog is a room as a node shows it at the end.
type roomLog struct {
	Room   string
	Epoch  string
	Events []shown
}

// judgement is what is wrong, by kind, and the first few of it in words.
type judgement struct {
	Acked, Stored, Shown int
	Wrong                map[string]int
	Examples             []string
}

// The kinds of what may be wrong.
const (
	wrongLost       = "lost"    // acknowledged, and not in the log
	wrongDoubled    = "doubled" // in the log twice
	wrongHole       = "holes"   // a seq is missing
	wrongBackwards  = "times that fall"
	wrongDisordered = "out of order"    // of one sender's
	wrongOdd        = "not as answered" // in the log elsewhere, or at another time
	wrongForeign    = "never sent"
	wrongView       = "views that differ"
	wrongTwofold    = "two events under one seq"
)

// examples is how many faults are told in words.
const examples = 10

func (j *judgement) wrong(kind, format string, args ...any) {
	if j.Wrong == nil {
		j.Wrong = map[string]int{}
	}
	j.Wrong[kind]++
	if len(j.Examples) < examples {
		j.Examples = append(j.Examples, kind+": "+fmt.Sprintf(format, args...))
	}
}

// add has j speak of another room, too.
func (j *judgement) add(other judgement) {
	j.Acked, j.Stored, j.Shown = j.Acked+other.Acked, j.Stored+other.Stored, j.Shown+other.Shown
	for kind, n := range other.Wrong {
		if j.Wrong == nil {
			j.Wrong = map[string]int{}
		}
		j.Wrong[kind] += n
	}
	j.Examples = append(j.Examples, other.Examples...)
	j.Examples = j.Examples[:min(len(j.Examples), examples)]
}

// String tells everything.
func (j *judgement) String() string {
	line := fmt.Sprintf("%d acknowledged, %d in the logs, shown %d times", j.Acked, j.Stored, j.Shown)
	for _, kind := range []string{wrongLost, wrongDoubled, wrongDisordered, wrongHole, wrongBackwards, wrongOdd, wrongForeign, wrongView, wrongTwofold} {
		line += fmt.Sprintf("; %d %s", j.Wrong[kind], kind)
	}
	return strings.Join(append([]string{line}, j.Examples...), "\n  ")
}

// judge holds the testimonies about a room against its log.
func judge(log *roomLog, all []testimony) (j judgement) {
	j.Stored = len(log.Events)
	places := j.readLog(log, all)
	for i := range all {
		j.holdClaims(log, &all[i], places)
	}
	j.holdViews(log, all)
	return j
}

// author tells whose message an event is. All may use the same keys.
type author struct{ user, key string }

// readLog looks at the log alone, and at what was sent. It notes where each message
// stands.
func (j *judgement) readLog(log *roomLog, all []testimony) map[author]shown {
	sent := map[author]string{}
	for i := range all {
		for _, c := range all[i].Sent {
			sent[author{all[i].User, c.Key}] = c.Text
		}
	}
	places := map[author]shown{}
	for i, e := range log.Events {
		if i > 0 && e.Seq != log.Events[i-1].Seq+1 || i == 0 && e.Seq == 0 {
			j.wrong(wrongHole, "#%s: behind place %d of the log comes seq %d", log.Room, i, e.Seq)
		}
		if i > 0 && e.TS < log.Events[i-1].TS {
			j.wrong(wrongBackwards, "#%s: seq %d is of %d, the one before of %d", log.Room, e.Seq, e.TS, log.Events[i-1].TS)
		}
		a := author{e.User, e.Key}
		if text, ok := sent[a]; !ok || text != e.Text {
			j.wrong(wrongForeign, "#%s: nobody sent %+v", log.Room, e)
		}
		if first, ok := places[a]; ok {
			j.wrong(wrongDoubled, "#%s: %+v is there again as seq %d", log.Room, first, e.Seq)
			continue
		}
		places[a] = e
	}
	return places
}

// holdClaims holds what one client sent against where it stands.
func (j *judgement) holdClaims(log *roomLog, t *testimony, places map[author]shown) {
	var before shown
	for _, c := range t.Sent {
		e, stored := places[author{t.User, c.Key}]
		if c.Seq != 0 {
			j.Acked++
		}
		switch {
		case c.Seq == 0 || c.Epoch != log.Epoch: // what an earlier life promised went with it
		case !stored:
			j.wrong(wrongLost, "#%s: %s has an answer to %+v", log.Room, t.Client, c)
		case e.Seq != c.Seq || e.TS != c.TS:
			j.wrong(wrongOdd, "#%s: %s was told %+v, and it is %+v", log.Room, t.Client, c, e)
		}
		if !stored {
			continue
		}
		if e.Seq <= before.Seq {
			j.wrong(wrongDisordered, "#%s: %s sent %+v first, then %+v", log.Room, t.Client, before, e)
		}
		before = e
	}
}

// holdViews holds what everybody was shown against the log, and what they were shown of
// its earlier lives against each other's.
func (j *judgement) holdViews(log *roomLog, all []testimony) {
	type place struct {
		epoch string
		seq   uint64
	}
	seen := map[place]shown{}
	for i := range all {
		t := &all[i]
		for n, v := range t.Views {
			j.Shown += len(v.Events)
			switch {
			case v.Epoch == log.Epoch:
				j.holdView(log, t, v, n == len(t.Views)-1)
				continue
			case n == len(t.Views)-1:
				j.wrong(wrongView, "#%s: %s is still in epoch %q, the log is in %q", log.Room, t.Client, v.Epoch, log.Epoch)
			}
			for k, e := range v.Events {
				at := place{v.Epoch, e.Seq}
				if other, ok := seen[at]; ok && other != e || e.Seq != v.From+uint64(k) {
					j.wrong(wrongTwofold, "#%s: in epoch %s %s was shown %+v, somebody else %+v", log.Room, v.Epoch, t.Client, e, other)
				}
				seen[at] = e
			}
		}
		if len(t.Views) == 0 {
			j.wrong(wrongView, "#%s: %s was shown nothing", log.Room, t.Client)
		}
	}
}

// holdView holds a view of the log's present life against the log. whole: it goes on to
// the log's end.
func (j *judgement) holdView(log *roomLog, t *testimony, v view, whole bool) {
	want, got := log.Events, v.Events
	if len(want) > 0 {
		want = want[min(uint64(len(want)), max(v.From, want[0].Seq)-want[0].Seq):]
	}
	if len(want) > 0 {
		got = got[min(uint64(len(got)), want[0].Seq-min(v.From, want[0].Seq)):]
	}
	if !whole {
		want = want[:min(len(want), len(got))]
	}
	if slices.Equal(want, got) {
		return
	}
	for i := range want {
		if i >= len(got) {
			j.wrong(wrongView, "#%s: %s was shown %d events from seq %d on, and not %+v", log.Room, t.Client, len(got), v.From, want[i])
			return
		}
		if got[i] != want[i] {
			j.wrong(wrongView, "#%s: %s was shown %+v, the log has %+v", log.Room, t.Client, got[i], want[i])
			return
		}
	}
	j.wrong(wrongView, "#%s: %s was shown %+v behind the log's end", log.Room, t.Client, got[len(want)])
}
