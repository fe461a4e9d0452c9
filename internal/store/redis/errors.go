package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

var (
	errCluster = errors.New("a Redis Cluster can't keep logs, whose scripts touch all of them: name one server" +
		" (redis://host), or one with replicas (redis+sentinel://…), or a PostgreSQL (postgres://…)")
	errRenewed = errors.New("the logs in Redis have begun another life")
	errMoved   = errors.New("other nodes write to this room all the time")
	errUnknown = errors.New("the connection to Redis was lost, and what it was about was forgotten since: whether it was done can't be told")
	errSecret  = errors.New("this Redis lost the store's secret, and another node has made a new one: start this node again")
	errReplica = errors.New("this Redis is a replica, which can't be written to: name the primary, or its Sentinels (redis+sentinel://…)")
)

// explain says in words what Redis said in its own.
func explain(err error) error {
	var said redis.Error
	switch {
	case err == nil:
		return nil
	case isTimeout(err):
		return fmt.Errorf("no answer from Redis: %w", err)
	case !errors.As(err, &said):
		return err
	}
	word := wordOf(said)
	why := map[string]string{
		"OOM":         "Redis is full: raise its maxmemory, or lower history in the store's URL",
		"READONLY":    "this Redis became a replica",
		"LOADING":     "Redis is reading its logs from disk",
		"MASTERDOWN":  "this Redis is a replica that has lost its primary",
		"BUSY":        "Redis is busy with somebody's script",
		"MISCONF":     "Redis can't save to its disk, so it takes nothing new",
		"NOREPLICAS":  "Redis has fewer replicas than its min-replicas-to-write",
		"NOAUTH":      "Redis wants a password: redis://:PASSWORD@host, or redis://USER:PASSWORD@host",
		"WRONGPASS":   "Redis knows no such user and password",
		"NOPERM":      "the Redis user may not do what a store needs: give it its keys and +@all -@admin -@dangerous +info +config|get",
		"CLUSTERDOWN": "the Redis Cluster is down",
	}[word]
	if why == "" {
		return err
	}
	return fmt.Errorf("%s: %w", why, err)
}

// wordOf is the word that an error of Redis's begins with, be it one of a command within a
// script, which Redis 6 and 7 wrap in different ways.
func wordOf(said redis.Error) string {
	text := said.Error()
	if strings.Contains(text, "user executing the script") {
		return "NOPERM"
	}
	if _, inner, ok := strings.Cut(text, ": -"); ok && strings.HasPrefix(text, "ERR Error running script") {
		text = inner
	}
	word, _, _ := strings.Cut(text, " ")
	return word
}

// passing reports whether an error may be over soon: Redis is away, or says so.
func passing(err error) bool {
	var said redis.Error
	switch {
	case errors.Is(err, errAgain):
	case errors.As(err, &said):
		switch wordOf(said) {
		case "READONLY", "LOADING", "MASTERDOWN", "BUSY", "NOREPLICAS", "NOSCRIPT", "TRYAGAIN":
			return true
		}
		return strings.Contains(said.Error(), "max number of clients reached")
	case errors.Is(err, errRenewed), errors.Is(err, errSecret), errors.Is(err, errUnknown), errors.Is(err, errGarbled), errors.Is(err, errGone),
		errors.Is(err, redis.ErrClosed):
		return false
	}
	return true // of the connection
}

// answered reports whether Redis has said no: then nothing was done.
func answered(err error) bool {
	var said redis.Error
	return errors.As(err, &said)
}

// isFull reports whether Redis has no memory for it.
func isFull(err error) bool {
	var said redis.Error
	return errors.As(err, &said) && wordOf(said) == "OOM"
}

func isTimeout(err error) bool {
	var late interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &late) && late.Timeout()
}
