package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func TestCommittedPageIsWhatItsSourcesGive(t *testing.T) {
	if err := run(root, true); err != nil {
		t.Fatal(err)
	}
}

func TestBundleIsTheSameFromAnotherFolder(t *testing.T) {
	elsewhere := t.TempDir()
	for _, dir := range []string{source, modules} {
		if err := os.CopyFS(filepath.Join(elsewhere, dir), os.DirFS(filepath.Join(root, dir))); err != nil {
			t.Fatal(err)
		}
	}
	here, err := bundle(root)
	if err != nil {
		t.Fatal(err)
	}
	there, err := bundle(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(here, there, bytes.Equal) {
		t.Errorf("%q differ from %q", slices.Sorted(maps.Keys(here)), slices.Sorted(maps.Keys(there)))
	}
}

func TestCheckNamesWhatDiffers(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir, map[string][]byte{"index.html": []byte("old"), "assets/gone.js": nil}); err != nil {
		t.Fatal(err)
	}
	err := compare(dir, map[string][]byte{"index.html": []byte("new"), "assets/come.js": nil})
	if err == nil {
		t.Fatal("no difference found")
	}
	for _, want := range []string{
		"web/dist/index.html is not what web/src gives",
		"web/dist/assets/come.js is missing",
		"web/dist/assets/gone.js comes from nothing in web/src",
		"go run ./web/build",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}
