package parley_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/parley-chat/parley"

// A picture that nobody checks is soon wrong: the table of levels in
// ARCHITECTURE.md is read here, and held against the imports. What tests import
// is free.
func TestImportsGoToALowerLevelOnly(t *testing.T) {
	level := levels(t)
	for pkg := range level {
		if info, err := os.Stat(pkg); err != nil || !info.IsDir() {
			t.Errorf("ARCHITECTURE.md gives a level to %s, which is not there", pkg)
		}
	}
	for pkg, imports := range packages(t) {
		own, placed := level[pkg]
		if !placed {
			t.Errorf("%s has no level yet: ARCHITECTURE.md has the table", pkg)
			continue
		}
		for _, imported := range imports {
			parent := strings.HasPrefix(pkg, imported+"/")
			if other, known := level[imported]; known && other >= own && !parent {
				t.Errorf("%s (level %d) imports %s (level %d): imports go to a lower level only", pkg, own, imported, other)
			}
		}
	}
}

// levels reads the block of ARCHITECTURE.md that is marked so: a number and
// its packages on each line.
func levels(t *testing.T) map[string]int {
	t.Helper()
	page, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begun := strings.Cut(string(page), "```levels\n")
	block, _, ended := strings.Cut(rest, "```")
	if !begun || !ended {
		t.Fatal("ARCHITECTURE.md has no block that begins with ```levels")
	}
	level := map[string]int{}
	for line := range strings.Lines(block) {
		words := strings.Fields(line)
		n, err := strconv.Atoi(words[0])
		if err != nil {
			t.Fatalf("ARCHITECTURE.md: %q does not begin with a level: %v", line, err)
		}
		for _, pkg := range words[1:] {
			if _, twice := level[pkg]; twice {
				t.Errorf("ARCHITECTURE.md places %s twice", pkg)
			}
			level[pkg] = n
		}
	}
	return level
}

// packages gives each package of the module, and those of the module that it
// imports outside its tests, by their paths below the module's root.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%s: %v", list, err)
	}
	found := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		paths := strings.Fields(line)
		pkg, below := strings.CutPrefix(paths[0], module+"/")
		if !below {
			continue // the root itself, which holds only this test
		}
		found[pkg] = nil
		for _, path := range paths[1:] {
			if imported, ours := strings.CutPrefix(path, module+"/"); ours {
				found[pkg] = append(found[pkg], imported)
			}
		}
	}
	return found
}
