// Package newfile makes files that are there whole or not at all.
//
//   - A file gets its name once all of it is on disk; until then it is NAME.part.
//   - It never takes the place of another file.
//   - Of one that was not kept, nothing stays.
package newfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file on its way. Its Name is that of the part.
type File struct {
	*os.File
	path string
	done bool // kept or discarded
}

// Create begins the file path, for its owner's eyes alone.
func Create(path string) (*File, error) {
	if err := vacant(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s.part is there already: somebody is writing it, or was killed; wait, or remove it", path)
	}
	if err != nil {
		return nil, err
	}
	return &File{File: f, path: path}, nil
}

func vacant(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("%s is there already: name another file, or move that one away", path)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return err
	}
}

// Keep puts what was written on disk and gives it its name.
func (f *File) Keep() error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := f.publish(); err != nil {
		return err
	}
	f.done = true
	return SyncFolder(filepath.Dir(f.path))
}

// publish gives the part its name. A link, unlike a rename, never takes the
// place of a file that came to be meanwhile; but not every disk has links.
func (f *File) publish() error {
	err := os.Link(f.Name(), f.path)
	if err == nil {
		return os.Remove(f.Name())
	}
	if err := vacant(f.path); err != nil {
		return err
	}
	return os.Rename(f.Name(), f.path)
}

// Discard removes a file that was not kept. Afterwards, or after Keep, it does
// nothing.
func (f *File) Discard() error {
	if f.done {
		return nil
	}
	f.done = true
	_ = f.Close() // Keep may have closed it
	return os.Remove(f.Name())
}

// SyncFolder has the disk know which files a folder holds.
func SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
