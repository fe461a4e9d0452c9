package redisurl

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Store is a Redis that keeps rooms, and how it does.
type Store struct {
	*URL
	History int    // how many events a room keeps
	Prefix  string // what our keys begin with
}

// What a store's URL may leave out.
const (
	defaultHistory = 10_000
	defaultPrefix  = "parley:"
)

// The least and the most events that a room may be told to keep: fewer, and an answer
// is forgotten before it is given; more than these have no place in memory.
const (
	minHistory = 100
	maxHistory = 10_000_000
)

// ParseStore reads the URL of a Redis that keeps rooms. It may have two options more than
// others, which Parse refuses.
func ParseStore(text string) (*Store, error) {
	s := &Store{History: defaultHistory, Prefix: defaultPrefix}
	base, query, _ := strings.Cut(text, "?")
	var rest []string
	for option := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(option, "=")
		var err error
		switch name {
		case "":
		case "history":
			err = s.readHistory(value)
		case "prefix":
			err = s.readPrefix(value)
		default:
			rest = append(rest, option)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(rest) > 0 {
		base += "?" + strings.Join(rest, "&")
	}
	var err error
	if s.URL, err = Parse(base); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) readHistory(value string) (err error) {
	s.History, err = strconv.Atoi(value)
	if err != nil || s.History < minHistory || s.History > maxHistory {
		return fmt.Errorf("the URL of Redis: history is how many events a room keeps, from %d to %d", minHistory, maxHistory)
	}
	return nil
}

func (s *Store) readPrefix(value string) (err error) {
	const good = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-"
	s.Prefix, err = url.QueryUnescape(value)
	if err != nil || s.Prefix == "" || len(s.Prefix) > 64 || strings.Trim(s.Prefix, good) != "" {
		return fmt.Errorf("the URL of Redis: prefix is what our keys begin with: 1 to 64 letters, digits, or any of :._-")
	}
	return nil
}
