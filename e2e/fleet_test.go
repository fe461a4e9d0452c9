//go:build e2e

package e2e

import (
	"fmt"
	"net/url"
	"os"
	"testing"

	"github.com/parley-chat/parley/internal/testserver"
)

// fleet is the nodes of one deployment, each with links of its own to the servers that
// they share.
type fleet struct {
	t     *testing.T
	nodes []*node
}

// node is one of a fleet, started, and started again after it ended. Its address stays.
type node struct {
	*server // nil before it is started
	t       *testing.T
	binary  string
	addr    string
	args    []string
	store   *testserver.Link // nil where it has none
	broker  *testserver.Link // the same; the store's where that is one server
}

// launch starts n nodes with args, and for each what more gives.
func launch(t *testing.T, n int, more func(*node), args ...string) *fleet {
	t.Helper()
	f := &fleet{t: t}
	for range n {
		s := &node{t: t, binary: parley, addr: testserver.FreeAddr(t), args: args}
		if more != nil {
			more(s)
		}
		s.start()
		f.nodes = append(f.nodes, s)
	}
	return f
}

// start runs the node until it listens.
func (n *node) start() {
	n.t.Helper()
	args := append([]string{"serve", "--listen", n.addr, "--rate", "off"}, n.args...)
	cmd := start{}.command(n.t, args...)
	cmd.Path = n.binary
	n.server = serve(n.t, cmd)
}

// ws are where the fleet's nodes take sessions.
func (f *fleet) ws() (all []string) {
	for _, n := range f.nodes {
		all = append(all, "ws://"+n.addr+"/ws")
	}
	return all
}

// throughLink is a server's URL, with a link to it in its place.
func throughLink(t *testing.T, at string) (*testserver.Link, string) {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	link := testserver.NewLink(t, u.Host)
	u.Host = link.Addr
	return link, u.String()
}

// onSQLite are nodes that are alone.
func onSQLite(t *testing.T) func(*node) {
	return func(n *node) { n.args = append(n.args, "--store", "sqlite", "--data", t.TempDir()) }
}

// onPostgresAndRedis are nodes on a database of their own, which Redis wakes.
func onPostgresAndRedis(t *testing.T, db *testserver.Postgres, redis *testserver.Redis) func(*node) {
	database := db.NewDatabase(t)
	return func(n *node) {
		var store, broker string
		n.store, store = throughLink(t, database)
		n.broker, broker = throughLink(t, redis.URL())
		n.args = append(n.args, "--store", store, "--broker", broker)
	}
}

// onPostgres are nodes on a database that wakes them, too.
func onPostgres(t *testing.T, db *testserver.Postgres) func(*node) {
	database := db.NewDatabase(t)
	return func(n *node) {
		var store string
		n.store, store = throughLink(t, database)
		n.broker = n.store
		n.args = append(n.args, "--store", store, "--broker", "postgres")
	}
}

// onRedis are nodes that have one of a Redis' databases alone.
func onRedis(t *testing.T, redis *testserver.Redis, database int) func(*node) {
	return func(n *node) {
		var at string
		n.store, at = throughLink(t, fmt.Sprintf("%s/%d", redis.URL(), database))
		n.broker = n.store
		n.args = append(n.args, "--store", at, "--broker", at)
	}
}

// everyNode does something to each, in order.
func (f *fleet) everyNode(do func(*node)) {
	for _, n := range f.nodes {
		do(n)
	}
}

// long reports whether the long runs are asked for: faults that last as long as they do
// where people wait for them to end.
func long() bool { return os.Getenv("PARLEY_LONG_FAULTS") != "" }
