package e2e

import (
	"slices"
	"testing"
)

// world is a room of ada and grace, in which everything is as it should be.
func world() (*roomLog, []testimony) {
	log := &roomLog{Room: "lobby", Epoch: "now", Events: []shown{
		{1, 100, "u-ada", "k1", "a1"}, {2, 100, "u-grace", "k1", "g1"}, {3, 101, "u-ada", "k2", "a2"},
		{4, 103, "u-grace", "k2", "g2"}, {5, 103, "u-ada", "k3", "a3"}, {6, 109, "u-grace", "k3", "g3"},
	}}
	claims := func(who string) (all []claim) {
		for _, e := range log.Events {
			if e.User == who {
				all = append(all, claim{e.Key, e.Text, e.Seq, e.TS, "now"})
			}
		}
		return all
	}
	old := []shown{{1, 50, "u-ada", "k0", "a0"}, {2, 51, "u-grace", "k0", "g0"}}
	return log, []testimony{
		{Client: "ada", User: "u-ada", Sent: claims("u-ada"), Views: []view{{"then", 1, slices.Clone(old)}, {"now", 1, slices.Clone(log.Events)}}},
		{Client: "grace", User: "u-grace", Sent: claims("u-grace"), Views: []view{{"then", 1, slices.Clone(old)}, {"now", 3, slices.Clone(log.Events[2:])}}},
		{Client: "linus", User: "u-linus", Views: []view{{"now", 7, nil}}},
	}
}

func TestOracleFindsNothingWrongWhereNothingIs(t *testing.T) {
	log, all := world()
	if j := judge(log, all); len(j.Wrong) > 0 || j.Acked != 6 || j.Stored != 6 || j.Shown != 14 {
		t.Error(j.String())
	}
}

// An oracle that finds nothing is worth what it would have found.
func TestOracleFindsWhatIsPlanted(t *testing.T) {
	swap := func(events []shown, a, b int) { // the events, not their seqs and times
		events[a], events[b] = events[b], events[a]
		events[a].Seq, events[b].Seq = events[b].Seq, events[a].Seq
		events[a].TS, events[b].TS = events[b].TS, events[a].TS
	}
	for name, c := range map[string]struct {
		plant func(log *roomLog, all []testimony)
		want  []string
	}{
		"an acknowledged message is gone from the log": {
			func(l *roomLog, all []testimony) { // as if it had never been, for all but its sender
				l.Events = l.Events[:5]
				all[0].Views[1].Events, all[1].Views[1].Events = all[0].Views[1].Events[:5], all[1].Views[1].Events[:3]
				all[2].Views[0].From = 6
			}, []string{wrongLost},
		},
		"a message is gone from the middle of the log": {
			func(l *roomLog, _ []testimony) { l.Events = slices.Delete(l.Events, 2, 3) }, []string{wrongLost, wrongHole, wrongView},
		},
		"a message is in the log twice": {
			func(l *roomLog, all []testimony) {
				again := shown{7, 110, "u-ada", "k3", "a3"}
				l.Events = append(l.Events, again)
				for i := range all {
					last := &all[i].Views[len(all[i].Views)-1]
					last.Events = append(last.Events, again)
				}
			}, []string{wrongDoubled},
		},
		"two messages of one sender changed places": {
			func(l *roomLog, all []testimony) {
				swap(l.Events, 0, 2)
				swap(all[0].Views[1].Events, 0, 2)
				all[1].Views[1].Events[0] = l.Events[2]
				all[0].Sent[0].Seq, all[0].Sent[0].TS, all[0].Sent[1].Seq, all[0].Sent[1].TS = 3, 101, 1, 100
			}, []string{wrongDisordered},
		},
		"a message stands elsewhere than was answered": {
			func(_ *roomLog, all []testimony) { all[1].Sent[2].Seq = 5 }, []string{wrongOdd},
		},
		"a message has another time than was answered": {
			func(_ *roomLog, all []testimony) { all[1].Sent[2].TS++ }, []string{wrongOdd},
		},
		"time goes backwards": {
			func(l *roomLog, all []testimony) {
				l.Events[4].TS, all[0].Sent[2].TS = 90, 90
				all[0].Views[1].Events[4].TS, all[1].Views[1].Events[2].TS = 90, 90
			}, []string{wrongBackwards},
		},
		"somebody sent what nobody sent": {
			func(_ *roomLog, all []testimony) { all[0].Sent = all[0].Sent[:2] }, []string{wrongForeign},
		},
		"a message has other words": {
			func(l *roomLog, all []testimony) {
				l.Events[0].Text = "forged"
				all[0].Views[1].Events[0].Text = "forged"
			}, []string{wrongForeign},
		},
		"a reader was not shown an event": {
			func(_ *roomLog, all []testimony) {
				all[1].Views[1].Events = slices.Delete(all[1].Views[1].Events, 1, 2)
			}, []string{wrongView},
		},
		"a reader was not shown the last event": {
			func(_ *roomLog, all []testimony) { all[0].Views[1].Events = all[0].Views[1].Events[:5] }, []string{wrongView},
		},
		"a reader was shown an event twice": {
			func(_ *roomLog, all []testimony) {
				all[0].Views[1].Events = slices.Insert(all[0].Views[1].Events, 2, all[0].Views[1].Events[1])
			}, []string{wrongView},
		},
		"a reader was shown events in another order": {
			func(_ *roomLog, all []testimony) {
				events := all[0].Views[1].Events
				events[1], events[2] = events[2], events[1]
			}, []string{wrongView},
		},
		"a reader was shown an event that the log lacks": {
			func(_ *roomLog, all []testimony) {
				all[2].Views[0].Events = []shown{{7, 110, "u-ada", "k4", "a4"}}
			}, []string{wrongView},
		},
		"a reader was shown something else under a seq": {
			func(_ *roomLog, all []testimony) { all[0].Views[1].Events[3].Text = "other" }, []string{wrongView},
		},
		"a reader has not heard of a new life": {
			func(_ *roomLog, all []testimony) { all[0].Views = all[0].Views[:1] }, []string{wrongView},
		},
		"a reader was shown nothing at all": {
			func(_ *roomLog, all []testimony) { all[2].Views = nil }, []string{wrongView},
		},
		"two readers were shown different events under one epoch and seq": {
			func(_ *roomLog, all []testimony) { all[0].Views[0].Events[1].Text = "other" }, []string{wrongTwofold},
		},
	} {
		t.Run(name, func(t *testing.T) {
			log, all := world()
			c.plant(log, all)
			j := judge(log, all)
			for _, kind := range c.want {
				if j.Wrong[kind] == 0 {
					t.Errorf("it doesn't find %q:\n%s", kind, j.String())
				}
			}
			if len(j.Wrong) != len(c.want) {
				t.Errorf("want %q alone:\n%s", c.want, j.String())
			}
		})
	}
}

// What an earlier life of the log acknowledged went with it.
func TestOracleAsksNothingOfAnEarlierLife(t *testing.T) {
	log, all := world()
	all[0].Sent = slices.Insert(all[0].Sent, 0, claim{"k0", "a0", 1, 50, "then"})
	if j := judge(log, all); len(j.Wrong) > 0 {
		t.Error(j.String())
	}
}
