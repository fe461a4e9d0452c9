package check

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/schema"
)

func TestEveryExampleKeepsToTheContract(t *testing.T) {
	for _, c := range protocol.Commands() {
		e := schema.ExampleOf(c)
		if err := Command(e.Command); err != nil {
			t.Error(err)
		}
		if err := Answer(c.Name, e.Answer); err != nil {
			t.Error(err)
		}
		if c.Reach != protocol.Everywhere {
			continue
		}
		body := []byte("{" + strings.TrimPrefix(string(e.Command), `{"type":"`+c.Name+`",`))
		if err := Body(c.Name, body); err != nil {
			t.Error(err)
		}
		if err := Response(c.Name, http.StatusOK, http.Header{"Content-Type": {"application/json"}}, e.Answer); err != nil {
			t.Error(err)
		}
	}
}

const (
	welcome = `{"type":"welcome","session":"s1","user":{"id":"guest.a","name":"ada"},"pass":"pass1.x",` +
		`"limits":{"message_bytes":65536,"text_runes":4000,"name_runes":40,"room_runes":64,"topic_runes":250,"key_bytes":64,` +
		`"rooms":100,"rate_count":10,"rate_ms":10000,"typing_ms":6000},"time":1}`
	joinLobby = `{"type":"join","id":"1","room":"lobby","since":{"epoch":"e","seq":1}}`
	joined    = `{"type":"ok","id":"1","room":{"name":"lobby","epoch":"e","first":1,"head":3,"topic":""},"from":2,"count":1}`
)

func event(seq string) string {
	return `{"type":"event","room":"lobby","seq":` + seq + `,"ts":5,"kind":"message","user":{"id":"guest.a","name":"ada"},"text":"x"}`
}

func TestASessionThatKeepsToTheContractIsFine(t *testing.T) {
	var s Session
	follow(t, &s, false, welcome, ">"+joinLobby, joined,
		event("2"), event("3"), `{"type":"caught_up","room":"lobby","seq":3}`, event("4"),
		`{"type":"presence","room":"lobby","joined":[],"left":[],"count":1}`,
		`{"type":"read","room":"attic","seq":1,"unread":0,"mentions":0}`,
		`>no JSON`, `{"type":"error","code":"invalid_json","text":"want JSON"}`,
		`>{"type":"dance","id":"2"}`, `{"type":"error","id":"2","code":"unknown_type","text":"there is no such command"}`,
		`>{"type":"leave","id":"3","room":"lobby"}`, event("5"), `{"type":"ok","id":"3"}`,
	)
	if n := s.Unanswered(); n != 0 {
		t.Errorf("%d are unanswered", n)
	}
	s.Sent([]byte(`{"type":"ping","id":"4"}`))
	s.Sent([]byte(`{"type":"ping"}`))
	if n := s.Unanswered(); n != 2 {
		t.Errorf("%d are unanswered, want 2", n)
	}
}

