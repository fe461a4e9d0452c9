package doctor

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// filesystems are those that matter here, by what statfs calls them; all others are
// taken for disks.
var filesystems = map[int64]disk{
	unix.NFS_SUPER_MAGIC:  {kind: "nfs", remote: true},
	unix.SMB_SUPER_MAGIC:  {kind: "smb", remote: true},
	unix.SMB2_SUPER_MAGIC: {kind: "smb", remote: true},
	unix.CIFS_SUPER_MAGIC: {kind: "cifs", remote: true},
	unix.CEPH_SUPER_MAGIC: {kind: "ceph", remote: true},
	unix.AFS_SUPER_MAGIC:  {kind: "afs", remote: true},
	unix.CODA_SUPER_MAGIC: {kind: "coda", remote: true},
	unix.V9FS_MAGIC:       {kind: "9p", remote: true},
	unix.TMPFS_MAGIC:      {kind: "tmpfs", fleeting: true},
	unix.RAMFS_MAGIC:      {kind: "ramfs", fleeting: true},

	unix.EXT4_SUPER_MAGIC:      {kind: "ext4"},
	unix.XFS_SUPER_MAGIC:       {kind: "xfs"},
	unix.BTRFS_SUPER_MAGIC:     {kind: "btrfs"},
	unix.OVERLAYFS_SUPER_MAGIC: {kind: "overlay"},
	unix.FUSE_SUPER_MAGIC:      {kind: "fuse"},
}

func diskOf(path string) (disk, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return disk{}, err
	}
	d := filesystems[int64(s.Type)] //nolint:unconvert // it is an int32 on 32 bits
	if d.kind == "" {
		d.kind = fmt.Sprintf("filesystem %#x", s.Type)
	}
	d.free = s.Bavail * uint64(s.Bsize)
	d.writable = unix.Access(path, unix.W_OK|unix.X_OK) == nil
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return disk{}, err
	}
	d.owner = "owned by " + userName(int(stat.Uid))
	if self := os.Geteuid(); self != int(stat.Uid) {
		d.owner += ", looked at by " + userName(self)
	}
	return d, nil
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "user " + strconv.Itoa(uid)
}

// lockedBy looks who has a lock on a file. To try the lock would take it for a moment,
// in which a server that starts would find it taken.
func lockedBy(path string) (who string, held bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	stat := info.Sys().(*syscall.Stat_t)
	locks, err := os.Open("/proc/locks")
	if err != nil {
		return "", false, err
	}
	defer locks.Close()
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(stat.Dev), unix.Minor(stat.Dev), stat.Ino)
	for lines := bufio.NewScanner(locks); lines.Scan(); {
		// 1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF
		if f := strings.Fields(lines.Text()); len(f) > 5 && f[1] == "FLOCK" && f[5] == file {
			return f[4], true, nil
		}
	}
	return "", false, nil
}
