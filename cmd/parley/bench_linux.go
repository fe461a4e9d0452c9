package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// listener finds the process that listens at an address of this machine: the
// kernel's table of sockets tells the socket, and one of /proc/*/fd who has it.
func listener(ip netip.Addr, port uint16) (pid int, err error) {
	socket := ""
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if socket == "" {
			socket, err = listening(table, ip, port)
		}
	}
	if socket == "" {
		if err == nil {
			err = errors.New("nobody does")
		}
		return 0, err
	}
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return 0, err
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == "socket:["+socket+"]" {
			return strconv.Atoi(strings.Split(link, "/")[2])
		}
	}
	return 0, errors.New("it is another user's")
}

// listening finds a listening socket's inode in the kernel's table, whose lines
// hold "sl: local remote state tx:rx tr:when retrnsmt uid timeout inode".
func listening(table string, ip netip.Addr, port uint16) (inode string, err error) {
	const listen = "0A"
	f, err := os.Open(table)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || fields[3] != listen {
			continue
		}
		at, ok := kernelAddress(fields[1])
		if ok && at.Port() == port && (at.Addr() == ip || at.Addr().IsUnspecified()) {
			return fields[9], nil
		}
	}
	return "", nil
}

// kernelAddress reads 0100007F:1F90: words of 32 bits in the machine's own order.
func kernelAddress(s string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(s, ":")
	raw, err := hex.DecodeString(host)
	n, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	ip, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), ok
}

// programName is that of a process; "" for none.
func programName(pid int) string {
	if pid == 0 {
		return ""
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}

// machine says on what it was measured.
func machine() string {
	parts := []string{fmt.Sprintf("%d cores", runtime.NumCPU())}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if key, model, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
				parts = append(parts, strings.TrimSpace(model))
				break
			}
		}
	}
	system := "Linux"
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		system += " " + strings.TrimSpace(string(release))
	}
	return strings.Join(slices.Concat(parts, []string{system + " " + runtime.GOARCH}), ", ")
}

// checkPID complains of a process that isn't there.
func (c *benchCommand) checkPID() error {
	if c.PID == nil || *c.PID == 0 {
		return nil
	}
	if *c.PID > 0 {
		if _, err := os.FindProcess(*c.PID); err == nil && syscall.Kill(*c.PID, 0) != syscall.ESRCH {
			return nil
		}
	}
	return fmt.Errorf("--pid is %d: want a process of this machine, or 0 to measure none", *c.PID)
}
