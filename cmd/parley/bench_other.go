//go:build !linux

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
)

// The load generator runs on Linux only, and says so by itself.

func listener(netip.Addr, uint16) (pid int, err error) {
	return 0, errors.New("only Linux tells")
}

func programName(int) string { return "" }

func machine() string {
	return fmt.Sprintf("%d cores, %s %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}

func (*benchCommand) checkPID() error { return nil }
