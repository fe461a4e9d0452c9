package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/parley-chat/parley/internal/newfile"
)

// Restore puts a backup that it has read through into a data folder that has no
// database, made at need. At the next start every room begins a new epoch, since
// readers may have seen what was said after the backup.
func Restore(ctx context.Context, file, folder string, progress Progress) (c Contents, err error) {
	letGo, err := claim(folder)
	if err != nil {
		return c, err
	}
	restored := false
	defer func() { err = errors.Join(err, letGo(restored)) }()
	if c, err = Verify(ctx, file); err != nil {
		return c, err
	}
	// A life file that is left from before would know a backup of the last days:
	// without it, the database counts as another.
	if err := os.Remove(filepath.Join(folder, lifeFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	if err := newfile.SyncFolder(folder); err != nil {
		return c, err
	}
	if err := copyFile(ctx, file, filepath.Join(folder, File), progress); err != nil {
		return c, err
	}
	restored = true
	return c, nil
}

// claim takes a folder, and refuses one with a database. letGo removes a folder
// that was made for nothing.
func claim(folder string) (letGo func(used bool) error, err error) {
	there, err := holds(folder)
	if err != nil {
		return nil, err
	}
	if err := makeFolder(folder); err != nil {
		return nil, err
	}
	lock, err := lockFolder(folder)
	if err != nil {
		return nil, err
	}
	// A write-ahead log or a journal alone would be played into the new file.
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), File) {
			return nil, errors.Join(fmt.Errorf("%s is there already: move all of %s* away first, or restore into another folder with --data",
				filepath.Join(folder, e.Name()), File), lock.Close())
		}
	}
	return func(used bool) error {
		if used || there {
			return lock.Close()
		}
		return errors.Join(os.Remove(lock.Name()), lock.Close(), os.Remove(folder))
	}, nil
}

// copyFile copies a file into a new one, synced.
func copyFile(ctx context.Context, from, to string, progress Progress) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := newfile.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Discard()) }()
	for done := int64(0); ctx.Err() == nil; progress(done, info.Size()) {
		n, err := io.CopyN(out, in, 1<<20)
		done += n
		if errors.Is(err, io.EOF) {
			return out.Keep()
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
