//go:build e2e

package e2e

import (
	"debug/elf"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// The unit is checked by systemd's own tool; running it would take a machine
// whose first process is systemd.
func TestUnitIsRightAndGivesTheServiceLittle(t *testing.T) {
	t.Parallel()
	analyze := need(t, "systemd-analyze")
	// The tool looks whether the program is there.
	unit := filepath.Join(t.TempDir(), "parley.service")
	writeFile(t, unit, replaced(t, "../deploy/parley.service", "/usr/local/bin/parley", parley))
	for _, args := range [][]string{
		{"verify", unit},
		{"security", "--offline=true", "--threshold=20", unit}, // of 100, which is a service without any wall
	} {
		if out, err := exec.Command(analyze, args...).CombinedOutput(); err != nil {
			t.Errorf("systemd-analyze %q: %v\n%s", args, err, out)
		}
	}
}

// Without a container engine, the test does what the Dockerfile says by hand:
// its build line, and then its program as its user, with its arguments, in a
// root folder that holds nothing else. What it cannot show is that the image
// named in FROM exists.
func TestDockerfileMakesAProgramThatNeedsNothingElse(t *testing.T) {
	t.Parallel()
	dockerfile := readFile(t, "../deploy/Dockerfile")
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(root, "parley")

	goVersion := wantMatch(t, readFile(t, "../go.mod"), `(?m)^go (\S+)`)[1]
	if image := wantMatch(t, dockerfile, `(?m)^FROM golang:(\S+) AS build$`)[1]; !strings.HasPrefix(goVersion+".", image+".") {
		t.Errorf("the Dockerfile builds with Go %s, go.mod wants %s", image, goVersion)
	}
	line := wantMatch(t, dockerfile, `(?m)^RUN (CGO_ENABLED=0 go build .* -o /parley \./cmd/parley)$`)[1]
	build := exec.Command("sh", "-c", strings.Replace(line, "-o /parley", "-o "+program, 1))
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	wantStatic(t, program)

	wantMatch(t, dockerfile, `(?m)^COPY --from=build --chown=65532:65532 /data /data$`)
	wantMatch(t, dockerfile, `(?m)^USER 65532:65532$`)
	data := wantMatch(t, dockerfile, `(?m)^ENV (PARLEY_DATA=/data)$`)[1]
	wantMatch(t, dockerfile, `(?m)^ENTRYPOINT \["/parley"\]$`)
	wantMatch(t, dockerfile, `(?m)^CMD \["serve", "--listen", ":8080"\]$`)
	if os.Geteuid() != 0 {
		t.Skip("changing the root folder takes root: the program was built and is static, and was not run alone")
	}
	if err := errors.Join(os.Mkdir(filepath.Join(root, "data"), 0o755), os.Chown(filepath.Join(root, "data"), 65532, 65532)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/parley", "serve", "--listen", "127.0.0.1:0")
	cmd.Path, cmd.Err = "/parley", nil // in the new root
	cmd.Dir = "/"
	cmd.Env = []string{data}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	s := serve(t, cmd)
	ada := dial(t, s.WS, nil)
	ada.join("ada", "lobby")
	f := front{URL: s.URL, Client: http.DefaultClient}
	if got := f.status(t, "/"); got != http.StatusOK {
		t.Errorf("GET /: status %d, want the page", got)
	}
	if code, _ := s.Stop(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// wantStatic fails the test if program asks for a loader or a library.
func wantStatic(t *testing.T, program string) {
	t.Helper()
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP {
			t.Error("the program asks for a loader")
		}
	}
	if libraries, err := file.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("the program asks for %q (%v)", libraries, err)
	}
}

func wantMatch(t *testing.T, text, pattern string) []string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("nothing matches %s in:\n%s", pattern, text)
	}
	return found
}
