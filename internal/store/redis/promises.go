package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// promises are what a Redis says of how it keeps what it has. What it doesn't tell is
// empty.
type promises struct {
	appendOnly string // 1 or 0
	fsync      string // always, everysec, no
	save       string // when it writes all of it to disk; empty for never
	limited    bool   // in memory
	eviction   string // what it throws away when that is full
	told       bool   // it let us see its settings
}

var errEvicts = errors.New("this Redis throws away keys of ours when its memory is full: set its maxmemory-policy to noeviction")

func (s *Store) promises(ctx context.Context) (promises, error) {
	pipe := s.client.Pipeline()
	persistence, memory := pipe.Info(ctx, "persistence"), pipe.Info(ctx, "memory")
	if _, err := pipe.Exec(ctx); err != nil {
		return promises{}, err
	}
	m := info(memory.Val())
	p := promises{
		appendOnly: info(persistence.Val())["aof_enabled"],
		limited:    m["maxmemory"] != "" && m["maxmemory"] != "0",
		eviction:   m["maxmemory_policy"],
	}
	settings := func(name string) (string, bool) {
		values, err := s.client.ConfigGet(ctx, name).Result() // a managed Redis may not let us
		value, ok := values[name]
		return value, err == nil && ok
	}
	fsync, ok := settings("appendfsync")
	save, ok2 := settings("save")
	p.fsync, p.save, p.told = fsync, save, ok && ok2
	return p, nil
}

// refused is why no logs can be kept like that: part of one would go without a word.
func (p promises) refused() error {
	if p.limited && strings.HasPrefix(p.eviction, "allkeys-") {
		return fmt.Errorf("%w (it is %s)", errEvicts, p.eviction)
	}
	return nil
}

func (p promises) warnings(history int) []string {
	all := []string{fmt.Sprintf("rooms keep their newest %d events, in Redis's memory, and forget what is older", history)}
	switch {
	case p.appendOnly == "0" && p.told && p.save == "":
		all = append(all, "this Redis writes nothing to disk: when it ends, all messages are gone; set its appendonly to yes")
	case p.appendOnly == "0":
		all = append(all, "this Redis writes to disk only now and then: when it ends by force, messages of many minutes are gone; set its appendonly to yes")
	case p.appendOnly != "1" || !p.told:
		all = append(all, "it could not be found out how often this Redis writes to disk (CONFIG GET is not allowed): messages that were answered may be gone when it ends")
	case p.fsync != "always":
		all = append(all, "this Redis writes to disk once a second or less often (appendfsync "+p.fsync+"): the last messages that were answered may be gone when its machine ends; set its appendfsync to always")
	}
	if !p.limited && strings.HasPrefix(p.eviction, "allkeys-") {
		all = append(all, "this Redis would throw away parts of logs if its memory were limited (maxmemory-policy "+p.eviction+"): set it to noeviction")
	}
	return all
}
