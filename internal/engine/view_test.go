package engine

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/protocol"
)

// lookUntil looks at an engine until it sees what is waited for.
func lookUntil(t *testing.T, e *Engine, what string, seen func(*View) bool) View {
	t.Helper()
	for late := time.Now().Add(patience); ; {
		v := e.View()
		if seen(&v) {
			return v
		}
		if time.Now().After(late) {
			t.Fatalf("it was never seen that %s: %+v", what, v)
		}
	}
}

func TestAViewShowsASessionThatDoesNotRead(t *testing.T) {
	for _, transport := range []Transport{TransportAuto, TransportGoroutines} {
		for _, dialect := range []protocol.Dialect{protocol.Tutorial, protocol.V1} {
			t.Run(fmt.Sprint(transport, " ", dialect), func(t *testing.T) {
				e := startEngine(t, func(c *Config) { c.Transport, c.Rate = transport, room.Window{} })
				slow := tcp(t, e, func(o *Opening) { o.Dialect, o.Identity = dialect, guest("grace") })
				join := `{"type":"join","username":"grace","room":"lobby"}`
				if dialect == protocol.V1 {
					join = `{"type":"join","id":"1","room":"lobby"}`
				}
				slow.send(join)
				ada := tcp(t, e)
				ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
				ada.next()
				go func() { _, _ = io.Copy(io.Discard, ada.conn) }()
				chat := fmt.Sprintf(`{"type":"chat","text":%q}`, strings.Repeat("x", 3900))
				v := lookUntil(t, e, "grace reads nothing", func(v *View) bool {
					for range 100 {
						ada.send(chat)
					}
					return len(v.Slowest) > 0 && v.Slowest[0].Name == "grace" && v.Slowest[0].Lag.Events > 0
				})
				got := v.Slowest[0]
				if v.Behind == 0 || got.Room != "lobby" || got.Rooms != 1 || got.Lag.Bytes == 0 {
					t.Errorf("%d are behind, the slowest is %+v", v.Behind, got)
				}
				if r := v.Busiest[0]; r.Name != "lobby" || r.Behind == 0 || r.Lag.Events != got.Lag.Events {
					t.Errorf("the room is %+v", r)
				}
				go func() { _, _ = io.Copy(io.Discard, slow.conn) }()
				lookUntil(t, e, "nobody is behind any more", func(v *View) bool { return v.Behind == 0 && v.Busiest[0].Behind == 0 })
			})
		}
	}
}

func TestAViewTellsOfRoomsAndThoseWhoCarryThem(t *testing.T) {
	for _, transport := range []Transport{TransportAuto, TransportGoroutines} {
		t.Run(string(transport), func(t *testing.T) {
			e := startEngine(t, func(c *Config) { c.Transport, c.Rate = transport, room.Window{} })
			var people []*peer
			for _, where := range []string{"lobby", "attic", "lobby", "lobby"} {
				p := tcp(t, e)
				p.send(fmt.Sprintf(`{"type":"join","username":"ada","room":%q}`, where))
				p.next()
				go func() { _, _ = io.Copy(io.Discard, p.conn) }()
				people = append(people, p)
			}
			v := lookUntil(t, e, "the lobby is busy", func(v *View) bool {
				people[0].send(`{"type":"chat","text":"hello"}`)
				return v.Busiest[0].Events > 0 && v.Writer.Batches > 0
			})
			carried := v.Pairs
			for _, l := range v.Loops {
				carried += l.Sessions
			}
			if v.Sessions != 4 || carried != 4 || v.Rooms != 2 || (v.Pairs == 0) != (len(v.Loops) > 0) {
				t.Errorf("%d sessions, %d of them carried, %d rooms", v.Sessions, carried, v.Rooms)
			}
			lobby, attic := v.Busiest[0], v.Busiest[1]
			if lobby.Name != "lobby" || lobby.Members != 3 || lobby.Head == 0 || lobby.Bytes == 0 {
				t.Errorf("the lobby is %+v", lobby)
			}
			if attic.Name != "attic" || attic.Members != 1 || attic.Events != 0 {
				t.Errorf("the attic is %+v", attic)
			}
		})
	}
}
