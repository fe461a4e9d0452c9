package main

import (
	"testing"
	"testing/fstest"
)

func TestTheSmallestLimitOfAContainerCounts(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  int64 // 0: none
	}{
		"no Linux": {nil, 0},
		"version 2 in a container of its own": {map[string]string{
			"proc/self/cgroup":         "0::/\n",
			"sys/fs/cgroup/memory.max": "536870912\n",
		}, 536870912},
		"version 2 without a limit": {map[string]string{
			"proc/self/cgroup":         "0::/\n",
			"sys/fs/cgroup/memory.max": "max\n",
		}, 0},
		"version 2 limits the slice above the service": {map[string]string{
			"proc/self/cgroup": "0::/system.slice/parley.service\n",
			"sys/fs/cgroup/system.slice/parley.service/memory.max": "max\n",
			"sys/fs/cgroup/system.slice/memory.max":                "2000000\n",
		}, 2000000},
		"version 1": {map[string]string{
			"proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n",
			"sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "1000000\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":            "9223372036854771712\n",
		}, 1000000},
		"version 1 where the group's path is the host's": {map[string]string{
			"proc/self/cgroup":                           "4:memory:/docker/abc\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "3000000\n",
		}, 3000000},
		"version 1 without a limit": {map[string]string{
			"proc/self/cgroup":                           "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 0},
		"both versions at once": {map[string]string{
			"proc/self/cgroup":                           "4:memory:/\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "5000000\n",
			"sys/fs/cgroup/memory.max":                   "4000000\n",
		}, 4000000},
		"a broken file": {map[string]string{
			"proc/self/cgroup":         "nonsense\n0::/\n",
			"sys/fs/cgroup/memory.max": "lots\n",
		}, 0},
	} {
		root := fstest.MapFS{}
		for path, text := range tt.files {
			root[path] = &fstest.MapFile{Data: []byte(text)}
		}
		got, ok := containerMemory(root)
		if !ok {
			got = 0
		}
		if got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestALimitOfOnesOwnIsLeftAlone(t *testing.T) {
	root := fstest.MapFS{
		"proc/self/cgroup":         {Data: []byte("0::/\n")},
		"sys/fs/cgroup/memory.max": {Data: []byte("536870912\n")},
	}
	t.Setenv("GOMEMLIMIT", "1GiB")
	if got := keepMemoryLimit(root); got != 0 {
		t.Errorf("set %d over GOMEMLIMIT", got)
	}
}
