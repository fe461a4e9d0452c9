package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/parley-chat/parley/internal/config"
)

func TestAnExportThatIsNotWholeEndsWithAnError(t *testing.T) {
	folder := kept(t, 5, "lobby") // fits a buffer: only its flush meets the full disk
	for name, args := range map[string][]string{"to standard output": nil, "to a file": {"/dev/full"}} {
		t.Run(name, func(t *testing.T) {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer full.Close()
			var stderr bytes.Buffer
			cmd := command(t, append([]string{"export", "--data", folder}, args...)...)
			cmd.Stdout, cmd.Stderr = full, &stderr
			if err := cmd.Run(); cmd.ProcessState.ExitCode() != exitFailed || !strings.Contains(stderr.String(), "no space left on device") {
				t.Errorf("%v: %s", err, &stderr)
			}
		})
	}
}

func TestAnExportWhoseReaderHasSeenEnoughEndsQuietly(t *testing.T) {
	cmd := command(t, "export", "--data", kept(t, 20_000, "lobby"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_ = out.Close()
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || stderr.Len() > 0 {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}

// The server is killed while somebody writes: what it acknowledged stands in its
// write-ahead log, and is there for those who only read.
func TestAKilledServersFolderCanBeReadAndBackedUp(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	s := startServing(t, "--store=sqlite", "--data="+folder, "--rate=off")
	ada := join(t, s.url, "--room=lobby", "--name=ada")
	ada.feed(t, strings.Join(numbers(100), "\n")+"\n")
	ada.out.wait(t, "ada: line 99\n")
	s.signal(syscall.SIGKILL)
	s.wantEnd(t, -1)

	out, _ := house(t, exitOK, "export", "--data", folder)
	lobby := exported(t, out)["lobby"]
	if len(lobby) != 100 || lobby[99].Text != "line 99" {
		t.Errorf("%d events, want 100", len(lobby))
	}
	file, again := filepath.Join(t.TempDir(), "backup.db"), filepath.Join(t.TempDir(), "again")
	house(t, exitOK, "backup", "--data", folder, file)
	house(t, exitOK, "restore", "--data", again, file)
	if same, _ := house(t, exitOK, "export", "--data", again); same != out { // the epoch is new once it was started
		t.Error("what was restored is not what was there")
	}
}

func TestAnInterruptedCommandLeavesNothing(t *testing.T) {
	folder, work := kept(t, 100_000, "lobby"), t.TempDir()
	backup := filepath.Join(t.TempDir(), "backup.db")
	house(t, exitOK, "backup", "--data", folder, backup)
	for name, args := range map[string][]string{
		"backup":  {"backup", "--data", folder, filepath.Join(work, "file")},
		"export":  {"export", "--data", folder, filepath.Join(work, "file")},
		"restore": {"restore", "--data", filepath.Join(work, "data"), backup},
	} {
		t.Run(name, func(t *testing.T) {
			// A machine that stands still for a moment may finish before it is told.
			eventually(t, func() bool { return interrupted(t, work, args) }, func() string { return "it is always done before" })
		})
	}
}

// interrupted starts a command, interrupts it once there is something in the
// folder work, and reports whether that was in time.
func interrupted(t *testing.T, work string, args []string) bool {
	t.Helper()
	var stderr bytes.Buffer
	cmd := command(t, args...)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return len(left(t, work)) > 0 }, func() string { return "it does not begin" })
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
	if cmd.ProcessState.ExitCode() == exitOK {
		for _, entry := range left(t, work) {
			if err := os.RemoveAll(filepath.Join(work, entry.Name())); err != nil {
				t.Fatal(err)
			}
		}
		return false
	}
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || stderr.String() != "parley: stopped before it was done\n" {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if there := left(t, work); len(there) > 0 {
		t.Fatalf("it leaves %v", there)
	}
	return true
}

func TestProgressIsForPeopleAtATerminal(t *testing.T) {
	person, program := openTerminal(t)
	var screen output
	go func() { _, _ = io.Copy(&screen, person) }()
	folder, work := kept(t, 20_000, "lobby"), t.TempDir()
	for _, args := range [][]string{
		{"backup", "--data", folder, filepath.Join(work, "backup.db")},
		{"export", "--data", folder, filepath.Join(work, "chat.jsonl")},
	} {
		var out bytes.Buffer
		if code := run(args, streams{strings.NewReader(""), &out, program}); code != exitOK {
			t.Fatalf("exit code %d: %s", code, &screen)
		}
		if strings.Contains(out.String(), "%") {
			t.Errorf("standard output has %q", &out)
		}
	}
	screen.wait(t, "\rcopying: 100 %")
	screen.wait(t, "\rwriting: 100 %\r\x1b[K")
}

// The shell blocks of docs/keeping-house.md are run one after the other, and its
// line for cron.
func TestThePageOnKeepingHouseIsTrue(t *testing.T) {
	page, err := os.ReadFile("../../docs/keeping-house.md")
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	_, drain := startNode(t, config.Serve{Store: "sqlite", Data: filepath.Join(work, "parley-data")})
	drain() // for the page moves the folder away
	blocks := strings.Split(string(page), "```sh\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("the page has %d blocks to run", len(blocks))
	}
	for _, block := range blocks {
		script, _, _ := strings.Cut(block, "```")
		runShell(t, work, script)
	}
	for line := range strings.Lines(string(page)) {
		if cron, ok := strings.CutPrefix(line, "    15 3 * * * "); ok {
			cron = strings.ReplaceAll(strings.ReplaceAll(cron, `\%`, "%"), "/var/lib/parley", work+"/parley-data")
			runShell(t, work, strings.ReplaceAll(cron, "/var/backups/parley", t.TempDir()))
			return
		}
	}
	t.Error("the page has no line for cron")
}

// runShell runs a script in a folder, with parley on its path.
func runShell(t *testing.T, folder, script string) {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "parley")); err != nil {
		t.Skip("no links here:", err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", script)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), asParley+"=1", "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s%v\n%s", script, err, out)
	}
}

// BenchmarkExportAMillionEvents exports to nowhere, in a process of its own.
func BenchmarkExportAMillionEvents(b *testing.B) {
	for _, events := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(events), func(b *testing.B) {
			folder := kept(b, events, "lobby")
			var memory int64
			for b.Loop() {
				cmd := command(b, "export", "--data", folder)
				out, err := cmd.StdoutPipe()
				if err != nil {
					b.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				n, _ := io.Copy(io.Discard, out)
				if err := cmd.Wait(); err != nil || n < int64(events)*100 {
					b.Fatal(n, err)
				}
				memory = max(memory, peakMemory(cmd))
			}
			b.ReportMetric(float64(memory)/(1<<20), "MiB-peak")
			b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// peakMemory is what a process that has ended held at most, in bytes.
func peakMemory(cmd *exec.Cmd) int64 {
	return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}
