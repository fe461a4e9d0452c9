//go:build e2e

package e2e

import (
	"fmt"
	"hash/maphash"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// In a room of more than 200, notices name the first 200 and count all, and the
// joins and leaves of one second are told together.
func TestCrowdDoesNotDrownItsRoomInNotices(t *testing.T) {
	t.Parallel()
	const big, newcomers = 200, 60
	s := startServer(t)
	seed := maphash.MakeSeed()
	var first []string
	ada := dial(t, s.WS, nil)
	ada.join("ada", "crowd")
	first = append(first, "ada")
	for i := 1; i < big; i++ {
		name := fmt.Sprint("u", i)
		enter(t, s, seed, name, false)
		first = append(first, name)
		if m := ada.want(message{Type: "system", Text: name + " joined #crowd", Users: first}); m.Count != 0 {
			t.Fatalf("a room of %d says count %d, want none", len(first), m.Count)
		}
	}

	began := time.Now()
	var late []*listener
	for i := range newcomers {
		name := fmt.Sprint("late", i)
		l := &listener{peer: upgraded(t, s), name: name}
		l.send(clientFrame(fin|text, fmt.Sprintf(`{"type":"join","username":%q,"room":"crowd"}`, name)))
		l.wantNotice(t, name+" joined #crowd", big+i+1)
		late = append(late, l)
	}
	wantMerged(t, ada, "joined", newcomers, first, big+newcomers)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the notices took %v", took)
	}

	for _, l := range late[1:] {
		l.conn.Close()
	}
	wantMerged(t, ada, "left", newcomers-1, first, big+1)
	late[0].conn.Close()
	if m := ada.want(message{Type: "system", Text: "late0 left #crowd", Users: first}); m.Count != 0 {
		t.Errorf("a room of %d again says count %d, want none", big, m.Count)
	}
}

// wantNotice is the newcomer's own notice, which comes at once.
func (l *listener) wantNotice(t *testing.T, words string, count int) {
	t.Helper()
	l.wait(patience)
	m, err := l.next()
	if err != nil {
		t.Fatal(err)
	}
	got := decode(t, m)
	if got.Text != words || got.Count != count || len(got.Users) != 200 {
		t.Fatalf("the newcomer reads %q, count %d, %d users; want %q, %d, 200", got.Text, got.Count, len(got.Users), words, count)
	}
}

var merged = regexp.MustCompile(`^\w+(?:(?: and |, )\w+)?(?: and (\d+) others?)? (joined|left) #crowd$`)

// wantMerged reads notices until they have told of people, in far fewer frames
// than there are people. The last one counts the room as it then is.
func wantMerged(t *testing.T, c *client, verb string, people int, users []string, count int) {
	t.Helper()
	frames, last := 0, message{}
	for told := 0; told < people; frames++ {
		last = c.next()
		told += peopleIn(t, last.Text, verb)
		if len(last.Users) != len(users) || last.Users[0] != users[0] || last.Users[len(users)-1] != users[len(users)-1] {
			t.Fatalf("%q has %d users, want the first %d", last.Text, len(last.Users), len(users))
		}
	}
	if last.Count != count {
		t.Errorf("%q has count %d, want %d", last.Text, last.Count, count)
	}
	if frames > people/4 {
		t.Errorf("%d notices of %d people, want them merged by the second", frames, people)
	}
	t.Logf("%d %s, told by %d notices; the last is %q", people, verb, frames, last.Text)
}

// peopleIn is of how many people a notice tells.
func peopleIn(t *testing.T, words, verb string) int {
	t.Helper()
	m := merged.FindStringSubmatch(words)
	if m == nil || m[2] != verb {
		t.Fatalf("%q is no notice of people who %s", words, verb)
	}
	if m[1] != "" {
		others, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		return 2 + others
	}
	if regexp.MustCompile(`^\w+ (joined|left)`).MatchString(words) {
		return 1
	}
	return 2
}

func decode(t *testing.T, m frame.Message) message {
	t.Helper()
	got, err := parse(m.Payload)
	if err != nil {
		t.Fatalf("%s: %v", m.Payload, err)
	}
	return got
}
