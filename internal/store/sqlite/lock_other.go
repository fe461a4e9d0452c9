//go:build !unix

package sqlite

import (
	"os"
	"path/filepath"
)

// lockFolder opens the lock file. SQLite's own locks keep the database sound
// where the system has no flock.
func lockFolder(folder string) (*os.File, error) {
	return os.OpenFile(filepath.Join(folder, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
}
