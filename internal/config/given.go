package config

import "slices"

// Given reports whether anybody has set anything, by flag, variable or file. others are
// flags of the same command that are no settings.
func (f *Flags) Given(others ...string) bool {
	for name := range f.sources.named {
		if !slices.Contains(others, name) {
			return true
		}
	}
	return f.sources.file != nil
}
