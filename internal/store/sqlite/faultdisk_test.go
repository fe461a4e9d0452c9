//go:build e2e

package sqlite

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

const sector = 512 // what a disk writes whole, or not at all

// faultDisk is a folder on a disk whose power can be cut: what was not synced may
// be there afterwards, or not, or in part.
//
//   - A file's fsync makes its content safe, a folder's its entries.
//   - Entries reach the disk in their order; sectors in any.
//   - Where a file's fsync fails, what it was for is lost for good, although those
//     who read it may still see it: the next fsync knows nothing of it.
type faultDisk struct {
	folder string // what is really there
	mount  string // what programs see
	trash  string // keeps what was removed or replaced, until that is safe
	server *fuse.Server

	mu      sync.Mutex
	steps   int                 // 1: none is left; 0: no end
	failing bool                // one in ten fsyncs of a file
	files   map[uint64]*os.File // by inode, all that were opened
	changes []change            // that are not safe yet, oldest first
}

// change is one that a power cut may take back.
type change struct {
	of   uint64       // inode of the file, or of the folder whose entry it is
	undo func() error // puts back what was there
	redo func() error // for contents: has some of it reach the disk after all
}

// mountFaultDisk mounts folder. Where steps isn't 0, the changes and fsyncs from
// that one on fail.
func mountFaultDisk(t *testing.T, folder string, steps int) *faultDisk {
	t.Helper()
	d := &faultDisk{folder: folder, mount: t.TempDir(), trash: t.TempDir(), steps: steps, files: map[uint64]*os.File{}}
	loopback, err := fs.NewLoopbackRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	root := &node{loopback.(*fs.LoopbackNode), d}
	root.RootData.RootNode = root
	d.server, err = fs.Mount(d.mount, root, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, Name: "faultdisk"}})
	if err != nil {
		t.Fatalf("mount: %v; this test needs root and /dev/fuse", err)
	}
	t.Cleanup(d.unmount)
	return d
}

func (d *faultDisk) unmount() {
	if d.server != nil && d.server.Unmount() == nil {
		d.server = nil
	}
}

// cut takes the power, and leaves in the folder what is on the disk. all: nothing
// that was not synced has reached it. It returns how many changes were not safe.
// Whoever wrote must be gone.
func (d *faultDisk) cut(t *testing.T, all bool) int {
	t.Helper()
	d.unmount() // flushes, so that every change is in the list
	d.mu.Lock()
	defer d.mu.Unlock()
	kept := 0 // of the entries
	if !all {
		kept = rand.IntN(len(d.changes) + 1)
	}
	var err error
	for i := len(d.changes) - 1; i >= 0; i-- {
		if c := d.changes[i]; c.redo != nil || i >= kept {
			err = errors.Join(err, c.undo())
		}
	}
	for _, c := range d.changes {
		if !all && c.redo != nil {
			err = errors.Join(err, c.redo())
		}
	}
	for _, f := range d.files {
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatalf("the cut itself failed: %v", err)
	}
	return len(d.changes)
}

// step is one more change or fsync.
func (d *faultDisk) step() error {
	if d.steps == 1 {
		return syscall.EIO
	}
	if d.steps > 0 {
		d.steps--
	}
	return nil
}

// synced makes the changes of a file or a folder safe.
func (d *faultDisk) synced(inode uint64) {
	rest := d.changes[:0]
	for _, c := range d.changes {
		if c.of != inode {
			rest = append(rest, c)
		}
	}
	clear(d.changes[len(rest):])
	d.changes = rest
}

// lose takes back what is not safe of a file's content.
func (d *faultDisk) lose(inode uint64) error {
	for i := len(d.changes) - 1; i >= 0; i-- {
		if d.changes[i].of == inode {
			if err := d.changes[i].undo(); err != nil {
				return err
			}
		}
	}
	d.synced(inode)
	return syscall.EIO
}

// fail has fsyncs fail now and then from here on.
func (d *faultDisk) fail() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failing = true
}

// file is an open file by its inode, which it keeps when it is renamed or removed.
func (d *faultDisk) file(inode uint64, path string) (*os.File, error) {
	if f := d.files[inode]; f != nil {
		return f, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		d.files[inode] = f
	}
	return f, err
}

// keep holds on to a file whose name goes, and says under which name.
func (d *faultDisk) keep(path string) (string, error) {
	kept := filepath.Join(d.trash, strconv.FormatUint(rand.Uint64(), 36))
	return kept, os.Link(path, kept)
}

// node is a file or a folder of a fault disk.
type node struct {
	*fs.LoopbackNode
	disk *faultDisk
}

func (n *node) WrapChild(_ context.Context, child fs.InodeEmbedder) fs.InodeEmbedder {
	return &node{child.(*fs.LoopbackNode), n.disk}
}

