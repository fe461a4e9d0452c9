package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/load"
)

// fewRows is up to how many rows each is spoken of with its own figures.
const fewRows = 3

// verdicts say what limited rows of one scenario, and what else to know of their
// figures. Rows of which the same is to be said share a sentence.
func verdicts(all []row) []string {
	notes := row.notes
	if len(all) > fewRows {
		notes = row.shortNotes
	}
	var texts []string
	about := map[string][]row{}
	for _, g := range all {
		for _, text := range notes(g) {
			if about[text] == nil {
				texts = append(texts, text)
			}
			about[text] = append(about[text], g)
		}
	}
	var sentences []string
	for _, text := range texts {
		switch {
		case len(all) == 1:
			text = capital(text)
		case len(all) <= fewRows:
			text = named(about[text], all) + ": " + text
		case len(about[text]) == len(all):
			text = "all rows: " + text
		default:
			text = fmt.Sprintf("%d of %d rows (%s): %s", len(about[text]), len(all), strings.Join(serversOf(about[text]), ", "), text)
		}
		sentences = append(sentences, text)
	}
	return sentences
}

func named(some, all []row) string {
	var names []string
	for _, g := range some {
		names = append(names, nameIn(g, all))
	}
	return strings.Join(names, "; ")
}

func serversOf(some []row) []string {
	var names []string
	for _, g := range some {
		names = append(names, g.server)
	}
	return each(names)
}

// nameIn tells a row from the others: by its server, and by its sessions or all
// of its setup where that isn't enough.
func nameIn(g row, all []row) string {
	mine := slices.DeleteFunc(slices.Clone(all), func(other row) bool { return other.server != g.server })
	sizes := by(mine, func(g row) int { return g.first().Sessions })
	switch {
	case len(mine) == 1:
		return g.server
	case len(sizes) == len(mine):
		return g.server + ", " + plural(g.first().Sessions, "session")
	}
	return g.server + ", " + Setup(g.first())
}

// notes are what is to be said of a row's runs: of each limit once, and what
// weakens their figures.
func (g row) notes() []string {
	var notes []string
	for _, limited := range by(g.runs, func(r load.Result) load.Limit { return r.Limit }) {
		notes = append(notes, Verdict(limited[0]))
	}
	if late := p99(g.typical().Late); g.late() {
		notes = append(notes, "the generator itself was late with messages by "+duration(late)+" (p99), which the latencies hold")
	}
	if n := g.cutOff(); n > 0 {
		notes = append(notes, "the server ended "+plural(n, "session")+", which came back")
	}
	return slices.DeleteFunc(notes, func(s string) bool { return s == "" })
}

// shortNotes are the same without figures, for many rows at once. Of the server
// and the rate, which limit a run that went well, the table's last column tells.
func (g row) shortNotes() []string {
	var notes []string
	for _, limit := range g.limits() {
		switch limit {
		case load.LimitGenerator:
			notes = append(notes, "the generator was the limit: their figures say nothing of the server")
		case load.LimitOthers:
			notes = append(notes, "other programs were busy meanwhile: measure again on a calm machine")
		case load.LimitMachine:
			notes = append(notes, "server and generator together used all cores of the machine")
		}
	}
	if g.late() {
		notes = append(notes, "the generator itself was late with messages, which the latencies hold")
	}
	if g.cutOff() > 0 {
		notes = append(notes, "the server ended sessions, which came back")
	}
	return notes
}

// late says whether the generator's own delay is a good part of what it measured.
func (g row) late() bool {
	late, all := p99(g.typical().Late), p99(g.typical().Latency)
	return known(late) && known(all) && late >= all/4
}

// cutOff is how many sessions the server ended.
func (g row) cutOff() int {
	n := 0
	for _, r := range g.runs {
		n += max(r.CutOff, 0)
	}
	return n
}
