package report

import (
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/load"
)

// verdicts say what limited rows of one scenario, and what else to know of their
// figures. Rows of which the same is to be said share a sentence.
func verdicts(all []row) []string {
	type said struct {
		names []string
		text  string
	}
	var list []said
	for _, g := range all {
		for _, text := range g.notes() {
			i := slices.IndexFunc(list, func(s said) bool { return s.text == text })
			if i < 0 {
				i, list = len(list), append(list, said{text: text})
			}
			list[i].names = append(list[i].names, nameIn(g, all))
		}
	}
	var sentences []string
	for _, s := range list {
		if len(all) == 1 {
			sentences = append(sentences, capital(s.text))
			continue
		}
		sentences = append(sentences, strings.Join(s.names, "; ")+": "+s.text)
	}
	return sentences
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
	notes = append(notes, lateness(g.typical()), g.cutOff())
	return slices.DeleteFunc(notes, func(s string) bool { return s == "" })
}

// lateness is said where the generator's own delay is a good part of what it
// measured.
func lateness(r load.Result) string {
	late, all := p99(r.Late), p99(r.Latency)
	if !known(late) || !known(all) || late < all/4 {
		return ""
	}
	return "the generator itself was late with messages by " + duration(late) + " (p99), which the latencies hold"
}

func (g row) cutOff() string {
	n := 0
	for _, r := range g.runs {
		n += max(r.CutOff, 0)
	}
	if n == 0 {
		return ""
	}
	return "the server ended " + plural(n, "session") + ", which came back"
}
