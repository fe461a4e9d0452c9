package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/internal/store/sqlite"
	"github.com/parley-chat/parley/protocol"
)

// fallen opens slow, which has twenty events to read that memory no longer holds,
// behind a notice that it may have yet to read, and an answer behind them. Nobody else
// in its room reads its encoding.
func fallen(t *testing.T, s store.Store) (slow, ada *peer) {
	e := startEngine(t, func(c *Config) {
		c.Store = s
		c.Rate.N = 0
		c.Memory = &roomlog.Budget{MemoryBytes: 16 << 10, Total: 1 << 30} // enough for ada, who reads
	})
	slow, ada = pipe(t, e, func(o *Opening) { o.Deflate = true }), pipe(t, e)
	slow.send(`{"type":"join","username":"slow"}`)
	slow.next()
	ada.send(`{"type":"join","username":"ada"}`)
	ada.next()
	random := rand.New(rand.NewPCG(1, 2)) // so that it doesn't deflate to nothing
	for i := range 20 {
		text := make([]byte, 3000)
		for j := range text {
			text[j] = 'a' + byte(random.IntN(26))
		}
		ada.send(fmt.Sprintf(`{"type":"chat","text":"%d %s"}`, i, text))
		ada.next()
	}
	slow.send(`nonsense`)
	return slow, ada
}

func TestOneWhoLeavesWhileTheStoreServesItGetsTheRest(t *testing.T) {
	disk, err := sqlite.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	slow, ada := fallen(t, disk)
	if first := slow.next(); strings.Contains(first, "ada joined") { // else it fell off before it read that
		slow.next()
	}
	// The rest of what the store gave is being written.
	slow.send(`{"type":"leave"}`)
	ada.want(`{"type":"system","text":"slow left #general","users":["ada"]}`)
	for range 19 {
		slow.next()
	}
	slow.want(errorFrame("Invalid JSON"))
}

// unreadable is a store that appends, and can't read.
type unreadable struct{ *memory.Store }

func (unreadable) Read(context.Context, string, protocol.Seq, int) ([]protocol.Event, error) {
	return nil, errors.New("input/output error")
}

func TestOneWhoseHistoryCannotBeReadIsToldToComeBack(t *testing.T) {
	slow, _ := fallen(t, unreadable{memory.New(64 << 20)})
	slow.wantClose(1011)
}
