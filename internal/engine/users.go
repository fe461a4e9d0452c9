package engine

import (
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/room"
)

// user is somebody with a session here, or who had one a moment ago: what all of
// one's sessions share.
type user struct {
	// Guarded by users.mu.
	sessions map[carrier]struct{} // nil for one that only asks over HTTP
	calls    int                  // over HTTP, at this moment

	// Guarded by mu.
	mu    sync.Mutex
	chats room.Window // messages and edits
	acts  room.Window // all else that writes
}

// actsPerChat is how many deletes, reactions, topics and read marks one may make
// where one may write one message.
const actsPerChat = 5

// mayChat takes a message or an edit, or says how long to wait.
func (u *user) mayChat(now time.Time) (wait time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	wait = u.chats.Wait(now)
	u.chats.Allow(now)
	return wait
}

// mayAct is mayChat for all else that writes.
func (u *user) mayAct(now time.Time) (wait time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	wait = u.acts.Wait(now)
	u.acts.Allow(now)
	return wait
}

// idle reports whether nothing that u did counts any more.
func (u *user) idle(now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.chats.Idle(now) && u.acts.Idle(now)
}

// users is everybody who has a session on this node, by id.
type users struct {
	rate room.Window

	mu   sync.Mutex
	byID map[string]*user
}

// find gives the user with this id, made at need. Its caller holds mu.
func (us *users) find(id string) *user {
	u := us.byID[id]
	if u == nil {
		u = &user{
			chats: room.Window{N: us.rate.N, Per: us.rate.Per},
			acts:  room.Window{N: us.rate.N * actsPerChat, Per: us.rate.Per},
		}
		us.byID[id] = u
	}
	return u
}

// enter adds a session.
func (us *users) enter(id string, c carrier) *user {
	us.mu.Lock()
	defer us.mu.Unlock()
	u := us.find(id)
	if u.sessions == nil {
		u.sessions = map[carrier]struct{}{}
	}
	u.sessions[c] = struct{}{}
	return u
}

// leave takes a session away. What its user did still counts for a while.
func (us *users) leave(id string, c carrier, now time.Time) {
	us.mu.Lock()
	defer us.mu.Unlock()
	if u := us.byID[id]; u != nil {
		delete(u.sessions, c)
		us.forget(id, u, now)
	}
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
		us.forget(id, u, now)
	}
}

func (us *users) forget(id string, u *user, now time.Time) {
	if len(u.sessions) == 0 && u.calls == 0 && u.idle(now) {
		delete(us.byID, id)
	}
}

// sweep forgets those who have gone, once nothing of theirs counts.
func (us *users) sweep(now time.Time) {
	us.mu.Lock()
	defer us.mu.Unlock()
	for id, u := range us.byID {
		us.forget(id, u, now)
	}
}

// tell hands a signal on a room to all sessions of a user.
func (us *users) tell(id, roomName string, frame []byte) {
	us.mu.Lock()
	defer us.mu.Unlock()
	if u := us.byID[id]; u != nil {
		for c := range u.sessions {
			c.Tell(roomName, frame)
		}
	}
}
