package auth

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"
)

// Identity is who a session belongs to: the user that a token speaks of, or a
// guest, for whom nobody vouches.
type Identity struct {
	User  string // the token's sub; a guest's id begins with guestPrefix
	Name  string // display name
	Role  string // the token's role; empty without one
	Terms *Terms // the token's; nil for a guest, who has none
	Guest bool
}

// Terms are what a token allows.
type Terms struct {
	Rooms   []string    // allow-list of room names; nil allows all
	Expires time.Time   // when the token ends; zero if it doesn't
	Issued  int64       // when it was made, milliseconds since 1970; 0 where it doesn't say so
	Token   Fingerprint // of the token
}

// guestPrefix begins the id of every guest, and of nobody else.
const guestPrefix = "guest."

// NewGuest is a guest who was never here before.
func NewGuest(name string) Identity {
	return Identity{User: guestPrefix + strings.ToLower(rand.Text()), Name: name, Guest: true}
}

// MayJoin reports whether the identity's token allows room.
func (id *Identity) MayJoin(room string) bool {
	rooms := id.Rooms()
	return rooms == nil || slices.Contains(rooms, room)
}

// Rooms is the identity's allow-list; nil allows all.
func (id *Identity) Rooms() []string {
	if id.Terms == nil {
		return nil
	}
	return id.Terms.Rooms
}

// Expires is when the identity ends; zero if it doesn't.
func (id *Identity) Expires() time.Time {
	if id.Terms == nil {
		return time.Time{}
	}
	return id.Terms.Expires
}

// Issued is when the identity was vouched for, milliseconds since 1970: of a guest, or
// where a token doesn't say so, long ago.
func (id *Identity) Issued() int64 {
	if id.Terms == nil {
		return 0
	}
	return id.Terms.Issued
}
