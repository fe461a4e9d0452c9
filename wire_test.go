package parley_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/schema"
	"github.com/parley-chat/parley/protocol/schema/check"
	"github.com/parley-chat/parley/protocol/tutorial"
)

const wirePage = "docs/wire.md"

// The tests below hold docs/wire.md to the table of commands, to the codes and to
// the contract.

func TestWirePageTellsEverySentenceOfTheTutorialsDialect(t *testing.T) {
	wire := page(t, wirePage)
	for _, code := range protocol.Codes() {
		frame := string(tutorial.AppendError(nil, code, "10 msgs/10s"))
		text := strings.TrimSuffix(strings.TrimPrefix(frame, `{"type":"error","text":"`), `"}`)
		if text != "" && !strings.Contains(wire, "`"+text+"`") { // the codes of the door have no frame
			t.Errorf("%s does not speak of %q", wirePage, text)
		}
	}
}

func TestWirePageHasARowForEveryCommandWithItsFields(t *testing.T) {
	rows := map[string][]string{}
	for _, cells := range tableRows(t, wirePage) {
		if len(cells) == 4 {
			rows[cells[0]] = cells
		}
	}
	for _, c := range protocol.Commands() {
		got := rows["`"+c.Name+"`"]
		want := []string{fieldList(c.Request), fieldList(c.Answer)}
		if got == nil || !slices.Equal(got[1:3], want) {
			t.Errorf("%s: the row of %s has %q, want %q", wirePage, c.Name, got, want)
		}
	}
}

// fieldList are the members of a struct as the page writes them, with a question
// mark behind those that may be missing.
func fieldList(v any) string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		name = "`" + name + "`"
		if strings.Contains(options, "omitzero") {
			name += "?"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func TestWirePageHasTheTableOfCodesAndThatOfCloseCodes(t *testing.T) {
	var rows []string
	for _, cells := range tableRows(t, wirePage) {
		rows = append(rows, strings.Join(cells, " | "))
	}
	var want []string
	for _, r := range schema.Codes() {
		want = append(want, fmt.Sprintf("`%s` | %d | %s | %s", r.Code, r.Code.HTTPStatus(), r.Meaning, r.Next))
	}
	for _, r := range schema.CloseCodes() {
		want = append(want, fmt.Sprintf("%d | %s | %s", r.Code, r.Meaning, r.Next))
	}
	for _, row := range want {
		if !slices.Contains(rows, row) {
			t.Errorf("%s has no row | %s |", wirePage, row)
		}
	}
}

// The examples are whole sessions, each from its welcome on.
func TestExamplesOfTheWirePageKeepToTheContract(t *testing.T) {
	var session *check.Session
	kinds := map[string]bool{}
	inside := false
	for line := range strings.Lines(page(t, wirePage)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```wire"
		case !inside:
		case strings.HasPrefix(line, "→ "):
			frame := []byte(strings.TrimPrefix(line, "→ "))
			if err := check.Command(frame); err != nil {
				t.Error(err)
			}
			session.Sent(frame)
		case strings.HasPrefix(line, "← "):
			frame := []byte(strings.TrimPrefix(line, "← "))
			if strings.Contains(line, `{"type":"welcome"`) {
				session = new(check.Session)
			}
			if err := session.Received(frame); err != nil {
				t.Error(err)
			}
			for _, kind := range protocol.Kinds() {
				kinds[string(kind)] = kinds[string(kind)] || strings.Contains(line, fmt.Sprintf(`"kind":%q`, kind))
			}
		default:
			t.Errorf("neither sent nor received: %s", line)
		}
	}
	for kind, shown := range kinds {
		if !shown {
			t.Errorf("%s shows no event of the kind %s", wirePage, kind)
		}
	}
	if session == nil || session.Unanswered() != 0 {
		t.Errorf("%s shows no session, or a command without an answer", wirePage)
	}
}
