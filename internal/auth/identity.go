package auth

import (
	"slices"
	"time"
)

// Identity is who a session belongs to: a guest (the zero value), or the user
// that a token speaks of.
type Identity struct {
	User    string    // the token's sub; empty for a guest
	Name    string    // display name; empty for a guest, who brings one with join
	Role    string    // the token's role; empty without one
	Rooms   []string  // allow-list of room names; nil allows all
	Expires time.Time // when the token ends; zero for a guest
}

// Guest reports whether nobody vouches for this identity.
func (id *Identity) Guest() bool { return id.User == "" }

// MayJoin reports whether the identity's token allows room.
func (id *Identity) MayJoin(room string) bool {
	return id.Rooms == nil || slices.Contains(id.Rooms, room)
}
