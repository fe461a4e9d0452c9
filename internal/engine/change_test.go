package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/parley-chat/parley/protocol"
)

func TestChangesAreEventsAndPagesShowMessagesAsTheyAre(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		ada, grace := dial(t, e, guest("ada")), dial(t, e, guest("grace"))
		grace.mustDo("join", `"room":"lobby"`)
		grace.ofType("caught_up")
		ada.mustDo("send", `"room":"lobby","text":"helo"`)
		grace.wantEvents("1 message helo") // before it is edited, and not sent again
		ada.mustDo("edit", `"room":"lobby","seq":1,"text":"hello"`)
		ada.mustDo("send", `"room":"lobby","text":"a secret"`)
		grace.wantEvents("2 edit hello", "3 message a secret")
		grace.mustDo("react", `"room":"lobby","seq":1,"emoji":"👍"`)
		grace.mustDo("send", `"room":"lobby","text":"hi","reply_to":1`)
		ada.mustDo("topic", `"room":"lobby","text":"greetings"`)
		grace.mustDo("unreact", `"room":"lobby","seq":1,"emoji":"👍"`)
		ada.mustDo("delete", `"room":"lobby","seq":3`)
		grace.wantEvents("4 react -", "5 message hi", "6 topic greetings", "7 unreact -", "8 delete -")

		page := ada.mustDo("history", `"room":"lobby"`)
		var got []string
		for _, x := range page["events"].([]any) {
			ev := x.(map[string]any)
			got = append(got, brief(ev))
			if ev["type"] != "event" || ev["room"] != "lobby" || ev["user"] == nil {
				t.Errorf("not as it comes live: %v", ev)
			}
		}
		want := "1 message hello|2 edit hello|3 message -|4 react -|5 message hi|6 topic greetings|7 unreact -|8 delete -"
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%s, want %s", s, want)
		}
		if page["first"] != 1.0 || page["head"] != 8.0 {
			t.Error(page["first"], page["head"])
		}
		linus := dial(t, e, guest("linus"))
		if got := linus.mustDo("join", `"room":"lobby"`); got["room"].(map[string]any)["topic"] != "greetings" {
			t.Error(got)
		}
		linus.wantEvents("1 message hello", "2 edit hello", "3 message -", "4 react -")
		if reply := linus.event(); reply["reply_to"] != 1.0 {
			t.Error(reply)
		}
	})
}

func TestAPageHoldsWhatWasAskedFor(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		ada := dial(t, e, guest("ada"))
		for i := range 20 {
			ada.mustDo("send", fmt.Sprintf(`"room":"lobby","text":"%d"`, i+1))
		}
		for fields, want := range map[string]string{
			``:                       "1-20",
			`,"limit":3`:             "18-20",
			`,"before":5`:            "1-4",
			`,"before":5,"limit":2`:  "3-4",
			`,"before":1`:            "none",
			`,"before":0`:            "none",
			`,"before":99,"limit":1`: "20-20",
			`,"after":15`:            "16-20",
			`,"after":15,"limit":2`:  "16-17",
			`,"after":0,"limit":1`:   "1-1",
			`,"after":20`:            "none",
			`,"after":99`:            "none",
			`,"limit":0`:             "none",
		} {
			events := ada.mustDo("history", `"room":"lobby"`+fields)["events"].([]any)
			got := "none"
			if n := len(events); n > 0 {
				got = fmt.Sprint(events[0].(map[string]any)["seq"], "-", events[n-1].(map[string]any)["seq"])
			}
			if got != want {
				t.Errorf("%s: %s, want %s", fields, got, want)
			}
		}
		if got := ada.mustDo("history", `"room":"nowhere"`); len(got["events"].([]any)) != 0 || got["head"] != 0.0 {
			t.Error(got)
		}
		long := strings.Repeat("x", 4000)
		for range 30 {
			ada.mustDo("send", `"room":"attic","text":"`+long+`"`)
		}
		for fields, first := range map[string]float64{`,"limit":100`: 16, `,"after":0,"limit":100`: 1} {
			events := ada.mustDo("history", `"room":"attic"`+fields)["events"].([]any)
			if n := len(events); n < 10 || n > 20 || events[0].(map[string]any)["seq"] != first {
				t.Errorf("%s: %d events from %v, want about 64 KiB", fields, n, events[0].(map[string]any)["seq"])
			}
		}
	})
}

