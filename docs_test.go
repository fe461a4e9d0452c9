package parley_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/metrics"
)

// The tests below hold the project's pages to its code.

func TestReadmeTellsEverySetting(t *testing.T) {
	var cli struct {
		Serve struct{ config.Flags } `cmd:""`
	}
	parser, err := kong.New(&cli, append(config.KongOptions(), kong.NoDefaultHelp())...)
	if err != nil {
		t.Fatal(err)
	}
	code := func(s string) string {
		if s == "" {
			return ""
		}
		return "`" + s + "`"
	}
	var want []string
	for _, flag := range parser.Model.Children[0].Flags {
		want = append(want, strings.Join([]string{code("--" + flag.Name), code(flag.Envs[0]), code(flag.Default)}, " | "))
	}
	var got []string
	for _, cells := range tableRows(t, "README.md") {
		if strings.HasPrefix(cells[0], "`--") {
			got = append(got, strings.Join(cells[:3], " | "))
		}
	}
	for _, row := range want {
		if !slices.Contains(got, row) {
			t.Errorf("README.md has no row %s", row)
		}
	}
	for _, row := range got {
		if !slices.Contains(want, row) {
			t.Errorf("README.md has the row %s, which is no setting", row)
		}
	}
}

func TestReadmeTellsEveryMetric(t *testing.T) {
	families, err := metrics.New().Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	readme := page(t, "README.md")
	for _, family := range families {
		if name := family.GetName(); strings.HasPrefix(name, "parley_") && !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("README.md does not speak of %s", name)
		}
	}
}

func TestDocsNameTestsThatAreThere(t *testing.T) {
	there := map[string]bool{}
	testFunc := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)`)
	walk(t, "_test.go", func(_, text string) {
		for _, m := range testFunc.FindAllStringSubmatch(text, -1) {
			there[m[1]] = true
		}
	})
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)`")
	walk(t, ".md", func(path, text string) {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if !there[m[1]] {
				t.Errorf("%s names %s, which is no test", path, m[1])
			}
		}
	})
	for i, cells := range tableRows(t, "docs/invariants.md") {
		if last := cells[len(cells)-1]; last != "test" && !named.MatchString(last) {
			t.Errorf("docs/invariants.md: row %d, %q, names no test", i, cells[0])
		}
	}
}

func TestDocsLinkToFilesThatAreThere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"`)
	walk(t, ".md", func(path, text string) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(m[1]+m[2], "#")
			if strings.Contains(target, "://") {
				continue
			}
			file := path
			if target != "" {
				file = filepath.Join(filepath.Dir(path), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s, which is not there", path, target)
			} else if anchor != "" && !slices.Contains(anchors(page(t, file)), anchor) {
				t.Errorf("%s links to #%s of %s, which has no such heading", path, anchor, file)
			}
		}
	})
}

// anchors are the names that GitHub gives to a page's headings.
func anchors(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.TrimSpace(heading), "")
			out = append(out, strings.ReplaceAll(strings.ToLower(kept), " ", "-"))
		}
	}
	return out
}

// tableRows are the rows of a page's tables, heads among them, each as its
// cells.
func tableRows(t *testing.T, path string) [][]string {
	t.Helper()
	var rows [][]string
	for line := range strings.Lines(page(t, path)) {
		inner, ok := strings.CutPrefix(strings.TrimSpace(line), "|")
		if !ok || strings.HasPrefix(inner, "---") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(inner, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no table", path)
	}
	return rows
}

// walk reads every file of the project whose name ends so. Folders of npm
// packages and those that the go command passes over are left out.
func walk(t *testing.T, suffix string, visit func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		if err == nil && entry.IsDir() && path != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "node_modules") {
			return fs.SkipDir
		}
		if err == nil && !entry.IsDir() && strings.HasSuffix(name, suffix) {
			visit(path, page(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