func (n *node) inode() uint64 { return n.StableAttr().Ino }

func (n *node) path(name string) string {
	return filepath.Join(n.disk.folder, n.Path(n.Root()), name)
}

// content notes a change of a file's content from off to end, about to be made.
func (n *node) content(off, end int64, redo func(*os.File) error) error {
	if err := n.disk.step(); err != nil {
		return err
	}
	f, err := n.disk.file(n.inode(), n.path(""))
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	before := make([]byte, max(0, min(end, size)-off))
	if _, err := f.ReadAt(before, off); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	n.disk.changes = append(n.disk.changes, change{
		of: n.inode(),
		undo: func() error {
			_, err := f.WriteAt(before, off)
			return errors.Join(err, f.Truncate(size))
		},
		redo: func() error { return redo(f) },
	})
	return nil
}

func (n *node) Write(ctx context.Context, h fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	written := append([]byte(nil), data...)
	err := n.content(off, off+int64(len(data)), func(f *os.File) error {
		share := rand.IntN(3) // none of it, some sectors, all
		for at := 0; at < len(written); at += sector {
			if share == 2 || share == 1 && rand.IntN(2) == 0 {
				if _, err := f.WriteAt(written[at:min(at+sector, len(written))], off+int64(at)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, fs.ToErrno(err)
	}
	return h.(fs.FileWriter).Write(ctx, data, off)
}

func (n *node) Setattr(ctx context.Context, h fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	if size, ok := in.GetSize(); ok {
		err := n.content(int64(size), 1<<62, func(f *os.File) error {
			if rand.IntN(2) == 0 {
				return nil
			}
			return f.Truncate(int64(size))
		})
		if err != nil {
			return fs.ToErrno(err)
		}
	}
	return n.LoopbackNode.Setattr(ctx, h, in, out)
}

func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	err := n.disk.step()
	if err == nil && n.disk.failing && !n.IsDir() && rand.IntN(10) == 0 {
		err = n.disk.lose(n.inode())
	}
	if err != nil {
		return fs.ToErrno(err)
	}
	n.disk.synced(n.inode())
	return fs.OK
}

// handle is an open file whose writes come to Write, where the kernel might
// otherwise take them straight to the file below.
type handle struct{ *fs.LoopbackFile }

func (handle) PassthroughFd() (int, bool) { return 0, false }

func (n *node) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	h, fuseFlags, errno := n.LoopbackNode.Open(ctx, flags)
	if errno != 0 {
		return nil, 0, errno
	}
	return handle{h.(*fs.LoopbackFile)}, fuseFlags, errno
}

// OpendirHandle gives no handle, so that a folder's fsync comes to Fsync.
func (n *node) OpendirHandle(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, 0, fs.OK
}

// entry makes a change of n's entries.
func (n *node) entry(do func() syscall.Errno, undo func() error) syscall.Errno {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	if err := n.disk.step(); err != nil {
		return fs.ToErrno(err)
	}
	errno := do()
	if errno == 0 {
		n.disk.changes = append(n.disk.changes, change{of: n.inode(), undo: undo})
	}
	return errno
}

func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (child *fs.Inode, h fs.FileHandle, fuseFlags uint32, errno syscall.Errno) {
	path := n.path(name)
	errno = n.entry(func() syscall.Errno {
		child, h, fuseFlags, errno = n.LoopbackNode.Create(ctx, name, flags, mode, out)
		return errno
	}, func() error { return os.Remove(path) })
	if errno == 0 {
		h = handle{h.(*fs.LoopbackFile)}
	}
	return child, h, fuseFlags, errno
}

func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (child *fs.Inode, errno syscall.Errno) {
	path := n.path(name)
	errno = n.entry(func() syscall.Errno {
		child, errno = n.LoopbackNode.Mkdir(ctx, name, mode, out)
		return errno
	}, func() error { return os.RemoveAll(path) })
	return child, errno
}

func (n *node) Unlink(ctx context.Context, name string) syscall.Errno {
	path := n.path(name)
	kept, err := n.disk.keep(path)
	if err != nil {
		return fs.ToErrno(err)
	}
	return n.entry(func() syscall.Errno { return n.LoopbackNode.Unlink(ctx, name) },
		func() error { return os.Rename(kept, path) })
}

func (n *node) Rename(ctx context.Context, name string, parent fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	if parent.EmbeddedInode() != n.EmbeddedInode() || flags != 0 {
		return syscall.EXDEV // nobody here does
	}
	from, to := n.path(name), n.path(newName)
	kept, err := n.disk.keep(to)
	replaces := err == nil
	return n.entry(func() syscall.Errno { return n.LoopbackNode.Rename(ctx, name, parent, newName, flags) },
		func() error {
			err := os.Rename(to, from)
			if replaces {
				err = errors.Join(err, os.Rename(kept, to))
			}
			return err
		})
}
