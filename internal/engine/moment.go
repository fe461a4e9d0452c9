package engine

import "time"

// moment is a time as each session keeps it: nanoseconds since a little before this
// program began, in a third of what a time.Time takes.
type moment int64

// never is the moment of what has not happened.
const never moment = 0

var beginning = time.Now().Add(-time.Second) // so that no moment of ours is never

func momentOf(t time.Time) moment { return moment(t.Sub(beginning)) }

func (m moment) time() time.Time { return beginning.Add(time.Duration(m)) }
