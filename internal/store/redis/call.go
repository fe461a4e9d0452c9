package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// How long the store begins to try again before it says that it can't, how long Redis may
// take for one thing, and how long it all may take: less than a Writer's patience.
const (
	patience = 4 * time.Second
	slowest  = 3 * time.Second
	longest  = patience + slowest
)

// call is one run of a script. Its key of the life and the life itself go without saying.
type call struct {
	script script
	keys   []string
	args   []any
	reply  reply
	err    error
}

// do runs scripts in one pipeline. Each call has its own end; the error is the first.
func (s *Store) do(ctx context.Context, life string, calls []*call) error {
	err := s.pipeline(ctx, life, calls)
	if err == nil || !strings.Contains(err.Error(), "NOSCRIPT") {
		return err
	}
	// Somebody had Redis forget its scripts. Those that it didn't know did nothing.
	var again []*call
	for _, c := range calls {
		if c.err != nil && strings.Contains(c.err.Error(), "NOSCRIPT") {
			again = append(again, c)
		}
	}
	if err := teach(ctx, s.client); err != nil {
		return err
	}
	return errors.Join(s.pipeline(ctx, life, again), firstError(calls))
}

func (s *Store) pipeline(ctx context.Context, life string, calls []*call) error {
	pipe := s.client.Pipeline()
	cmds := make([]*redis.Cmd, len(calls))
	for i, c := range calls {
		keys := append([]string{s.keys.life()}, c.keys...)
		cmds[i] = pipe.EvalSha(ctx, c.script.sha, keys, append([]any{life}, c.args...)...)
	}
	_, err := pipe.Exec(ctx)
	for i, c := range calls {
		value, failed := cmds[i].Result()
		if failed == nil && err != nil && cmds[i].Val() == nil {
			failed = err
		}
		c.reply, c.err = replyOf(value, failed)
	}
	return firstError(calls)
}

func firstError(calls []*call) error {
	for _, c := range calls {
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// replyOf is a script's reply behind its first word.
func replyOf(value any, err error) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	r := reply{values: listOf(value)}
	switch word := r.text(); word {
	case "ok":
		return r, nil
	case "life":
		return reply{}, errRenewed
	case "moved":
		return reply{}, errMoved
	case "gone":
		return reply{}, errGone
	case "lost":
		return reply{}, errGarbled
	default:
		return reply{}, fmt.Errorf("a script's answer begins with %.20q", word)
	}
}

// teach has Redis know the scripts.
func teach(ctx context.Context, client redis.Cmdable) error {
	pipe := client.Pipeline()
	for _, s := range scripts {
		pipe.ScriptLoad(ctx, s.text)
	}
	_, err := pipe.Exec(ctx)
	return err
}

// ask asks something that changes nothing, or that may be done twice: again if Redis was
// away, and in the new life if another one began. It gives the life that answered.
func (s *Store) ask(ctx context.Context, calls ...*call) (life string, err error) {
	err = s.patiently(ctx, func(ctx context.Context) error {
		life = s.present()
		err := s.askIn(ctx, life, calls...)
		if errors.Is(err, errRenewed) {
			return errAgain
		}
		return err
	})
	return life, err
}

// askIn asks in one life. If it is over, that is an error, and the next one is known of.
func (s *Store) askIn(ctx context.Context, life string, calls ...*call) error {
	err := s.do(ctx, life, calls)
	if errors.Is(err, errRenewed) {
		if err := s.acquaint(ctx); err != nil {
			return err
		}
	}
	if err == nil && life != s.present() {
		return errRenewed // what was said is of the old one
	}
	return err
}

// errAgain has something tried again.
var errAgain = errors.New("again")

// patiently does something that may be done twice until it succeeds, or it makes no
// sense any more.
func (s *Store) patiently(ctx context.Context, try func(context.Context) error) error {
	until := time.Now().Add(patience)
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for tries := 0; ; tries++ {
		err := try(ctx)
		if err == nil || !s.mayTryAgain(ctx, err, tries, until) {
			return explain(err)
		}
	}
}

// mayTryAgain waits a moment after an error, unless there is no sense in another try.
func (s *Store) mayTryAgain(ctx context.Context, err error, tries int, until time.Time) bool {
	if !passing(err) || time.Now().After(until) {
		return false
	}
	// Those who met once don't meet again at the same moment.
	wait := time.NewTimer(rand.N(min(time.Millisecond<<min(tries, 7), 100*time.Millisecond))) //nolint:gosec // nobody gains by guessing it
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.closed:
		return false
	case <-wait.C:
		return true
	}
}
