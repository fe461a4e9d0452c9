package room

import "time"

// A room of more than Big sessions has a crowd: its notices name the first Big
// sessions and count the rest, and the joins and leaves of one NoticeEvery are
// merged into one notice each, so that a crowd does not drown its own room.
const (
	Big         = 200
	NoticeEvery = time.Second
)

// Crowd gathers what the next notices of a big room will say. M identifies a
// member. The zero value has nothing to say.
type Crowd[M comparable] struct {
	Joined, Left Gathered[M]
}

// Empty reports whether there is nothing to say.
func (c *Crowd[M]) Empty() bool { return c.Joined.Count+c.Left.Count == 0 }

// Gathered is who did one thing: the first two by name, the rest by number.
type Gathered[M comparable] struct {
	Names []string
	Count int
	only  M
}

// Add gathers one more.
func (g *Gathered[M]) Add(name string, who M) {
	if g.Count < 2 {
		g.Names = append(g.Names, name)
	}
	g.Count++
	g.only = who
}

// Only is who did it, if it was one alone, else the zero value: the others'
// notice tells such a one nothing new.
func (g *Gathered[M]) Only() M {
	if g.Count != 1 {
		var nobody M
		return nobody
	}
	return g.only
}
