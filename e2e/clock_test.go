//go:build e2e

package e2e

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shiftClock sets one process's clock, and no other's: the code by which the kernel lets
// it read the time (vdso(7)) is replaced, in that process's memory, with some that asks
// the kernel and adds to the answer. The monotonic clock stays, as where an operator, or
// a time server, sets a machine's clock. Nothing of the process knows of it.
func shiftClock(t *testing.T, n *node, by time.Duration) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Fatalf("nobody has said yet how a clock is shifted on %s, %s", runtime.GOOS, runtime.GOARCH)
	}
	code := []byte{
		0xb8, 0xe4, 0, 0, 0, // mov  eax, 228: clock_gettime
		0x0f, 0x05, //          syscall
		0x85, 0xff, //          test edi, edi: is it CLOCK_REALTIME?
		0x75, 0x07, //          jne  over the next
		0x48, 0x81, 0x06, 0, 0, 0, 0, // add qword [rsi], seconds
		0xc3, //                ret
	}
	binary.LittleEndian.PutUint32(code[14:], uint32(int32(by/time.Second)))
	pid := n.cmd.Process.Pid
	start, _ := vdso(t, fmt.Sprint(pid))
	memory, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	n.Signal(syscall.SIGSTOP) // so that no thread reads half of it
	waitStopped(t, pid)
	if _, err := memory.WriteAt(code, int64(start+clockGettime(t))); err != nil {
		t.Fatal(err)
	}
	n.Signal(syscall.SIGCONT)
	c, err := dialV1At(t.Context(), "ws://"+n.addr+"/ws", "clockmaker", "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.hangUp()
	if off := time.Until(time.UnixMilli(c.welcome.Time)) - by; off.Abs() > time.Minute {
		t.Fatalf("the node's clock should be off by %v, and is by %v more", by, off)
	}
}

// vdso is where a process has the kernel's code.
func vdso(t *testing.T, pid string) (start, end uint64) {
	t.Helper()
	maps, err := os.ReadFile("/proc/" + pid + "/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if strings.HasSuffix(line, "[vdso]\n") {
			if _, err := fmt.Sscanf(line, "%x-%x", &start, &end); err != nil {
				t.Fatal(err)
			}
			return start, end
		}
	}
	t.Fatalf("process %s has no [vdso]", pid)
	return 0, 0
}

// clockGettime is where in that code clock_gettime begins; it is the same for all.
func clockGettime(t *testing.T) uint64 {
	t.Helper()
	start, end := vdso(t, "self")
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	image := make([]byte, end-start)
	if _, err := memory.ReadAt(image, int64(start)); err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if s.Name == "__vdso_clock_gettime" {
			return s.Value
		}
	}
	t.Fatal("the [vdso] has no __vdso_clock_gettime")
	return 0
}

// waitStopped waits until all threads of a process stand still.
func waitStopped(t *testing.T, pid int) {
	t.Helper()
	eventually(t, "the process stands still", func() bool {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		return err == nil && strings.Contains(string(status), "State:\tT")
	})
}
