package sqlite

import (
	"path/filepath"
	"testing"
)

func TestAFirstStartThatWasCutOffIsBegunAgain(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, File), nil) // as it is before SQLite's first page is in it
	say(t, open(t, folder), "lobby", 1)
}

func TestAFolderIsMadeWithThoseAboveIt(t *testing.T) {
	say(t, open(t, filepath.Join(t.TempDir(), "srv", "chat", "data")), "lobby", 1)
}
