package node_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/protocol"
)

// resumer is somebody who has a room up to a seq, and comes back for the rest.
type resumer struct {
	url   string
	conn  *websocket.Conn
	epoch string
	seq   protocol.Seq
}

// come connects and joins the lobby, from where it was if it has been there.
func (r *resumer) come(ctx context.Context) (err error) {
	r.conn, _, err = websocket.Dial(ctx, r.url+"/ws", &websocket.DialOptions{Subprotocols: []string{protocol.Subprotocol}})
	if err != nil {
		return fmt.Errorf("come in: %w", err)
	}
	r.conn.SetReadLimit(1 << 20)
	from := `"last":0`
	if r.epoch != "" {
		from = fmt.Sprintf(`"since":{"epoch":%q,"seq":%d}`, r.epoch, r.seq)
	}
	join := `{"type":"join","id":"j","room":"lobby",` + from + `}`
	if err := r.conn.Write(ctx, websocket.MessageText, []byte(join)); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	return r.until(ctx, func(f *frame) bool { return f.Type == protocol.TypeCaughtUp })
}

// until reads up to what is wanted, and sees that no event is missing or repeated.
func (r *resumer) until(ctx context.Context, wanted func(f *frame) bool) error {
	for {
		_, text, err := r.conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("at %d: %w", r.seq, err)
		}
		var f struct {
			frame
			Room  json.RawMessage `json:"room"`
			Reset string          `json:"reset"`
			From  protocol.Seq    `json:"from"`
		}
		if err := json.Unmarshal(text, &f); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		switch {
		case f.Type == protocol.TypeOK && f.ID == "j":
			var state protocol.RoomState
			if err := json.Unmarshal(f.Room, &state); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
			if f.Reset != "" || r.epoch != "" && f.From != r.seq+1 {
				return fmt.Errorf("at %d it joined with %s", r.seq, text)
			}
			r.epoch, r.seq = state.Epoch, f.From-1
		case f.Type == protocol.TypeEvent:
			if f.Seq != r.seq+1 {
				return fmt.Errorf("%d follows %d", f.Seq, r.seq)
			}
			r.seq = f.Seq
		case f.Type == protocol.TypeError:
			return errors.New(string(text))
		}
		if wanted(&f.frame) {
			return nil
		}
	}
}

// Most are cut off at once and come back at once, while the others go on: nobody
// misses anything, and the node answers whoever watches it.
func TestWhoIsCutOffInACrowdComesBackAndNobodyMissesAnything(t *testing.T) {
	const stay, cut = 20, 300
	n := start(t, func(c *config.Serve) { c.Store, c.Transport = "memory", "auto" })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var crowd []*resumer
	for range stay + cut {
		crowd = append(crowd, &resumer{url: n.URL()})
	}
	all(t, crowd, func(_ int, r *resumer) error { return r.come(ctx) })
	defer func() {
		for _, r := range crowd {
			_ = r.conn.CloseNow()
		}
	}()

	speaker := &resumer{url: n.URL()}
	all(t, []*resumer{speaker}, func(_ int, r *resumer) error { return r.come(ctx) })
	speaking, back := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(speaking)
		for {
			if err := speaker.say(ctx); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-back:
				return
			default:
			}
		}
	}()
	all(t, crowd, func(i int, r *resumer) error {
		if i < stay {
			return nil
		}
		_ = r.conn.CloseNow()
		return r.come(ctx)
	})
	answer, err := http.Get(n.URL() + "/healthz")
	if err != nil || answer.Body.Close() != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("healthz: %v, %v", answer, err)
	}
	close(back)
	<-speaking
	last := speaker.seq
	all(t, crowd, func(_ int, r *resumer) error {
		if r.seq >= last {
			return nil
		}
		return r.until(ctx, func(f *frame) bool { return f.Seq == last && f.Type == protocol.TypeEvent })
	})
	_ = speaker.conn.CloseNow()
}

// say says something, and waits for it.
func (r *resumer) say(ctx context.Context) error {
	const send = `{"type":"send","id":"s","room":"lobby","text":"hello"}`
	if err := r.conn.Write(ctx, websocket.MessageText, []byte(send)); err != nil {
		return fmt.Errorf("say: %w", err)
	}
	return r.until(ctx, func(f *frame) bool { return f.Type == protocol.TypeEvent })
}

// all does something for everybody at once.
func all(t *testing.T, crowd []*resumer, do func(i int, r *resumer) error) {
	t.Helper()
	var done sync.WaitGroup
	for i, r := range crowd {
		done.Go(func() {
			if err := do(i, r); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if t.Failed() {
		t.FailNow()
	}
}
