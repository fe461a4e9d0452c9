package main

import (
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// keepMemoryLimit tells Go's garbage collector of the container's memory limit,
// unless GOMEMLIMIT says something already: it then works harder near the limit
// instead of being killed there. A tenth is left for what Go doesn't count. It
// returns the limit that it set, 0 for none.
func keepMemoryLimit(root fs.FS) int64 {
	if os.Getenv("GOMEMLIMIT") != "" {
		return 0
	}
	limit, ok := containerMemory(root)
	if !ok {
		return 0
	}
	limit -= limit / 10
	debug.SetMemoryLimit(limit)
	return limit
}

// containerMemory is the smallest limit of the control groups that this process
// is in, of either version. root is the file system's.
func containerMemory(root fs.FS) (limit int64, ok bool) {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false // no Linux
	}
	limit = math.MaxInt64
	for line := range strings.Lines(string(groups)) {
		// Each line is ID:CONTROLLERS:PATH; version 2 has no controllers there.
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		switch {
		case parts[1] == "":
			limit = min(limit, smallest(root, "sys/fs/cgroup", parts[2], "memory.max"))
		case hasController(parts[1], "memory"):
			limit = min(limit, smallest(root, "sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes"))
		}
	}
	// Version 1 writes "no limit" as the largest number of whole pages.
	return limit, limit < 1<<60
}

func hasController(list, name string) bool {
	for c := range strings.SplitSeq(list, ",") {
		if c == name {
			return true
		}
	}
	return false
}

// smallest walks from a group up to the mount's own: each of them limits all
// below it. Inside a container the group's path may name what only the host
// sees, and the mount alone is left.
func smallest(root fs.FS, mount, group, file string) int64 {
	limit := int64(math.MaxInt64)
	for dir := path.Join("/", group); ; dir = path.Dir(dir) {
		if data, err := fs.ReadFile(root, path.Join(mount, dir, file)); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil && n > 0 {
				limit = min(limit, n)
			}
		}
		if dir == "/" {
			return limit
		}
	}
}
