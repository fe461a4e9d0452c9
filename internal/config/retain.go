package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/room"
)

// Retain says how long messages are kept. The zero value keeps all.
type Retain struct {
	Default time.Duration            // 0 keeps them
	Rooms   map[string]time.Duration // in place of Default; nil for none
}

// For is how long a room's messages are kept; 0 keeps them.
func (r Retain) For(roomName string) time.Duration {
	if keep, ok := r.Rooms[roomName]; ok {
		return keep
	}
	return r.Default
}

// retention is one value of the setting.
type retention struct {
	text string // as it was given; empty for one that was wrong
	room string // empty for every room that has none of its own
	keep time.Duration
}

func parseRetention(s string) (retention, error) {
	name, keep, one := cutLast(s, "=")
	if strings.Contains(name, ",") { // a file's text isn't split, as a flag's and a variable's are
		return retention{}, errors.New(`want a list in a file, ["90d", "lobby=7d"]; no room with a comma in its name has a time of its own`)
	}
	if one {
		clean, err := room.CleanRoom(name)
		if err != nil {
			return retention{}, errors.New("want a room's name of 1 to 64 visible characters before the =, such as lobby=7d")
		}
		name = clean
	}
	d, err := parseKeep(keep)
	return retention{s, name, d}, err
}

// cutLast is strings.Cut at the last sep, since a room's name may hold it; without
// one, all is after it.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(sep):], true
}

// longestKeep is a hundred years: more overflows a time.Duration before long.
const longestKeep = 36500 * 24 * time.Hour

func parseKeep(s string) (time.Duration, error) {
	const want = "want a time such as 90d (in s, m, h, d or w, at most 36500d), ROOM=TIME such as lobby=7d, or off for a TIME that never ends"
	if s == "off" {
		return 0, nil
	}
	unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	letter := s[max(0, len(s)-1):]
	n, err := strconv.ParseUint(strings.TrimSuffix(s, letter), 10, 32)
	if err != nil || n == 0 || unit[letter] == 0 || time.Duration(n) > longestKeep/unit[letter] {
		return 0, errors.New(want)
	}
	return time.Duration(n) * unit[letter], nil
}

// retain gathers the values of the setting, none of which may take back another.
func (c *checks) retain(values []retention) Retain {
	given := map[string]retention{}
	for _, r := range values {
		if r.text == "" {
			continue // reported
		}
		if before, twice := given[r.room]; twice {
			c.say("retain", fmt.Sprintf("is %q and %q: give one of them", before.text, r.text))
		}
		given[r.room] = r
	}
	s := Retain{Default: given[""].keep}
	delete(given, "")
	for name, r := range given {
		if s.Rooms == nil {
			s.Rooms = map[string]time.Duration{}
		}
		s.Rooms[name] = r.keep
	}
	return s
}
