//go:build e2e

package e2e

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/testserver"
)

// revokedWithin is how soon whoever is revoked is gone, on every node.
const revokedWithin = 2 * time.Second

func TestClusterEndsWhatWasRevokedOnEveryNode(t *testing.T) {
	t.Parallel()
	for name, backing := range map[string]func(t *testing.T) func(*node){
		"PostgreSQL and Redis": func(t *testing.T) func(*node) {
			return onPostgresAndRedis(t, testserver.StartPostgres(t), testserver.StartRedis(t))
		},
		"PostgreSQL": func(t *testing.T) func(*node) { return onPostgres(t, testserver.StartPostgres(t)) },
		"Redis":      func(t *testing.T) func(*node) { return onRedis(t, testserver.StartRedis(t), 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := launch(t, clusterNodes, backing(t))
			f.revokes(t, "by herself", func(c *v1) {
				c.mustDo(t, "revoke", fields{"user": c.welcome.User.ID})
			})
			store := f.nodes[0].args[slices.Index(f.nodes[0].args, "--store")+1]
			f.revokes(t, "in the store", func(c *v1) {
				cmd := start{}.command(t, "token", "revoke", c.welcome.User.ID, "--store", store)
				if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), " is revoked (") {
					t.Errorf("%v: %s", err, out)
				}
			})
		})
	}
}

// revokes has one guest on all nodes be revoked, and sees how soon that is so.
func (f *fleet) revokes(t *testing.T, how string, revoke func(c *v1)) {
	t.Helper()
	bystander := mustDialV1(t, f.nodes[2].server, "grace", "")
	first := mustDialV1(t, f.nodes[0].server, "ada", "")
	pass := first.welcome.Pass
	ends := make(chan error, len(f.nodes))
	watch := func(c *v1) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for {
			if _, err := c.read(ctx); err != nil {
				ends <- err
				return
			}
		}
	}
	for _, n := range f.nodes[1:] {
		go watch(mustDialV1(t, n.server, "ada", pass))
	}
	revoke(first)
	began := time.Now()
	go watch(first)
	for range f.nodes {
		if err := <-ends; websocket.CloseStatus(err) != 4401 {
			t.Errorf("%s: a session ends with %v, want close 4401", how, err)
		}
	}
	took := time.Since(began)
	t.Logf("revoked %s: all are closed after %v", how, took.Round(time.Millisecond))
	if took > revokedWithin {
		t.Errorf("revoked %s: it took %v, want %v", how, took, revokedWithin)
	}
	bystander.mustDo(t, "ping", nil)
	for i, n := range f.nodes {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.URL+"/api/v1/whoami", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+pass)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("revoked %s: node %d answers her pass with %d, want 401", how, i, answer.StatusCode)
		}
	}
}

// A node that drains sends its people away little by little, while they chat on.
func TestClusterDrainsANodeLittleByLittle(t *testing.T) {
	t.Parallel()
	f := launch(t, 2, onPostgres(t, testserver.StartPostgres(t)))
	const people = 60
	goings := make(chan time.Duration, people)
	var began time.Time
	signalled := make(chan struct{})
	for range people {
		c := mustDialV1(t, f.nodes[0].server, "guest", "")
		go func() {
			<-signalled
			for {
				if _, err := c.read(context.Background()); err != nil {
					if websocket.CloseStatus(err) != websocket.StatusGoingAway {
						t.Errorf("a session ends with %v, want close 1001", err)
					}
					goings <- time.Since(began)
					return
				}
			}
		}()
	}
	began = time.Now()
	f.nodes[0].Signal(syscall.SIGTERM)
	close(signalled)
	var all []time.Duration
	for range people {
		all = append(all, <-goings)
	}
	slices.Sort(all)
	if code := f.nodes[0].Wait(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	took := time.Since(began)
	t.Logf("of %d people the first is told after %v, half of them after %v, the last after %v; the node ends after %v",
		people, all[0], all[people/2], all[people-1], took)
	if all[people/4] < 300*time.Millisecond || all[people-1] < 2*time.Second || all[people-1] > 5*time.Second || took > 10*time.Second {
		t.Errorf("it isn't spread over 3 s, or not done in 10: %v", all)
	}
}