func TestWhatIsSaidIsFoundAsLongAsItStands(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		ada := dial(t, e, guest("ada"))
		ada.mustDo("send", `"room":"lobby","text":"the quick fox"`)
		ada.mustDo("send", `"room":"attic","text":"a quick look"`)
		find := func(fields string) string {
			var out []string
			for _, x := range ada.mustDo("search", fields)["events"].([]any) {
				ev := x.(map[string]any)
				out = append(out, fmt.Sprint(ev["room"], ev["seq"]))
			}
			return strings.Join(out, " ")
		}
		if got := find(`"text":"quick"`); got != "attic1 lobby1" {
			t.Error(got)
		}
		if got := find(`"text":"quick","room":"lobby"`); got != "lobby1" {
			t.Error(got)
		}
		ada.mustDo("edit", `"room":"lobby","seq":1,"text":"the slow fox"`)
		ada.mustDo("delete", `"room":"attic","seq":1`)
		if got := find(`"text":"quick"`); got != "" {
			t.Error(got)
		}
	})
}

func TestCommandsAreDoneWithoutASessionToo(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		ada := dial(t, e, guest("ada"))
		ada.mustDo("join", `"room":"lobby"`)
		ada.ofType("caught_up")
		by := guest("grace")
		do := func(name, payload string) (got map[string]any) {
			answer, refusal := e.Do(context.Background(), by, name, []byte(payload))
			if refusal != nil {
				return map[string]any{"code": string(refusal.Code)}
			}
			if err := json.Unmarshal(answer, &got); err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := do("send", `{"room":"lobby","text":"hi","key":"k","id":"7"}`); got["type"] != "ok" || got["seq"] != 1.0 || got["id"] != "7" {
			t.Error(got)
		}
		if got := do("send", `{"room":"lobby","text":"hi","key":"k"}`); got["repeated"] != true || got["id"] != nil {
			t.Error(got)
		}
		ada.wantEvents("1 message hi")
		if got := do("history", `{"room":"lobby"}`); len(got["events"].([]any)) != 1 {
			t.Error(got)
		}
		if got := do("read", `{"room":"lobby","seq":1}`); got["seq"] != 1.0 {
			t.Error(got)
		}
		if got := do("rename", `{"name":"Grace"}`); got["user"].(map[string]any)["name"] != "Grace" {
			t.Error(got)
		}
		for name, want := range map[string]protocol.Code{
			"join": protocol.CodeUnknownType, "dance": protocol.CodeUnknownType, "send": protocol.CodeInvalidRoom,
		} {
			if got := do(name, `{}`); got["code"] != string(want) {
				t.Errorf("%s: %v, want %s", name, got, want)
			}
		}
		if got := do("send", `{`); got["code"] != "invalid_json" {
			t.Error(got)
		}
	})
}

func TestOneWhoHangsUpBeforeTheAnswerIsNoFaultOfTheStore(t *testing.T) {
	var lines bytes.Buffer
	disk := &slowDisk{goOn: make(chan error)}
	e := startEngine(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&lines, nil))
		disk.Store, c.Store = c.Store, disk
	})
	ctx, hangUp := context.WithCancel(context.Background())
	hangUp()
	if _, err := e.Do(ctx, guest("ada"), "send", []byte(`{"room":"lobby","text":"hello"}`)); err == nil {
		t.Error("was done before it was stored")
	}
	close(disk.goOn)
	if lines.Len() > 0 {
		t.Errorf("the log says: %s", &lines)
	}
}
