package auth

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/room"
)

// claims is what we read of a token (RFC 7519 §4.1), and three of our own: name,
// the name that others see; rooms, an allow-list; role.
type claims struct {
	Issuer    string           `json:"iss"`
	Subject   string           `json:"sub"`
	Audience  jwt.ClaimStrings `json:"aud"`
	Expires   *seconds         `json:"exp"`
	NotBefore *seconds         `json:"nbf"`
	IssuedAt  *moment          `json:"iat"`

	Name  string  `json:"name"` // missing, null or empty: sub stands for it
	Role  string  `json:"role"`
	Rooms roomSet `json:"rooms"`
}

var (
	errClaims = errors.New("its claims are no JSON object, or of the wrong types: want strings for sub, name and role, numbers for exp, nbf and iat")
	errRooms  = errors.New("its rooms must be a list of names of rooms")
	errTime   = errors.New("its exp, nbf and iat must be seconds since 1970, up to the year 9999")
)

// UnmarshalJSON is strict, unlike encoding/json: a claim of the issuer's named
// Sub or EXP is none of ours, and a repeated one makes the token worthless.
func (c *claims) UnmarshalJSON(b []byte) error {
	type plain claims // without this method
	err := json.Unmarshal(b, (*plain)(c))
	switch {
	case errors.Is(err, errRooms):
		return errRooms
	case errors.Is(err, errTime):
		return errTime
	case err != nil:
		return errClaims
	}
	return nil
}

// seconds since 1970. A fraction is cut off.
type seconds int64

// UnmarshalJSON implements json.Unmarshaler.
func (s *seconds) UnmarshalJSON(b []byte) error {
	f, err := readTime(b)
	*s = seconds(f)
	return err
}

// readTime takes a number only, and none that a time.Time would turn over at.
func readTime(b []byte) (float64, error) {
	const year10000 = 253402300800
	var f float64
	if err := json.Unmarshal(b, &f); err != nil || f < 0 || f >= year10000 {
		return 0, errTime
	}
	return f, nil
}

// moment is a time whose fraction matters, in milliseconds since 1970: a token may be
// made in the second in which its user was revoked.
type moment int64

// UnmarshalJSON implements json.Unmarshaler.
func (m *moment) UnmarshalJSON(b []byte) error {
	f, err := readTime(b)
	*m = moment(math.Round(f * 1000))
	return err
}

func (m *moment) date() *jwt.NumericDate {
	if m == nil {
		return nil
	}
	return &jwt.NumericDate{Time: time.UnixMilli(int64(*m))}
}

func (s *seconds) date() *jwt.NumericDate {
	if s == nil {
		return nil
	}
	return jwt.NewNumericDate(time.Unix(int64(*s), 0))
}

// The library's checks read these.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return c.Expires.date(), nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return c.NotBefore.date(), nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return c.IssuedAt.date(), nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return c.Audience, nil }
func (c *claims) GetIssuer() (string, error)                   { return c.Issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.Subject, nil }

// roomSet is an allow-list: nil allows all, an empty one none.
type roomSet []string

// UnmarshalJSON takes a list of names, and puts them into the form that rooms
// have on the wire. null is no list: it would be read as all or as none, by
// whoever guesses.
func (s *roomSet) UnmarshalJSON(b []byte) error {
	var names []string
	if err := json.Unmarshal(b, &names); err != nil || names == nil {
		return errRooms
	}
	*s = make(roomSet, 0, len(names))
	for _, name := range names {
		clean, err := room.CleanRoom(name)
		if err != nil {
			return errRooms
		}
		*s = append(*s, clean)
	}
	return nil
}

const maxID = 64 // bytes

// identity checks what the signature cannot: that sub and name may stand where
// others see them.
func (c *claims) identity(now time.Time) (Identity, error) {
	if !isID(c.Subject) {
		return Identity{}, fmt.Errorf("its sub must be 1 to %d bytes without control characters", maxID)
	}
	if strings.HasPrefix(c.Subject, guestPrefix) {
		return Identity{}, fmt.Errorf("its sub begins with %q, as the ids of guests do", guestPrefix)
	}
	name := c.Name
	if name == "" {
		name = c.Subject
	}
	name, err := room.CleanName(name)
	if err != nil {
		return Identity{}, errors.New("its name (or its sub, without one) must be 1 to 40 visible characters")
	}
	if !isText(c.Role) || len(c.Role) > maxID {
		return Identity{}, fmt.Errorf("its role must be at most %d bytes without control characters", maxID)
	}
	expires := c.Expires.date().Time
	if !now.Before(expires) { // the leeway let it in, and holds for its session, too
		expires = expires.Add(Leeway)
	}
	issued := int64(0)
	if c.IssuedAt != nil { // by a clock that may be ahead of ours
		issued = min(int64(*c.IssuedAt), now.UnixMilli())
	}
	return Identity{User: c.Subject, Name: name, Role: c.Role, Terms: &Terms{Rooms: c.Rooms, Expires: expires, Issued: issued}}, nil
}

func isID(s string) bool { return s != "" && len(s) <= maxID && isText(s) }

func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
