package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/roomlog"
)

func TestALoopIsBusyUntilItHasRested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var u unrest
		want := func(busy bool, when string) {
			t.Helper()
			if u.isBusy(roomlog.Since()) != busy {
				t.Errorf("%s: busy is %v", when, !busy)
			}
		}
		// rests has it wait for so long.
		rests := func(d time.Duration) {
			u.rests(time.Now())
			time.Sleep(d)
			u.works(time.Now())
		}
		want(false, "before its first round")
		u.works(time.Now())
		want(false, "a moment after it was woken")
		time.Sleep(busyAfter)
		want(true, "a long round")
		u.works(time.Now())
		want(true, "it left something for the next round")
		rests(rested / 2)
		want(true, "it was woken at once")
		u.rests(time.Now())
		want(false, "it rests")
		time.Sleep(time.Minute)
		u.works(time.Now())
		want(false, "it has rested")
	})
}
