package newfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// names are the files of a folder.
func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func begin(t *testing.T, path, text string) *File {
	t.Helper()
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return f
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
}

func TestAFileHasItsNameOnceItIsKept(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	f := begin(t, path, "all of it")
	if got := names(t, folder); !slices.Equal(got, []string{"file.part"}) {
		t.Errorf("meanwhile there is %q", got)
	}
	if err := f.Keep(); err != nil {
		t.Fatal(err)
	}
	if err := f.Discard(); err != nil { // as a deferred one does
		t.Fatal(err)
	}
	wantFile(t, path, "all of it")
	if got := names(t, folder); len(got) != 1 {
		t.Errorf("there is %q, want the file alone", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want it for its owner alone", info.Mode(), err)
	}
}

func TestOfAFileThatIsNotKeptNothingStays(t *testing.T) {
	folder := t.TempDir()
	f := begin(t, filepath.Join(folder, "file"), "half")
	for range 2 {
		if err := f.Discard(); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, folder); len(got) != 0 {
		t.Errorf("%q stays", got)
	}
}

func TestAnotherFileIsNeverReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	f := begin(t, path, "new")
	if _, err := Create(path); err == nil || !strings.Contains(err.Error(), path+".part is there already") {
		t.Errorf("a second one at the same time: %v", err)
	}
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil { // it comes to be meanwhile
		t.Fatal(err)
	}
	if err := f.Keep(); err == nil || !strings.Contains(err.Error(), path+" is there already") {
		t.Errorf("kept: %v", err)
	}
	if err := f.Discard(); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path); err == nil || !strings.Contains(err.Error(), "name another file") {
		t.Errorf("created: %v", err)
	}
	wantFile(t, path, "old")
}
