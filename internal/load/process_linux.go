package load

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The clock of /proc/PID/stat: USER_HZ is 100 on every architecture that Go runs on.
const tick = time.Second / 100

// usage is the processor time used so far, in user and kernel mode.
type usage struct {
	server    time.Duration // 0 where it isn't measured
	generator time.Duration
	machine   time.Duration // by everybody, and by other machines that took this one's turn
}

func readUsage(pids ...int) (u usage, err error) {
	if u.server, err = cpuOf(pids...); err != nil {
		return usage{}, err
	}
	if u.generator, err = ownCPU(); err != nil {
		return usage{}, fmt.Errorf("cpu of the generator: %w", err)
	}
	if u.machine, err = machineCPU(); err != nil {
		return usage{}, fmt.Errorf("cpu of the machine: %w", err)
	}
	return u, nil
}

// readProcess says what the servers have in use together; nothing where they aren't
// measured.
func readProcess(pids ...int) (p Process, err error) {
	for _, pid := range pids {
		if pid == 0 {
			continue
		}
		files, filesErr := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		p.Files += len(files)
		err = errors.Join(err, filesErr)
	}
	var cpuErr, rssErr error
	p.CPU, cpuErr = cpuOf(pids...)
	p.RSS, rssErr = rssOf(pids...)
	return p, errors.Join(err, cpuErr, rssErr)
}

// cpuOf is the processor time that processes have used so far, together.
func cpuOf(pids ...int) (sum time.Duration, err error) {
	for _, pid := range pids {
		if pid == 0 {
			continue
		}
		one, err := cpuOfOne(pid)
		if err != nil {
			return 0, err
		}
		sum += one
	}
	return sum, nil
}

func cpuOfOne(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("cpu of the server: %w", err)
	}
	// The command's name, in brackets, may hold anything; utime and stime are the
	// 12th and 13th field after it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("cpu of the server: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// rssOf is the resident memory of processes in bytes, together.
func rssOf(pids ...int) (sum int64, err error) {
	for _, pid := range pids {
		if pid == 0 {
			continue
		}
		one, err := rssOfOne(pid)
		if err != nil {
			return 0, err
		}
		sum += one
	}
	return sum, nil
}

func rssOfOne(pid int) (int64, error) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("memory of the server: %w", err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(statm), &size, &resident); err != nil {
		return 0, fmt.Errorf("memory of the server: %w", err)
	}
	return resident * int64(os.Getpagesize()), nil
}

func ownCPU() (time.Duration, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

func machineCPU() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	var user, nice, system, idle, iowait, irq, softirq, steal int64
	_, err = fmt.Sscanf(string(stat), "cpu %d %d %d %d %d %d %d %d",
		&user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal)
	return time.Duration(user+nice+system+irq+softirq+steal) * tick, err
}
