//go:build !linux

package doctor

import "errors"

var errLinux = errors.New("only Linux tells")

func diskOf(string) (disk, error) { return disk{}, errLinux }

func lockedBy(string) (who string, held bool, err error) { return "", false, errLinux }
