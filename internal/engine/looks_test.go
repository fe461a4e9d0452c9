package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// longCount is a store that counts until the test lets it go on.
type longCount struct {
	store.Store
	counting atomic.Int32
	goOn     chan struct{}
}

func (s *longCount) Unread(ctx context.Context, user protocol.User, rooms []string) ([]store.Unread, error) {
	s.counting.Add(1)
	<-s.goOn
	s.counting.Add(-1)
	return s.Store.Unread(ctx, user, rooms)
}

func TestThoseWhoAskForMuchKeepNobodyFromJoining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &longCount{goOn: make(chan struct{})}
		e := startEngine(t, func(c *Config) { s.Store, c.Store = c.Store, s })
		var asking []*v1Peer
		for i := range 100 {
			p := whisper(t, e, fmt.Sprint("guest ", i))
			p.ask("rooms", "")
			asking = append(asking, p)
		}
		synctest.Wait()
		if n := s.counting.Load(); n != maxSlow {
			t.Errorf("%d count at once, want %d", n, maxSlow)
		}
		ada := whisper(t, e, "ada")
		ada.mustDo("join", `"room":"lobby"`)
		ada.mustDo("send", `"room":"lobby","text":"hello"`)
		close(s.goOn)
		for _, p := range append(asking, ada) {
			if p != ada && p.frame()["type"] != "ok" {
				t.Error("asked for rooms, and was not told")
			}
			p.conn.Close()
		}
		synctest.Wait()
	})
}
