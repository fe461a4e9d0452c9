package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/parley-chat/parley/internal/newfile"
)

// Progress is told how far something has come. It is called often.
type Progress func(done, total int64)

// stepPages are copied between two looks at the context: 1 MiB.
const stepPages = 256

// Backup copies what a data folder holds at this moment into a new file, beside a
// server that goes on writing, and reads the copy through.
func Backup(ctx context.Context, folder, file string, progress Progress) (Contents, error) {
	c, err := backup(ctx, folder, file, progress)
	if errors.Is(err, ErrChanged) { // then a server runs now, which is no obstacle
		c, err = backup(ctx, folder, file, progress)
	}
	return c, err
}

func backup(ctx context.Context, folder, file string, progress Progress) (c Contents, err error) {
	from, err := OpenSnapshot(folder)
	if err != nil {
		return c, err
	}
	to, err := newfile.Create(file)
	if err != nil {
		return c, errors.Join(err, from.Close())
	}
	defer func() { err = errors.Join(err, to.Discard()) }()
	if err := errors.Join(from.copyTo(ctx, to.Name(), progress), from.Close()); err != nil {
		return c, errors.Join(err, removeJournal(to.Name()))
	}
	if err := to.Sync(); err != nil {
		return c, err
	}
	if c, err = Verify(ctx, to.Name()); err != nil {
		return c, err
	}
	return c, to.Keep()
}

// copyTo copies the database page by page. The snapshot's transaction holds it
// still: without, SQLite would begin anew at each write of the server's.
func (s *Snapshot) copyTo(ctx context.Context, file string, progress Progress) (err error) {
	full, err := filepath.Abs(file) // else one that begins with file: would be a URI
	if err != nil {
		return err
	}
	b, err := s.db.BackupInit("main", full)
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	defer func() {
		if closeErr := b.Close(); err == nil { // else it is the same again
			err = closeErr
		}
	}()
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		done, err := b.Step(stepPages)
		if err != nil {
			return fmt.Errorf("copy %s to %s: %w", s.path, file, err)
		}
		progress(int64(b.PageCount()-b.Remaining()), int64(b.PageCount()))
		if done {
			return nil
		}
	}
}

// removeJournal removes what SQLite may leave beside a file that it could not
// write to its end.
func removeJournal(file string) error {
	if err := os.Remove(file + "-journal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
