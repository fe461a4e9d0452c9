//go:build e2e && linux

package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// smallDisk is a folder with room for half a MiB. Only root can make one.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=512k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	return folder
}

func TestABackupOrRestoreOntoAFullDiskLeavesNothing(t *testing.T) {
	folder, disk := t.TempDir(), smallDisk(t)
	s := open(t, folder)
	say(t, s, "lobby", 100_000)
	if _, err := Backup(t.Context(), folder, filepath.Join(disk, "backup"), quietly); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("backup: %v, want a full disk", err)
	}
	if left := files(t, disk); len(left) > 0 {
		t.Errorf("the backup left %d files", len(left))
	}
	if _, err := Restore(t.Context(), mustBackup(t, folder), filepath.Join(disk, "data"), quietly); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("restore: %v, want a full disk", err)
	}
	if left := files(t, disk); len(left) > 0 {
		t.Errorf("the restore left %d files", len(left))
	}
	say(t, s, "lobby", 1) // the server did not notice
}
