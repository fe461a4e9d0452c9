package memory

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// DefaultBudget is enough for about a million messages.
const DefaultBudget = 256 << 20

// Store keeps logs in maps.
type Store struct {
	// Fixed after New.
	budget     int // bytes
	secret     []byte
	rewindable bool
	now        func() time.Time
	random     io.Reader

	// Owned by Append.
	bodies *store.Bodies

	// Any goroutine reads it; changed with mu held.
	life atomic.Pointer[string]

	// Guarded by mu.
	mu        sync.Mutex
	rooms     map[string]*room
	written   idle         // the rooms by when they were last written to
	order     deque[place] // every event, in the order in which they were appended
	taken     int64        // how many are no longer in order
	bytes     int          // what all of it takes, about
	forgotten uint64       // rooms
	revoked   map[revoked]int64
	watchers  []func(life string)
	nodes     map[string]time.Time // until when each is one
	history   []past               // of a rewindable one
}

// New makes an empty store, which keeps so many bytes.
func New(budget int) *Store { return newStore(budget, time.Now, rand.Reader) }

func newStore(budget int, now func() time.Time, random io.Reader) *Store {
	s := &Store{budget: budget, now: now, random: random, rooms: map[string]*room{}}
	s.secret = s.bytesAtRandom(32)
	s.newLife()
	s.bodies = store.NewBodies(s.secret)
	return s
}

// bytesAtRandom are n of them.
func (s *Store) bytesAtRandom(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.random, b); err != nil {
		panic(err) // no source of ours fails
	}
	return b
}

var kinds = append(protocol.Kinds(), store.KindRead)

// AppendsAtOnce implements store.Instant.
func (*Store) AppendsAtOnce() {}

// Append implements store.Store. It fails for a draft of no kind only.
func (s *Store) Append(_ context.Context, drafts []store.Draft) ([]store.Result, error) {
	for i := range drafts {
		if !slices.Contains(kinds, drafts[i].Kind) {
			return nil, fmt.Errorf("a draft of kind %q", drafts[i].Kind)
		}
	}
	results := make([]store.Result, len(drafts))
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().UnixMilli()
	for i := range drafts {
		d := &drafts[i]
		var body store.Body
		if d.Key != "" {
			body = s.bodies.Of(d.Text, d.ReplyTo)
		}
		r := s.rooms[d.Room]
		if r == nil {
			r = &room{Room: s.unwritten(d.Room)}
		}
		var err error
		if results[i], err = store.Decide(d, body, now, inLife{r, s.Life()}); err != nil {
			return nil, err
		}
		if results[i].New {
			s.append(r, &results[i].Event, body)
		} else if d.Kind == store.KindRead && results[i].Event.Seq > 0 {
			s.bytes += r.mark(d.User.ID, results[i].Event.Seq)
		}
	}
	s.keepBudget()
	return results, nil
}

// append puts a new event into the log of r, which is there from its first one on.
func (s *Store) append(r *room, e *protocol.Event, body store.Body) {
	if r.Head == 0 {
		s.rooms[r.Name] = r
		s.bytes += roomBytes
	}
	s.written.last(r)
	s.bytes += r.append(e, body) + placeBytes
	s.order.push(place{r, e.Seq})
	if s.rewindable {
		s.history = append(s.history, past{*e, body})
	}
}

// unwritten is where the log of a room stands that has none.
func (s *Store) unwritten(name string) store.Room {
	return store.Room{Name: name, Epoch: s.epoch(name), First: 1}
}

// epoch names the next life of a room's log. Once a room is forgotten, its next
// epoch is another one; so is that of others without a log, which harms nobody.
func (s *Store) epoch(name string) string {
	sum := sha256.Sum256(append(binary.BigEndian.AppendUint64([]byte(s.Life()), s.forgotten), name...))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:15]))
}

// Room implements store.Store.
func (s *Store) Room(_ context.Context, name string) (store.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rooms[name]; r != nil {
		return r.Room, nil
	}
	return s.unwritten(name), nil
}

// Rooms implements store.Store.
func (s *Store) Rooms(context.Context) ([]store.Room, error) {
	s.mu.Lock()
	all := make([]store.Room, 0, len(s.rooms))
	for _, r := range s.rooms {
		all = append(all, r.Room)
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b store.Room) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Secret implements store.Store.
func (s *Store) Secret() []byte { return s.secret }

// Close has nothing to do.
func (s *Store) Close() error { return nil }

var _ store.Store = (*Store)(nil)
