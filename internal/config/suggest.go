package config

import (
	"cmp"
	"slices"
	"strings"
)

// didYouMean is the end of a sentence on a name that is none of known: the
// nearest of those, if one is near.
func didYouMean(name string, known []string) string {
	near := Nearest(name, known)
	if len(near) == 0 {
		return ""
	}
	return ": did you mean " + near[0] + "?"
}

// Nearest are those of known that somebody who wrote name may have meant, the
// nearest first.
func Nearest(name string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < len(name)/3+2 {
			near = append(near, candidate{k, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	names := make([]string, len(near))
	for i, c := range near {
		names[i] = c.name
	}
	return names
}

// distance is Levenshtein's: how many letters to insert, delete or replace. An
// underscore is as good as a hyphen.
func distance(a, b string) int {
	a, b = strings.ReplaceAll(a, "_", "-"), strings.ReplaceAll(b, "_", "-")
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
