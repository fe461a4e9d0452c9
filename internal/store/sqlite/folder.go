package sqlite

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/parley-chat/parley/internal/newfile"
)

// ErrInUse says that another process holds a data folder.
var ErrInUse = errors.New("is in use by another parley")

// makeFolder makes a data folder, at need with those above it, that is still there
// after a power cut.
func makeFolder(path string) error {
	err := os.Mkdir(path, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeFolder(filepath.Dir(path)); err != nil {
			return err
		}
		err = os.Mkdir(path, 0o700)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// Who made it earlier may not have come to this.
	if err := newfile.SyncFolder(filepath.Dir(path)); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil // one that we may not look into was made for us
}

// unfinished reports whether a database is what a folder's first start, cut off,
// has left of it: nothing at its head yet, and the folder knows of none.
func unfinished(path string) bool {
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), lifeFile)); !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 100))
	return err == nil && len(bytes.Trim(head, "\x00")) == 0
}
