package node_test

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/parley-chat/parley/internal/config"
	wire "github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/node"
	"github.com/parley-chat/parley/protocol"
)

// layouts are crowds of idle sessions, and what each of those may cost: bytes of live
// heap, what stands for it at the door and in its rooms included.
var layouts = []struct {
	name    string
	dialect protocol.Dialect
	rooms   int     // of that many sessions
	most    float64 // 0: it is measured alone
}{
	{"tutorial, rooms of 30", protocol.Tutorial, idleCrowd / 30, 1050},
	{"tutorial, one room", protocol.Tutorial, 1, 0},
	{"tutorial, everybody alone", protocol.Tutorial, idleCrowd, 1950},
	{"v1, rooms of 30", protocol.V1, idleCrowd / 30, 1180},
	{"v1, one room", protocol.V1, 1, 0},
}

const idleCrowd = 1200

func TestAnIdleSessionIsSmall(t *testing.T) {
	for _, l := range layouts {
		if l.most == 0 {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			until := time.Now().Add(time.Minute) // what is no longer in use is given back a while later
			size := 0.0
			idle(t, l.dialect, l.rooms, func(live func() float64) bool {
				size = live()
				return size <= l.most || time.Now().After(until)
			})
			t.Logf("%.0f B", size)
			if size > l.most {
				t.Errorf("an idle session holds %.0f bytes, want at most %.0f", size, l.most)
			}
		})
	}
}

// BenchmarkIdleSession prints what one costs once all is quiet.
func BenchmarkIdleSession(b *testing.B) {
	for _, l := range layouts {
		b.Run(l.name, func(b *testing.B) {
			for b.Loop() {
				least, since := 1e9, time.Now()
				idle(b, l.dialect, l.rooms, func(live func() float64) bool {
					if size := live(); size < 0.99*least {
						least, since = size, time.Now()
					}
					return time.Since(since) > quiet
				})
				b.ReportMetric(least, "B/session")
			}
		})
	}
}

const lookEvery = 250 * time.Millisecond

// quiet is longer than any of the node's own clocks for what is idle.
const quiet = 36 * time.Second

// idle has a crowd come into a node, and calls settled until that says so. live is
// how many bytes of heap each of them holds.
func idle(t testing.TB, dialect protocol.Dialect, rooms int, settled func(live func() float64) bool) {
	n, err := node.Start(config.Serve{Listen: "127.0.0.1:0", Store: "memory", Heartbeat: 5 * time.Second, Transport: "loops"},
		io.Discard, slog.New(slog.DiscardHandler), metrics.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Drain(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	crowd := make([]int, 0, idleCrowd+1)
	t.Cleanup(func() {
		for _, fd := range crowd {
			_ = unix.Close(fd)
		}
	})
	buf := make([]byte, 64<<10)
	crowd = append(crowd, visit(t, n, dialect, "lobby", buf)) // what the first one costs is not each one's
	before := heap()
	for i := range idleCrowd {
		crowd = append(crowd, visit(t, n, dialect, fmt.Sprintf("room-%d", i%rooms), buf))
	}
	for !settled(func() float64 { return float64(heap()-before) / idleCrowd }) {
		time.Sleep(lookEvery) // the collector's work is seen in nothing else
		answer(t, crowd, buf)
	}
}

// heap is how many bytes are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what has a finalizer or lay in a pool goes with the second
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// visit opens a session that is in a room. It is a bare descriptor, which costs no
// heap.
func visit(t testing.TB, n *node.Node, dialect protocol.Dialect, room string, buf []byte) (fd int) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscanf(n.URL(), "http://127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	hello, join, joined := "", `{"type":"join","username":"ada","room":"%s"}`, `"users":[`
	if dialect == protocol.V1 {
		hello, join, joined = "Sec-WebSocket-Protocol: parley.v1\r\n", `{"type":"join","id":"1","room":"%s"}`, `"caught_up"`
	}
	request := fmt.Sprintf("GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n%s\r\n", port, hello)
	say(t, fd, wire.AppendMaskedFrame([]byte(request), wire.Text, fmt.Appendf(nil, join, room), [4]byte{1, 2, 3, 4}))
	for got := 0; !strings.Contains(string(buf[:got]), joined); {
		n, err := unix.Read(fd, buf[got:])
		if err != nil || n <= 0 {
			t.Fatalf("no answer after %q: %v", buf[:got], os.NewSyscallError("read", err))
		}
		got += n
	}
	return fd
}

// answer reads what has come for a crowd, and answers with pongs.
func answer(t testing.TB, crowd []int, buf []byte) {
	for _, fd := range crowd {
		if n, _, err := unix.Recvfrom(fd, buf, unix.MSG_DONTWAIT); err == nil && n > 0 {
			say(t, fd, wire.AppendMaskedFrame(buf[:0], wire.Pong, nil, [4]byte{1, 2, 3, 4}))
		}
	}
}

func say(t testing.TB, fd int, p []byte) {
	if _, err := unix.Write(fd, p); err != nil {
		t.Fatal(os.NewSyscallError("write", err))
	}
}
