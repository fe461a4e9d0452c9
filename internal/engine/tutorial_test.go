package engine

import (
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/room"
)

// In a bubble time stands at this moment until everybody waits.
const bubbleStart = 946684800000

func chatFrame(name, text string, ms int64) string {
	return fmt.Sprintf(`{"type":"chat","username":%q,"text":%q,"timestamp":%d}`, name, text, bubbleStart+ms)
}

func errorFrame(text string) string { return fmt.Sprintf(`{"type":"error","text":%q}`, text) }

func TestTheTutorialsConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		ada, grace := pipe(t, e), pipe(t, e)
		ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
		ada.want(`{"type":"system","text":"ada joined #lobby","users":["ada"]}`)
		grace.send(`{"type":"join","username":"grace","room":"lobby"}`)
		joined := `{"type":"system","text":"grace joined #lobby","users":["ada","grace"]}`
		ada.want(joined)
		grace.want(joined)
		ada.send(`{"type":"chat","text":"hello"}`)
		ada.want(chatFrame("ada", "hello", 0))
		grace.want(chatFrame("ada", "hello", 0))
		grace.sendFrame(frame.Binary, `{"type":"chat","text":"in binary"}`)
		ada.want(chatFrame("grace", "in binary", 0))
		grace.want(chatFrame("grace", "in binary", 0))
		grace.send(`{"type":"leave"}`)
		ada.want(`{"type":"system","text":"grace left #lobby","users":["ada"]}`)
		grace.send(`{"type":"leave"}`) // in no room: nothing happens
		grace.send(`{"type":"chat","text":"anybody?"}`)
		grace.want(errorFrame("Join a room first"))
		grace.send(`{"type":"join","username":"grace","room":"lobby"}`)
		ada.want(joined)
		grace.want(joined)
		grace.conn.Close()
		ada.want(`{"type":"system","text":"grace left #lobby","users":["ada"]}`)
	})
}

func TestAJoinLeavesTheFormerRoomFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		ada, grace := pipe(t, e), pipe(t, e)
		ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
		ada.next()
		grace.send(`{"type":"join","username":"grace","room":"lobby"}`)
		grace.next()
		ada.next()
		grace.send(`{"type":"join","username":"grace","room":"attic"}`)
		ada.want(`{"type":"system","text":"grace left #lobby","users":["ada"]}`)
		grace.want(`{"type":"system","text":"grace joined #attic","users":["grace"]}`)
		ada.send(`{"type":"join","username":"countess","room":"lobby"}`) // the room that she is in, under another name
		ada.want(`{"type":"system","text":"countess joined #lobby","users":["countess"]}`)
	})
}

func TestJoinsHaveDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, join := range []string{
			`{"type":"join"}`, `{"type":"join","username":null,"room":null}`, `{"type":"join","username":"","room":""}`,
		} {
			p := pipe(t, startEngine(t))
			p.send(join)
			p.want(`{"type":"system","text":"Anonymous joined #general","users":["Anonymous"]}`)
		}
	})
}

func TestWhatIsWrongIsNamedAndChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, func(c *Config) { c.Rate.N = 0 })
		ada := pipe(t, e)
		for _, c := range []struct{ send, want string }{
			{`hello`, "Invalid JSON"},
			{`[1]`, "Unknown message type"},
			{`null`, "Unknown message type"},
			{`{"type":"dance"}`, "Unknown message type"},
			{`{"type":"chat","text":""}`, "Join a room first"},
			{`{"type":"join","username":5,"room":5}`, "Invalid username"},
			{`{"type":"join","username":"ada","room":5}`, "Invalid room"},
			{`{"type":"join","username":"` + strings.Repeat("x", 41) + `"}`, "Invalid username"},
			{`{"type":"join","room":"` + strings.Repeat("x", 65) + `"}`, "Invalid room"},
		} {
			ada.send(c.send)
			ada.want(errorFrame(c.want))
		}
		ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
		ada.next()
		for _, c := range []struct{ send, want string }{
			{`{"type":"chat"}`, "Invalid text"},
			{`{"type":"chat","text":""}`, "Invalid text"},
			{`{"type":"chat","text":7}`, "Invalid text"},
			{`{"type":"chat","text":"\u0000"}`, "Invalid text"},
			{`{"type":"chat","text":"` + strings.Repeat("x", 4001) + `"}`, "Invalid text"},
			{`{"type":"join","username":"a\u202eb","room":"attic"}`, "Invalid username"},
			{`{"type":"join","username":"ada","room":"a\nb"}`, "Invalid room"},
		} {
			ada.send(c.send)
			ada.want(errorFrame(c.want))
		}
		ada.send(`{"type":"chat","text":"still here"}`)
		ada.want(chatFrame("ada", "still here", 0))
	})
}

