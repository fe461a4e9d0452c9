package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/room"
)

// claims is what we read of a token. sub is the user, name the display name,
// rooms an allow-list, role a role.
type claims struct {
	jwt.RegisteredClaims
	Name  *string `json:"name"`
	Role  string  `json:"role"`
	Rooms roomSet `json:"rooms"`
}

// roomSet is an allow-list: nil allows all, an empty one none.
type roomSet []string

// UnmarshalJSON takes a list of names, put into the form that rooms have on the
// wire. null is no list, and so allows no more than an empty one.
func (s *roomSet) UnmarshalJSON(b []byte) error {
	var names []string
	if err := json.Unmarshal(b, &names); err != nil {
		return err
	}
	*s = roomSet{}
	for _, name := range names {
		clean, err := room.CleanRoom(name)
		if err != nil {
			return err
		}
		*s = append(*s, clean)
	}
	return nil
}

const maxID = 64 // bytes

// identity checks what the signature cannot: that sub and name may stand where
// others see them.
func (c *claims) identity() (Identity, error) {
	if !isID(c.Subject) {
		return Identity{}, fmt.Errorf("its sub must be 1 to %d bytes without control characters", maxID)
	}
	name := c.Subject
	if c.Name != nil {
		name = *c.Name
	}
	name, err := room.CleanName(name)
	if err != nil {
		return Identity{}, errors.New("its name (or its sub, without one) must be 1 to 40 visible characters")
	}
	if !isText(c.Role) || len(c.Role) > maxID {
		return Identity{}, fmt.Errorf("its role must be at most %d bytes without control characters", maxID)
	}
	return Identity{User: c.Subject, Name: name, Role: c.Role, Rooms: c.Rooms, Expires: c.ExpiresAt.Time}, nil
}

func isID(s string) bool { return s != "" && len(s) <= maxID && isText(s) }

func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
