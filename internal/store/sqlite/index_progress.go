package sqlite

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// progress is how far the index has come.
type progress struct {
	// Guarded by mu.
	mu        sync.Mutex
	surveyed  bool           // behind is complete
	behind    map[string]lag // by room
	appending int64          // time of the batch that is being committed, 0 for none
}

// lag is what the index has to do in a room.
type lag struct {
	since int64        // no event that isn't indexed has an earlier time
	head  protocol.Seq // of the log, as far as it was told
}

// onlyPurged is the since of a room without events that aren't indexed.
const onlyPurged = math.MaxInt64

// willAppend says that events of this time are about to be committed.
func (p *progress) willAppend(now int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.appending = now
}

// appended says what became of them.
func (p *progress) appended(results []store.Result, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.appending = 0
	if err != nil {
		p.surveyed = false // they may be there all the same
	}
	for i := range results {
		if !results[i].New {
			continue
		}
		e := &results[i].Event
		l, ok := p.behind[e.Room]
		if !ok {
			l.since = onlyPurged
		}
		p.behind[e.Room] = lag{since: min(l.since, e.TS), head: e.Seq}
	}
}

// purged says that a log's first has moved.
func (p *progress) purged(room string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.behind[room]; !ok {
		p.behind[room] = lag{since: onlyPurged}
	}
}

// lost says that it isn't known any more which logs are where the index left them.
func (p *progress) lost() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.surveyed = false
}

// survey adds the rooms whose logs aren't where the index left them, and those that
// have none.
func (p *progress) survey(logs []store.Room, left map[string]cursor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range logs {
		if c := left[r.Name]; c.epoch != r.Epoch || c.first != r.First || c.seq != r.Head {
			p.behind[r.Name] = lag{since: 0, head: max(r.Head, p.behind[r.Name].head)}
		}
		delete(left, r.Name)
	}
	for name := range left {
		if _, ok := p.behind[name]; !ok {
			p.behind[name] = lag{since: onlyPurged}
		}
	}
	p.surveyed = true
}

// read says that a log was read and indexed to where c is, at a time.
func (p *progress) read(c cursor, time int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.behind[c.name]
	if c.seq >= l.head {
		delete(p.behind, c.name)
		return
	}
	p.behind[c.name] = lag{since: time, head: l.head}
}

// todo is whether a survey is due, and which rooms are behind, those first that
// have been for the longest time.
func (p *progress) todo() (survey bool, rooms []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rooms = slices.Collect(maps.Keys(p.behind))
	slices.SortFunc(rooms, func(a, b string) int {
		return cmp.Or(cmp.Compare(p.behind[a].since, p.behind[b].since), cmp.Compare(a, b))
	})
	return !p.surveyed, rooms
}

// indexed is a time up to which all that was said is indexed.
func (p *progress) indexed() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.surveyed {
		return 0
	}
	next := time.Now().UnixMilli() // the earliest that may yet be said
	if p.appending != 0 {
		next = min(next, p.appending)
	}
	for _, l := range p.behind {
		next = min(next, l.since)
	}
	return max(0, next-1)
}
