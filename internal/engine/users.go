package engine

import (
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/room"
)

// user is somebody with a session here, or who had one a moment ago: what all of
// one's sessions share.
type user struct {
	id string // fixed

	// Guarded by users.mu.
	sessions *session // the first of those that are here; the next is its sibling
	calls    int      // over HTTP, at this moment

	// Guarded by mu.
	mu     sync.Mutex
	recent *recent // nil if nothing that the user did counts any more
}

// recent is what a user did of late, as far as the rates count it.
type recent struct {
	chats room.Window // messages and edits
	acts  room.Window // all else that writes
}

// actsPerChat is how many deletes, reactions, topics and read marks one may make
// where one may write one message.
const actsPerChat = 5

// users is everybody who has a session on this node, by id.
type users struct {
	rate   room.Window
	people *people // fixed once the engine has started; nil where nothing is heard of other nodes

	mu   sync.Mutex
	byID map[string]*user
}

// mayChat takes a message or an edit, or says how long to wait.
func (us *users) mayChat(u *user, now time.Time) (wait time.Duration) {
	return us.may(u, now, acted{chats: 1}, func(r *recent) *room.Window { return &r.chats })
}

// mayAct is mayChat for all else that writes.
func (us *users) mayAct(u *user, now time.Time) (wait time.Duration) {
	return us.may(u, now, acted{acts: 1}, func(r *recent) *room.Window { return &r.acts })
}

func (us *users) may(u *user, now time.Time, what acted, which func(*recent) *room.Window) (wait time.Duration) {
	if wait = us.takes(u, now, which); wait == 0 && us.people != nil && us.rate.N > 0 {
		us.people.did(u.id, what, us.isCalling(u))
	}
	return wait
}

func (us *users) takes(u *user, now time.Time, which func(*recent) *room.Window) (wait time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	w := which(us.recent(u))
	wait = w.Wait(now)
	w.Allow(now)
	return wait
}

// recent is what u did of late. Its caller holds u's mu.
func (us *users) recent(u *user) *recent {
	if u.recent == nil {
		u.recent = &recent{
			chats: room.Window{N: us.rate.N, Per: us.rate.Per},
			acts:  room.Window{N: us.rate.N * actsPerChat, Per: us.rate.Per},
		}
	}
	return u.recent
}

func (us *users) isCalling(u *user) bool {
	us.mu.Lock()
	defer us.mu.Unlock()
	return u.calls > 0
}

// did counts what a user did on another node.
func (us *users) did(id string, what acted, now time.Time) {
	if us.rate.N == 0 {
		return
	}
	us.mu.Lock()
	defer us.mu.Unlock()
	u := us.find(id)
	u.mu.Lock()
	defer u.mu.Unlock()
	r := us.recent(u)
	for range min(what.chats, r.chats.N) {
		r.chats.Allow(now)
	}
	for range min(what.acts, r.acts.N) {
		r.acts.Allow(now)
	}
}

// rest gives back what no longer counts, and reports whether that was all.
func (u *user) rest(now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.recent != nil && u.recent.chats.Idle(now) && u.recent.acts.Idle(now) {
		u.recent = nil
	}
	return u.recent == nil
}

// find gives the user with this id, made at need. Its caller holds mu.
func (us *users) find(id string) *user {
	u := us.byID[id]
	if u == nil {
		u = &user{id: id}
		us.byID[id] = u
	}
	return u
}

// enter adds a session.
func (us *users) enter(id string, s *session) *user {
	us.mu.Lock()
	defer us.mu.Unlock()
	u := us.find(id)
	s.sibling, u.sessions = u.sessions, s
	return u
}

// leave takes a session away. What its user did still counts for a while.
func (us *users) leave(s *session, now time.Time) {
	us.mu.Lock()
	defer us.mu.Unlock()
	at := &s.user.sessions
	for *at != s {
		at = &(*at).sibling
	}
	*at, s.sibling = s.sibling, nil
	us.forget(s.user, now)
}

// call adds a call over HTTP, until done is called.
func (us *users) call(id string) (u *user, done func(now time.Time)) {
	us.mu.Lock()
	defer us.mu.Unlock()
	u = us.find(id)
	u.calls++
	return u, func(now time.Time) {
		us.mu.Lock()
		defer us.mu.Unlock()
		u.calls--
		us.forget(u, now)
	}
}

func (us *users) forget(u *user, now time.Time) {
	if u.rest(now) && u.sessions == nil && u.calls == 0 {
		delete(us.byID, u.id)
	}
}

// sweep forgets what counts no more, and those who have gone.
func (us *users) sweep(now time.Time) {
	us.mu.Lock()
	defer us.mu.Unlock()
	for _, u := range us.byID {
		us.forget(u, now)
	}
}

// check has all sessions of a user see whether they were revoked.
func (us *users) check(id string) {
	us.mu.Lock()
	defer us.mu.Unlock()
	if u := us.byID[id]; u != nil {
		for s := u.sessions; s != nil; s = s.sibling {
			s.carrier.Check()
		}
	}
}

// tell hands a signal on a room to all sessions of a user.
func (us *users) tell(id, roomName string, frame []byte) {
	us.mu.Lock()
	defer us.mu.Unlock()
	if u := us.byID[id]; u != nil {
		for s := u.sessions; s != nil; s = s.sibling {
			s.carrier.Tell(roomName, frame)
		}
	}
}
