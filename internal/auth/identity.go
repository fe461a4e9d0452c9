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
	User    string    // the token's sub; a guest's id begins with guestPrefix
	Name    string    // display name
	Role    string    // the token's role; empty without one
	Rooms   []string  // allow-list of room names; nil allows all
	Expires time.Time // when the token ends; zero for a guest
	Guest   bool
}

// guestPrefix begins the id of every guest, and of nobody else.
const guestPrefix = "guest."

// NewGuest is a guest who was never here before.
func NewGuest(name string) Identity {
	return Identity{User: guestPrefix + strings.ToLower(rand.Text()), Name: name, Guest: true}
}

// MayJoin reports whether the identity's token allows room.
func (id *Identity) MayJoin(room string) bool {
	return id.Rooms == nil || slices.Contains(id.Rooms, room)
}
