package main

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

type npmPackage struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Integrity string `json:"integrity"`
}

// TestNpmSourcesAreWhatTheLockNamesAndNoMore holds third_party/npm to its README.
func TestNpmSourcesAreWhatTheLockNamesAndNoMore(t *testing.T) {
	var lock struct{ Packages []npmPackage }
	readJSON(t, filepath.Join(root, "third_party/npm/lock.json"), &lock)
	needed := bundled(t)
	for _, locked := range lock.Packages {
		if !strings.HasPrefix(locked.Integrity, "sha512-") {
			t.Errorf("%s has no integrity", locked.Name)
		}
		var stored npmPackage
		readJSON(t, filepath.Join(root, modules, locked.Name, "package.json"), &stored)
		if stored.Name != locked.Name || stored.Version != locked.Version {
			t.Errorf("%s %s is stored, the lock names %s %s", stored.Name, stored.Version, locked.Name, locked.Version)
		}
		needed[path.Join(locked.Name, "package.json")] = true
		needed[path.Join(locked.Name, "LICENSE")] = true
	}

	stored, err := read(filepath.Join(root, modules))
	if err != nil {
		t.Fatal(err)
	}
	for name := range stored {
		forChecker := strings.HasSuffix(name, ".d.ts") || path.Base(name) == "package.json" // which says where the declarations are
		if !needed[name] && !forChecker {
			t.Errorf("%s is in nobody's bundle", name)
		}
		delete(needed, name)
	}
	for name := range needed {
		t.Errorf("%s is missing", name)
	}
}

// bundled lists the npm files that the page's bundle is made of.
func bundled(t *testing.T) map[string]bool {
	t.Helper()
	dir, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	result := api.Build(options(dir, api.BuildOptions{EntryPoints: []string{"main.tsx"}, Outdir: dist, Metafile: true}))
	if err := failed(result.Errors); err != nil {
		t.Fatal(err)
	}
	var meta struct{ Inputs map[string]json.RawMessage }
	if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for input := range meta.Inputs {
		if _, name, ok := strings.Cut(input, "node_modules/"); ok {
			names[name] = true
		}
	}
	if len(names) == 0 {
		t.Fatal("the bundle holds nothing from npm")
	}
	return names
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
