//go:build unix

package client

import (
	"errors"
	"os"
)

// syncFolder has the disk know which files a folder holds.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