// TestAnswersKeepTheirPlace sends everything in one go, as no person would: each
// answer stands where it would have stood for a patient client.
func TestAnswersKeepTheirPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipe(t, startEngine(t))
		var all []byte
		for _, text := range []string{
			`{"type":"chat","text":"early"}`,
			`{"type":"join","username":"ada","room":"lobby"}`,
			`{"type":"chat","text":"one"}`, `nonsense`, `{"type":"chat","text":"two"}`, `{"type":"chat"}`,
			`{"type":"chat","text":"three"}`, `{"type":"join","username":"ada","room":"attic"}`,
			`{"type":"chat","text":"four"}`, `{"type":"leave"}`, `{"type":"chat","text":"five"}`,
			`{"type":"join","username":"ada","room":"lobby"}`,
			`{"type":"chat","text":"six"}`, `{"type":"chat","text":"seven"}`, `{"type":"chat","text":"eight"}`,
			`{"type":"chat","text":"nine"}`,
		} {
			all = frame.AppendMaskedFrame(all, frame.Text, []byte(text), [4]byte{9, 8, 7, 6})
		}
		all = frame.AppendMaskedFrame(all, frame.Close, []byte{3, 232}, [4]byte{})
		go func() { _, _ = p.conn.Write(all) }() // what the server made of it is seen below
		p.want(
			errorFrame("Join a room first"),
			`{"type":"system","text":"ada joined #lobby","users":["ada"]}`,
			chatFrame("ada", "one", 0), errorFrame("Invalid JSON"), chatFrame("ada", "two", 0), errorFrame("Invalid text"),
			chatFrame("ada", "three", 0), `{"type":"system","text":"ada joined #attic","users":["ada"]}`,
			chatFrame("ada", "four", 0), errorFrame("Join a room first"),
			`{"type":"system","text":"ada joined #lobby","users":["ada"]}`,
			chatFrame("ada", "six", 0), chatFrame("ada", "seven", 0), chatFrame("ada", "eight", 0), errorFrame("Slow down! Max 10 msgs/10s"),
		)
		p.wantClose(1000)
	})
}

func TestTheRateIsASlidingWindowToTheMillisecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipe(t, startEngine(t))
		p.send(`{"type":"join","username":"ada","room":"lobby"}`)
		p.next()
		start := time.Now()
		at := func(d time.Duration, text, want string) {
			t.Helper()
			time.Sleep(time.Until(start.Add(d)))
			p.send(`{"type":"chat","text":"` + text + `"}`)
			if want == "" {
				want = chatFrame("ada", text, d.Milliseconds())
			}
			p.want(want)
		}
		const slow = `{"type":"error","text":"Slow down! Max 10 msgs/10s"}`
		for i := range 10 { // at 0, 100, … 900 ms
			at(time.Duration(i)*100*time.Millisecond, fmt.Sprint(i), "")
		}
		at(901*time.Millisecond, "x", slow)
		at(9999*time.Millisecond, "x", slow)
		at(10000*time.Millisecond, "ten", "") // the first is 10 s old
		at(10001*time.Millisecond, "x", slow) // those that were refused don't count
		at(10099*time.Millisecond, "x", slow)
		at(10100*time.Millisecond, "eleven", "")
		at(20100*time.Millisecond, "twelve", "")
	})
}

func TestChatsThatWereNotSentCountToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipe(t, startEngine(t))
		for range 5 {
			p.send(`{"type":"chat","text":"nowhere"}`)
			p.want(errorFrame("Join a room first"))
		}
		p.send(`{"type":"join"}`)
		p.next()
		for range 5 {
			p.send(`{"type":"chat","text":""}`)
			p.want(errorFrame("Invalid text"))
		}
		p.send(`{"type":"chat","text":"hello"}`)
		p.want(errorFrame("Slow down! Max 10 msgs/10s"))
	})
}

func TestOneWhoGoesOnAfterBeingLimitedIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipe(t, startEngine(t))
		p.send(`{"type":"join"}`)
		p.next()
		for range 10 {
			p.send(`{"type":"chat","text":"x"}`)
			p.next()
		}
		for range 100 {
			p.send(`{"type":"chat","text":"x"}`)
			p.want(errorFrame("Slow down! Max 10 msgs/10s"))
		}
		p.wantClose(4429)
	})
}

func TestOneWhoIsRefusedWithoutEndIsClosed(t *testing.T) {
	for send, want := range map[string]string{
		"nonsense":                        "Invalid JSON",
		`{"type":"dance"}`:                "Unknown message type",
		`{"type":"join","username":"\t"}`: "Invalid username",
	} {
		synctest.Test(t, func(t *testing.T) {
			p := pipe(t, startEngine(t))
			for range 100 {
				p.send(send)
				p.want(errorFrame(want))
			}
			p.wantClose(4429)
		})
	}
}

