package redis

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/redisurl"
)

// What a URL may leave out.
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

// place is what a URL names: a Redis, and what of it is ours.
type place struct {
	url     *redisurl.URL
	history int
	prefix  string
}

// parse reads a store's URL. Two options are ours, the rest is redisurl's.
func parse(text string) (p place, err error) {
	p = place{history: defaultHistory, prefix: defaultPrefix}
	base, query, _ := strings.Cut(text, "?")
	var rest []string
	for option := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(option, "=")
		switch name {
		case "":
		case "history":
			n, nan := strconv.Atoi(value)
			if nan != nil || n < minHistory || n > maxHistory {
				return place{}, fmt.Errorf("a Redis URL's history is how many events a room keeps, from %d to %d", minHistory, maxHistory)
			}
			p.history = n
		case "prefix":
			p.prefix, err = url.QueryUnescape(value)
			if err != nil || !prefixIsGood(p.prefix) {
				return place{}, fmt.Errorf("a Redis URL's prefix is what our keys begin with: 1 to 64 letters, digits, or any of :._-")
			}
		default:
			rest = append(rest, option)
		}
	}
	if len(rest) > 0 {
		base += "?" + strings.Join(rest, "&")
	}
	if p.url, err = redisurl.Parse(base); err != nil {
		return place{}, err
	}
	if p.url.Kind == redisurl.Cluster {
		return place{}, errCluster
	}
	return p, nil
}

func prefixIsGood(prefix string) bool {
	const good = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-"
	return prefix != "" && len(prefix) <= 64 && strings.Trim(prefix, good) == ""
}

// The keys of a deployment. Those of a room have the room's name last, so that no name
// can be taken for another, and in braces, which have them stay together.
type keys string

func (k keys) life() string    { return string(k) + "life" }
func (k keys) secret() string  { return string(k) + "secret" }
func (k keys) rooms() string   { return string(k) + "rooms" }
func (k keys) nodes() string   { return string(k) + "nodes" }
func (k keys) revoked() string { return string(k) + "revoked" }

func (k keys) of(what, room string) string { return string(k) + what + ":{" + room + "}" }

func (k keys) room(name string) string    { return k.of("room", name) }    // where its log stands: a hash
func (k keys) log(name string) string     { return k.of("log", name) }     // its events: a stream
func (k keys) text(name string) string    { return k.of("text", name) }    // messages' texts, by seq: a hash
func (k keys) changed(name string) string { return k.of("changed", name) } // what changed messages, by seq: a hash
func (k keys) key(name string) string     { return k.of("key", name) }     // messages with a key: a hash
func (k keys) mark(name string) string    { return k.of("mark", name) }    // read marks, by user: a hash

// Of a message, whose seq follows: who put which emoji on it, and how many each: hashes.
func (k keys) reacted(name string) string { return k.of("reacted", name) + ":" }
func (k keys) emoji(name string) string   { return k.of("emoji", name) + ":" }