// Each line of a session is sent if it begins with >, else received. The last one
// is wrong.
func TestASessionThatBreaksTheContractIsNoticed(t *testing.T) {
	in := []string{welcome, ">" + joinLobby, joined}
	for name, lines := range map[string][]string{
		"no welcome":                 {`{"type":"ok","id":"1"}`},
		"a second welcome":           {welcome, welcome},
		"a member too many":          {strings.Replace(welcome, `"time":1`, `"time":1,"more":2`, 1)},
		"a member twice":             {strings.Replace(welcome, `"time":1`, `"time":1,"time":2`, 1)},
		"another type":               {strings.Replace(welcome, `"time":1`, `"time":"now"`, 1)},
		"a type that is unknown":     {welcome, `{"type":"dance"}`},
		"a type that comes later":    {welcome, `{"room":"lobby","type":"caught_up","seq":3}`},
		"no JSON":                    {welcome, `{"type":"ok"`},
		"an answer to nothing":       {welcome, `{"type":"ok","id":"1"}`},
		"an answer without an id":    {welcome, ">" + joinLobby, `{"type":"error","code":"internal","text":"x"}`},
		"a second answer":            {welcome, `>{"type":"leave","id":"1","room":"a"}`, `{"type":"ok","id":"1"}`, `{"type":"ok","id":"1"}`},
		"the answer of another":      {welcome, `>{"type":"ping","id":"1"}`, `{"type":"ok","id":"1","seq":1,"ts":1}`},
		"a code of another":          {welcome, `>{"type":"ping","id":"1"}`, `{"type":"error","id":"1","code":"key_reused","text":"x"}`},
		"a code that is none":        {welcome, `>{"type":"ping","id":"1"}`, `{"type":"error","id":"1","code":"tired","text":"x"}`},
		"no words":                   {welcome, `>{"type":"ping","id":"1"}`, `{"type":"error","id":"1","code":"internal","text":""}`},
		"good form refused":          {welcome, `>{"type":"ping","id":"1"}`, `{"type":"error","id":"1","code":"invalid_json","text":"x"}`},
		"what is none done":          {welcome, `>{"type":"dance","id":"1"}`, `{"type":"ok","id":"1"}`},
		"another beginning":          {welcome, ">" + joinLobby, strings.Replace(joined, `"from":2`, `"from":3`, 1)},
		"another epoch":              {welcome, ">" + joinLobby, strings.Replace(joined, `"epoch":"e"`, `"epoch":"f"`, 1)},
		"nobody there":               {welcome, ">" + joinLobby, strings.Replace(joined, `"count":1`, `"count":0`, 1)},
		"a reset of nothing":         {welcome, `>{"type":"join","id":"1","room":"lobby"}`, strings.Replace(joined, `"count":1`, `"count":1,"reset":"epoch"`, 1)},
		"an event before the answer": {welcome, ">" + joinLobby, event("2")},
		"an event of nowhere":        append(in, strings.Replace(event("2"), "lobby", "attic", 1)),
		"a hole":                     append(in, event("3")),
		"a repeat":                   append(in, event("2"), event("2")),
		"a time that falls":          append(in, event("2"), strings.Replace(event("3"), `"ts":5`, `"ts":4`, 1)),
		"a message without a text":   append(in, strings.Replace(event("2"), `,"text":"x"`, ``, 1)),
		"a text that was deleted":    append(in, strings.Replace(event("2"), `"text":"x"`, `"text":"x","deleted":true`, 1)),
		"a message with a target":    append(in, strings.Replace(event("2"), `"text":"x"`, `"text":"x","target":1`, 1)),
		"a reaction to nothing":      append(in, strings.Replace(event("2"), `"message"`, `"react"`, 1)),
		"caught up too early":        append(in, event("2"), `{"type":"caught_up","room":"lobby","seq":3}`),
		"caught up too late":         append(in, event("2"), event("3"), event("4")),
		"caught up twice":            append(in, event("2"), event("3"), `{"type":"caught_up","room":"lobby","seq":3}`, `{"type":"caught_up","room":"lobby","seq":3}`),
		"a signal of nowhere":        append(in, `{"type":"typing","room":"attic","users":[]}`),
		"an event after leaving":     append(in, `>{"type":"leave","id":"2","room":"lobby"}`, `{"type":"ok","id":"2"}`, event("2")),
	} {
		t.Run(name, func(t *testing.T) { follow(t, new(Session), true, lines...) })
	}
}

// follow has s see lines, of which none is wrong, or the last one alone.
func follow(t *testing.T, s *Session, lastIsWrong bool, lines ...string) {
	t.Helper()
	for i, line := range lines {
		if frame, ok := strings.CutPrefix(line, ">"); ok {
			s.Sent([]byte(frame))
			continue
		}
		wrong := lastIsWrong && i == len(lines)-1
		if err := s.Received([]byte(line)); (err != nil) != wrong {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestAResponseThatBreaksTheContractIsNoticed(t *testing.T) {
	fine := `{"type":"error","code":"rate_limited","text":"wait","retry_ms":1500}`
	for name, c := range map[string]struct {
		status     int
		retryAfter string
		body       string
		ok         bool
	}{
		"as it should be":             {429, "2", fine, true},
		"another status":              {503, "2", fine, false},
		"no Retry-After":              {429, "", fine, false},
		"a Retry-After that is short": {429, "1", fine, false},
		"a date for one":              {429, "Sun, 01 Mar 2026 12:00:00 GMT", fine, false},
		"one where nothing helps":     {403, "1", `{"type":"error","code":"forbidden","text":"no"}`, false},
		"a code of another command":   {409, "", `{"type":"error","code":"not_joined","text":"no"}`, false},
		"the wrong media type":        {415, "", `{"type":"error","code":"invalid_field","text":"want JSON"}`, true},
		"a sentence alone":            {403, "", `forbidden`, false},
		"an answer of another":        {200, "", `{"type":"ok","time":1}`, false},
		"an answer":                   {200, "", `{"type":"ok","seq":1,"ts":1}`, true},
	} {
		header := http.Header{"Content-Type": {"application/json"}}
		if c.retryAfter != "" {
			header.Set("Retry-After", c.retryAfter)
		}
		if err := Response("send", c.status, header, []byte(c.body)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Response("send", 200, http.Header{}, []byte(`{"type":"ok","seq":1,"ts":1}`)); err == nil {
		t.Error("no Content-Type is needed")
	}
}
