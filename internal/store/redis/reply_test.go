package redis

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/protocol"
)

// FuzzWhatRedisSaysIsReadOrRefused has whatever bytes stand where ours should.
func FuzzWhatRedisSaysIsReadOrRefused(f *testing.F) {
	f.Add("1|message|5|u1|ada|||||hi|")
	f.Add("1|edit|5|u1|ada|||1||hi|2 5")
	f.Add("7|5|1|topic|2|5|batch|u1|5|text|2 5|3 5 0123456789abcdef|9")
	f.Add("-1|nonsense|1e9|\x00|99999999999999999999| | 5|5 |1  5")
	f.Fuzz(func(t *testing.T, text string) {
		for _, hole := range []any{nil, int64(1), []any{"a", "1", "b"}} {
			values := func() []any {
				var all []any
				for v := range strings.SplitSeq(text, "|") {
					if v == "?" {
						all = append(all, hole)
					} else {
						all = append(all, v)
					}
				}
				return all
			}
			r := reply{values: values()}
			events, err := r.events("lobby", 0, 1)
			if err != nil && (!errors.Is(err, errGarbled) || events != nil) {
				t.Fatalf("%q: %+v, %v", text, events, err)
			}
			for i, e := range events {
				if e.Seq != protocol.Seq(i+1) || e.TS < 0 {
					t.Fatalf("%q: %+v", text, e)
				}
			}
			b := &batch{room: "lobby", wants: &wanted{
				messages: []protocol.Seq{1}, keyed: []sent{{"u1", "k"}}, reacted: []reaction{{1, "u1", "e"}}, emoji: []protocol.Seq{1}, marks: []string{"u1"},
			}}
			l, _, err := b.ledgerOf(&reply{values: values()})
			if err == nil && (l.at.Head > 1<<63 || l.first == 0) {
				t.Fatalf("%q: %+v", text, l)
			}
			counted := newTally()
			if err := counted.take(&reply{values: values()}); err != nil && !errors.Is(err, errGarbled) {
				t.Fatalf("%q: %v", text, err)
			}
			counted.unread("u1", 0, 1<<40)
			_, _ = replyOf(values(), nil)
			_ = server{version: text, role: text, mode: text}.refused()
			_ = info(text)
		}
	})
}

func TestAPlaceIsATimeAndHowManyOfItHavePassed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		time, passed := rapid.Int64Range(0, 1<<41).Draw(t, "time"), rapid.IntRange(0, 1<<placeBits-1).Draw(t, "passed")
		if gotTime, gotPassed := placeIs(placeOf(time, passed)); gotTime != time || gotPassed != passed {
			t.Fatalf("%d and %d became %d and %d", time, passed, gotTime, gotPassed)
		}
		if passed > 0 && placeOf(time, passed) >= placeOf(time, passed-1) || placeOf(time+1, passed) <= placeOf(time, 0) {
			t.Fatal("a newer one has no greater place")
		}
	})
}

type refusalError string

func (s refusalError) Error() string { return string(s) }
func (refusalError) RedisError()     {}

func TestAnErrorWithinAScriptIsKnown(t *testing.T) {
	for text, want := range map[string]string{
		"OOM command not allowed when used memory > 'maxmemory'. script: 00, on @user_script:9.": "OOM",
		"ERR Error running script (call to f_00): @user_script:1: @user_script: 1: -OOM command": "OOM",
		"ERR The user executing the script can't run this command or subcommand script: 00":      "NOPERM",
		"LOADING Redis is loading the dataset in memory":                                         "LOADING",
	} {
		if got := wordOf(refusalError(text)); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestAVersionIsNewEnoughOrNot(t *testing.T) {
	for version, want := range map[string]bool{"6.2.0": true, "7.0.15": true, "10.0": true, "6.0.16": false, "5.9": false, "": false, "x": false} {
		if got := atLeast(version, 6, 2); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}

func TestWhatARedisPromisesIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		promises
		want string
	}{
		"nothing on disk":    {promises{appendOnly: "0", told: true}, "writes nothing to disk"},
		"now and then":       {promises{appendOnly: "0", told: true, save: "3600 1"}, "only now and then"},
		"each second":        {promises{appendOnly: "1", told: true, fsync: "everysec"}, "appendfsync everysec"},
		"it may not be seen": {promises{appendOnly: "1"}, "could not be found out"},
		"parts go":           {promises{appendOnly: "1", told: true, fsync: "always", eviction: "allkeys-lru"}, "noeviction"},
		"all is well":        {promises{appendOnly: "1", told: true, fsync: "always", eviction: "noeviction"}, "newest 500 events"},
	} {
		all := c.warnings(500)
		if got := all[len(all)-1]; !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q in it", name, got, c.want)
		}
	}
	for _, c := range []struct {
		is   promises
		want bool
	}{
		{promises{limited: true, eviction: "allkeys-lfu"}, true},
		{promises{limited: true, eviction: "volatile-lru"}, false}, // our keys have no end
		{promises{limited: true, eviction: "noeviction"}, false},
		{promises{eviction: "allkeys-lru"}, false},
	} {
		if err := c.is.refused(); (err != nil) != c.want {
			t.Errorf("%+v: %v", c.is, err)
		}
	}
}
