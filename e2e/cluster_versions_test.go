//go:build e2e && long

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/testserver"
)

// TestClusterOfTwoVersions has nodes of this version and of the one before it side by
// side, until the last is of this one. It is one of the long runs.
func TestClusterOfTwoVersions(t *testing.T) {
	former := buildFormer(t)
	db, redis := testserver.StartPostgres(t), testserver.StartRedis(t)
	d := &deployment{postgres: db, redis: redis}
	backing := onPostgresAndRedis(t, db, redis)
	d.fleet = launch(t, clusterNodes, func(n *node) {
		backing(n)
		n.binary = former
	})
	d.endure(t, func(d *deployment) {
		for _, n := range d.nodes {
			n.Stop()
			n.binary = parley
			n.start()
			d.party.talkOn(1000)
		}
	})
}

// buildFormer builds the version before this one: the newest tag's, or the revision
// that PARLEY_FORMER names.
func buildFormer(t *testing.T) string {
	t.Helper()
	git := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("git", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	revision := os.Getenv("PARLEY_FORMER")
	if revision == "" {
		revision, _, _ = strings.Cut(git("tag", "--sort=-v:refname"), "\n")
	}
	if revision == "" {
		t.Skip("nothing has been released yet, and PARLEY_FORMER names no revision: there is no version before this one that has clusters")
	}
	tree, binary := filepath.Join(t.TempDir(), "tree"), filepath.Join(t.TempDir(), "parley")
	git("worktree", "add", "--detach", tree, revision)
	t.Cleanup(func() { git("worktree", "remove", "--force", tree) })
	build := exec.Command("go", "build", "-o", binary, "./cmd/parley")
	build.Dir = tree
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", revision, err, out)
	}
	t.Logf("the version before this one is %s", revision)
	return binary
}
