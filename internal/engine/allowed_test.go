package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/protocol"
)

// TestATokenTellsNothingOfRoomsThatItDoesNotAllow tries every command of the table on
// such a room, as a session and without one.
func TestATokenTellsNothingOfRoomsThatItDoesNotAllow(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		grace := dial(t, e, guest("grace"))
		for _, room := range []string{"lobby", "attic"} {
			grace.mustDo("join", fmt.Sprintf(`"room":%q`, room))
			grace.mustDo("topic", fmt.Sprintf(`"room":%q,"text":"about the %[1]s"`, room))
			grace.mustDo("send", fmt.Sprintf(`"room":%q,"text":"@ada welcome to the %[1]s"`, room))
		}
		for name, allowed := range map[string][]string{"another room": {"lobby"}, "no room": {}} {
			id := auth.Identity{User: "u1", Name: "ada", Role: "admin", Terms: &auth.Terms{Rooms: allowed}}
			ada := dial(t, e, id)
			for _, c := range protocol.Commands() {
				fields := `"room":"attic","seq":2,"text":"welcome","emoji":"👍"`
				answer := ada.do(c.Name, fields)
				if text := fmt.Sprint(answer); strings.Contains(text, "the attic") || c.Name == "rooms" && strings.Contains(text, "attic") {
					t.Errorf("%s: %s tells %s", name, c.Name, text)
				}
				switch c.Name {
				case "rooms", "rename", "ping", "revoke":
				case "leave", "typing":
					if answer["code"] != string(protocol.CodeNotJoined) {
						t.Errorf("%s: %s is answered with %v", name, c.Name, answer)
					}
				default:
					if answer["code"] != string(protocol.CodeForbidden) {
						t.Errorf("%s: %s is answered with %v", name, c.Name, answer)
					}
				}
				got, refusal := e.Do(t.Context(), id, c.Name, []byte("{"+fields+"}"))
				if c.Reach == protocol.Everywhere && answer["type"] == "error" != (refusal != nil) || strings.Contains(string(got), "attic") {
					t.Errorf("%s: %s without a session is answered with %s, %v", name, c.Name, got, refusal)
				}
			}
			found := ada.mustDo("search", `"text":"welcome"`)["events"].([]any)
			if len(found) != len(allowed) || strings.Contains(fmt.Sprint(found), "attic") {
				t.Errorf("%s: a search finds %v", name, found)
			}
		}
		if got := grace.mustDo("history", `"room":"attic"`)["head"]; got != 2.0 {
			t.Errorf("the attic's head is %v: something was written there", got)
		}
	})
}
