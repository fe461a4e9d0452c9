//go:build e2e

package redis

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testserver"
	"github.com/parley-chat/parley/protocol"
)

func TestAReplicaThatTakesOverBeginsAnotherLife(t *testing.T) {
	t.Parallel() // it waits
	sentinel := testserver.StartSentinel(t, "pw")
	at, err := url.Parse(sentinel.URL())
	if err != nil {
		t.Fatal(err)
	}
	at.User = url.UserPassword("", "pw")
	at.RawQuery = "sentinel_password=pw"
	s := follow(t, at.String())
	do(t, s.Store, message("lobby", "1"), message("lobby", "2"))
	before, err := s.Room(ctx, "lobby")
	if err != nil {
		t.Fatal(err)
	}
	told := s.told() // a first replica that comes late names a history anew
	sentinel.Master.Kill()
	texts := map[string]bool{}
	for i, deadline := 0, time.Now().Add(time.Minute); ; i++ {
		text := fmt.Sprint("after ", i)
		r, err := s.Append(ctx, []store.Draft{message("lobby", text)})
		if texts[text] = err == nil && r[0].Err == nil; texts[text] {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	after, err := s.Room(ctx, "lobby")
	if err != nil || after.Epoch == before.Epoch || s.told() <= told {
		t.Fatalf("%+v became %+v, %v", before, after, err)
	}
	count := map[string]int{}
	for i, e := range readAll(t, s.Store, "lobby") {
		if e.Seq != protocol.Seq(i+1) {
			t.Fatalf("seq %d is number %d", e.Seq, i+1)
		}
		count[e.Text]++
	}
	for text, done := range texts {
		if n := count[text]; n > 1 || done && n != 1 {
			t.Errorf("%q, done: %v, is there %d times", text, done, n)
		}
	}
}

func TestTheLineToRedisMayBeTLS(t *testing.T) {
	files := testserver.NewCertificates(t)
	server := testserver.StartRedisTLS(t, files)
	s := open(t, "rediss://"+server.Addr+"?history=500&ca="+files.CA+"&cert="+files.Cert+"&key="+files.Key)
	do(t, s, message("lobby", "hi"))
	if s.history != 500 {
		t.Errorf("history is %d", s.history)
	}
}