func TestASmallRoomThatHearsTooMuchHearsItTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		name := func(i int) string { return fmt.Sprintf("%s%03d", strings.Repeat("😀", 37), i) }
		const members = 150
		var notices, bytes atomic.Int64
		for i := range members {
			p := pipe(t, e)
			p.send(fmt.Sprintf(`{"type":"join","username":"%s","room":"lobby"}`, name(i)))
			synctest.Wait()
			go func() {
				for {
					_, payload, err := p.read()
					if err != nil {
						return
					}
					if i == 0 {
						notices.Add(1)
						bytes.Add(int64(len(payload)))
					}
				}
			}()
			time.Sleep(100 * time.Millisecond) // people come one by one
		}
		synctest.Wait()
		if n := notices.Load(); n != members {
			t.Fatalf("%d notices of people who came one by one, want %d", n, members)
		}
		before := bytes.Load()
		for i := range 4 {
			p := pipe(t, e)
			for range 90 {
				p.send(fmt.Sprintf(`{"type":"join","username":"%s","room":"lobby"}`, name(900+i)))
				p.next()
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if heard, most := bytes.Load()-before, int64(2*room.MaxNoise); heard > most {
			t.Fatalf("the room heard %d bytes of notices in a second, want at most %d", heard, most)
		}
	})
}

func TestATokensNameStandsAndItsRoomsAreAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		p := pipe(t, e, as(auth.Identity{User: "u1", Name: "Ada L.", Terms: &auth.Terms{Rooms: []string{"lobby"}}}))
		p.send(`{"type":"join","username":7,"room":"lobby"}`)
		p.want(`{"type":"system","text":"Ada L. joined #lobby","users":["Ada L."]}`)
		p.send(`{"type":"join","username":"x","room":"attic"}`)
		p.want(errorFrame("Not allowed"))
		p.send(`{"type":"chat","text":"still in the lobby"}`)
		p.want(chatFrame("Ada L.", "still in the lobby", 0))
	})
}

func TestATokensEndIsTheSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipe(t, startEngine(t), as(auth.Identity{User: "u1", Name: "ada", Terms: &auth.Terms{Expires: time.Now().Add(90 * time.Second)}}))
		start := time.Now()
		for {
			op, payload, err := p.read()
			if err != nil {
				t.Fatal(err)
			}
			if op == frame.Ping {
				p.sendFrame(frame.Pong, payload)
				continue
			}
			if code, _, _ := frame.ParseClose([]byte(payload)); op != frame.Close || code != 4401 || time.Since(start) != 90*time.Second {
				t.Fatalf("opcode %d, code %d after %v; want close 4401 after 90 s", op, code, time.Since(start))
			}
			return
		}
	})
}

func TestBigRoomsNameTwoHundredAndMergeTheirNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		var all []*peer
		heard := make(chan string, 10000)
		join := func(i int) *peer {
			p := pipe(t, e)
			p.send(fmt.Sprintf(`{"type":"join","username":"u%d","room":"lobby"}`, i))
			synctest.Wait()
			all = append(all, p)
			return p
		}
		first := join(0)
		go func() {
			for {
				op, payload, err := first.read()
				if err != nil {
					return
				}
				if op == frame.Text {
					heard <- payload
				}
			}
		}()
		drain := func(p *peer) {
			go func() {
				for {
					if _, _, err := p.read(); err != nil {
						return
					}
				}
			}()
		}
		for i := 1; i < 200; i++ {
			drain(join(i))
		}
		synctest.Wait()
		for i := range 200 {
			if got := <-heard; !strings.HasPrefix(got, fmt.Sprintf(`{"type":"system","text":"u%d joined #lobby","users":["u0"`, i)) || strings.Contains(got, "count") {
				t.Fatalf("notice %d: %s", i, got)
			}
		}
		users := regexp.MustCompile(`"users":\[(.*?)\]`)
		short := func(notice string) string {
			names := strings.Split(users.FindStringSubmatch(notice)[1], ",")
			return users.ReplaceAllString(notice, fmt.Sprintf(`%d users`, len(names)))
		}
		newcomer := join(200)
		if got := short(newcomer.next()); got != `{"type":"system","text":"u200 joined #lobby",200 users,"count":201}` {
			t.Fatalf("the newcomer was told %s", got)
		}
		synctest.Wait()
		if len(heard) > 0 {
			t.Fatalf("the others were told at once: %s", <-heard)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := short(<-heard); got != `{"type":"system","text":"u200 joined #lobby",200 users,"count":201}` {
			t.Fatalf("the others were told %s", got)
		}
		newcomer.send(`{"type":"chat","text":"hi"}`)
		if got := newcomer.next(); !strings.Contains(got, `"text":"hi"`) {
			t.Fatalf("the newcomer was told of itself again: %s", got)
		}
		<-heard
		drain(newcomer)
		for i := 201; i < 260; i++ {
			drain(join(i))
		}
		all[150].conn.Close()
		all[151].send(`{"type":"leave"}`)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := short(<-heard); got != `{"type":"system","text":"u201, u202 and 57 others joined #lobby",200 users,"count":258}` {
			t.Fatalf("joins: %s", got)
		}
		if got := short(<-heard); !regexp.MustCompile(`"u15[01] and u15[01] left #lobby",200 users,"count":258`).MatchString(got) {
			t.Fatalf("leaves: %s", got)
		}
		if len(heard) > 0 {
			t.Fatalf("one notice more: %s", <-heard)
		}
	})
}
