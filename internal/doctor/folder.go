package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/parley-chat/parley/internal/store/sqlite"
)

// What is free below these is told of: SQLite can't go on without any, and needs some to
// write its log back.
const (
	littleSpace = 1 << 30
	noSpace     = 50 << 20
)

// folder looks at where sqlite keeps the rooms.
func (x *examination) folder(context.Context) {
	if !x.Local || x.Settings.Store != "sqlite" || x.Settings.Data == "" {
		return
	}
	n, path := x.of(Data), x.Settings.Data
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		parent := existing(filepath.Dir(filepath.Clean(path)))
		n.ok("%s is not there yet: the first start makes it", path)
		x.disk(n, parent)
		return
	case err != nil:
		n.fault(fmt.Sprintf("%s can't be looked at: %v", path, reason(err)), "let who runs the server read and write it")
		return
	case !info.IsDir():
		n.fault(path+" is no folder", "name one with --data")
		return
	}
	if info.Mode().Perm()&0o077 != 0 {
		n.warn(fmt.Sprintf("%s can be read by others (%s)", path, info.Mode().Perm()), "chmod 700 "+path)
	}
	x.disk(n, path)
	x.holder(n, path)
	x.database(n, path)
}

// existing is path, or the first folder above it that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || filepath.Dir(path) == path {
			return path
		}
		path = filepath.Dir(path)
	}
}

// disk looks at what is below a folder.
func (x *examination) disk(n notes, path string) {
	d, err := diskOf(path)
	if err != nil {
		n.unknown(fmt.Sprintf("the disk of %s can't be looked at: %v", path, err), "")
		return
	}
	if d.remote {
		n.fault(fmt.Sprintf("%s is on a network filesystem (%s), on which SQLite's locks can fail and its log be lost", path, d.kind),
			"put --data on a disk of this machine, or use --store postgres://…")
	}
	if d.fleeting {
		n.warn(fmt.Sprintf("%s is in memory (%s): nothing of it is left after a restart of the machine", path, d.kind), "put --data on a disk")
	}
	const more = "make room, move --data, or forget old messages with --retain"
	switch {
	case !d.writable:
		n.fault(fmt.Sprintf("%s can't be written by who runs this (%s)", path, d.owner), "run the doctor as the server's user; if it is that one, chown the folder to it")
	case d.free < noSpace:
		n.fault(fmt.Sprintf("%s has %s left", path, size(d.free)), more)
	case d.free < littleSpace:
		n.warn(fmt.Sprintf("%s has %s left", path, size(d.free)), more)
	default:
		n.ok("%s can be written, %s left (%s, %s)", path, size(d.free), d.kind, d.owner)
	}
}

// holder tells which server has the folder.
func (x *examination) holder(n notes, path string) {
	who, held, err := lockedBy(filepath.Join(path, "parley.lock"))
	switch {
	case err != nil:
		n.unknown("whether a server has the folder can't be seen: "+err.Error(), "")
	case held:
		n.ok("process %s has the folder", who)
	default:
		n.ok("no server has the folder now")
	}
}

// database looks whether the database can be opened, and doesn't read through it: that
// takes as long as a backup, which does it.
func (x *examination) database(n notes, path string) {
	s, err := sqlite.OpenSnapshot(path)
	if errors.Is(err, fs.ErrNotExist) || err != nil && !there(filepath.Join(path, sqlite.File)) {
		n.ok("there is no database in %s yet: the first start makes it", path)
		return
	}
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		n.fault(fmt.Sprintf("the database can't be opened: %v", err), "put a backup into an empty folder: parley restore")
		return
	}
	n.ok("the database opens; parley backup reads it through")
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// reason is a file error without operation and path, which the words around it have.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func size(bytes uint64) string {
	switch {
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	case bytes >= 1<<20:
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// disk is what is known of a folder's filesystem.
type disk struct {
	kind     string // its name
	owner    string // the folder's, and who runs this
	free     uint64 // bytes, for who is not root
	writable bool
	remote   bool
	fleeting bool
}
