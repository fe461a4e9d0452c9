package engine

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestEveryViewIsTheLog has three people write in two rooms, with keys, and read as
// slowly as they like, while their lines are cut at any byte, the node starts anew and
// events are purged. In the end each one's view is the log, every answer was true,
// and no key is there twice.
func TestEveryViewIsTheLog(t *testing.T) {
	for _, row := range worlds {
		t.Run(fmt.Sprintf("%s, %s, %s", row.store, row.lines, row.transport), func(t *testing.T) {
			folder := t.TempDir()
			rapid.Check(t, func(t *rapid.T) {
				w := newWorld(t, row, folder)
				for range rapid.IntRange(1, 60).Draw(t, "steps") {
					w.step()
					w.collect()
				}
				w.settle()
				w.compare()
			})
		})
	}
}

// worlds are the stores, and what sessions are carried by and over.
var worlds = []worldKind{
	{"memory", "pipes", TransportGoroutines},
	{"sqlite", "pipes", TransportGoroutines},
	{"memory", "sockets", TransportGoroutines},
	{"memory", "sockets", TransportAuto},
}

// step does one thing, to one of the people in one of the rooms.
func (w *world) step() {
	draw := func(most int, what string) int { return rapid.IntRange(0, most).Draw(w.t, what) }
	f := w.people[draw(len(w.people)-1, "who")]
	room := worldRooms[draw(len(worldRooms)-1, "room")]
	switch rapid.SampledFrom(steps).Draw(w.t, "step") {
	case "connect":
		f.connect(rapid.Bool().Draw(w.t, "deflate"))
	case "say":
		w.say(f, room, everything)
	case "say much":
		for range 10 {
			w.say(f, room, everything)
		}
	case "say, cut off":
		w.say(f, room, draw(100, "bytes"))
	case "say again":
		key := draw(5, "key") // its text is its own: one of those before, or a new one
		f.ask(&asked{name: "send", room: room, key: fmt.Sprint("again ", key), frame: fmt.Sprintf(`"key":"again %d","text":"again %d"`, key, key)}, everything)
	case "change":
		w.change(f, room, draw)
	case "read little":
		f.readOn(draw(3000, "bytes"))
	case "read on":
		f.readOn(everything)
	case "cut":
		f.cutAfter(draw(3000, "bytes"))
	case "restart":
		w.restart()
	case "purge":
		w.purge(room, draw(10, "tenths"))
	}
}

// steps are what may happen, more likely where they stand more often.
var steps = []string{
	"connect", "connect", "connect", "say", "say", "say much", "say much", "say, cut off", "say again",
	"change", "change", "read little", "read on", "cut", "restart", "purge",
}

func (w *world) say(f *follower, room string, bytes int) {
	key := fmt.Sprint("key ", f.ids)
	text := strings.Repeat("x", rapid.SampledFrom([]int{1, 20, 500}).Draw(w.t, "length"))
	f.ask(&asked{name: "send", room: room, key: key, frame: fmt.Sprintf(`"key":%q,"text":%q`, key, text)}, bytes)
}

// change does something to a message of one's own.
func (w *world) change(f *follower, room string, draw func(int, string) int) {
	own := f.mine(room)
	if len(own) == 0 {
		return
	}
	a := &asked{room: room, target: own[draw(len(own)-1, "which")]}
	seq := fmt.Sprintf(`"seq":%d`, a.target)
	switch a.name = rapid.SampledFrom([]string{"edit", "edit", "delete", "react", "unreact"}).Draw(w.t, "change"); a.name {
	case "edit":
		a.frame = fmt.Sprintf(`%s,"text":"changed %d"`, seq, f.ids)
	case "delete":
		a.frame = seq
	default:
		a.frame = seq + `,"emoji":"👍"`
	}
	f.ask(a, everything)
}
