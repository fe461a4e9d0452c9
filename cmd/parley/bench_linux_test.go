package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/load"
	"github.com/parley-chat/parley/internal/load/report"
)

// bench runs `parley bench args`, not at a terminal.
func bench(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(append([]string{"bench"}, args...), streams{strings.NewReader(""), &o, &e})
	return code, o.String(), e.String()
}

func socket(url string) string { return strings.Replace(url, "http:", "ws:", 1) + "/ws" }

func TestALoadTestShowsWhatItSaw(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	folder := t.TempDir()
	file := func(name string) string { return filepath.Join(folder, name) }
	code, out, said := bench(t, "fanout", socket(url), "--sessions=20", "--senders=2", "--warmup=50ms", "--window=500ms", "--repeat=2",
		"--server=mine", "--json="+file("r.json"), "--html="+file("r.html"), "--plots="+file("plots"))
	if code != exitOK || said != "" {
		t.Fatalf("exit code %d\n%s%s", code, out, said)
	}
	row := regexp.MustCompile(`(?s)^fanout: 20 sessions in 1 room, 2 senders, .*\n\n +server +mine\n +runs +2\n +messages/s +[0-9.,]+\n` +
		`.* p99\.9 .* CPU/delivery +[0-9.]+ µs\n`)
	if !row.MatchString(out) {
		t.Errorf("the table is\n%s", out)
	}
	r := readReport(t, file("r.json"))
	if len(r.Runs) != 2 || r.Runs[0].Deliveries < 20 || r.Runs[0].ServerCPU == 0 || r.Runs[0].Ready.RSS == 0 || r.Machine == "" {
		t.Errorf("the report is %+v", r)
	}
	if !strings.HasPrefix(r.Command, "parley bench fanout ws://127.0.0.1:") || !strings.Contains(r.Command, "--repeat=2") {
		t.Errorf("the report's command is %s", r.Command)
	}
	for _, name := range []string{"r.html", "plots/fanout-percentiles.svg"} {
		if text, err := os.ReadFile(file(name)); err != nil || !bytes.Contains(text, []byte("mine")) {
			t.Errorf("%s: %v, %.100s", name, err, text)
		}
	}

	code, out, said = bench(t, "--with", file("r.json"), "--with", file("r.json"), "--html", file("both.html"))
	if code != exitOK || said != "" || !regexp.MustCompile(`runs +4\n`).MatchString(out) {
		t.Errorf("merged: exit code %d\n%s%s", code, out, said)
	}
	if code, _, said := bench(t, "fanout", socket(url), "--html", file("both.html")); code != exitFailed || !strings.Contains(said, "is there already") {
		t.Errorf("a page that is there: exit code %d, %s", code, said)
	}
}

func readReport(t *testing.T, path string) load.Report {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestASearchShowsItsSteps(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	// A p99 of a nanosecond is kept at no rate: it goes down from 0.3 and ends.
	code, out, said := bench(t, "fanout", socket(url), "--wire=tutorial", "--sessions=4", "--senders=1", "--warmup=0s", "--window=200ms",
		"--rate=0.15", "--search=1ns", "--json=-")
	if code != exitOK || said != "" || !strings.Contains(out, `"steps"`) || !strings.Contains(out, `"bound_ns": 1,`) {
		t.Errorf("exit code %d\n%s%s", code, out, said)
	}
}

func TestSizesMakeARunEach(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	file := filepath.Join(t.TempDir(), "r.json")
	code, out, said := bench(t, "fanout", socket(url), "--sizes=10,5", "--rate=20", "--warmup=0s", "--window=300ms", "--json", file)
	if code != exitOK {
		t.Fatalf("exit code %d\n%s%s", code, out, said)
	}
	if r := readReport(t, file); len(r.Runs) != 2 || r.Runs[0].Sessions != 5 || r.Runs[1].Sessions != 10 || r.Runs[1].Offered != 20 {
		t.Errorf("the runs are %+v", r.Runs)
	}
}

func TestEveryScenarioHasItsUsualSizes(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	for scenario, want := range map[string]string{
		"rooms":   "rooms: 40 sessions in 4 rooms, 4 senders, each sends when",
		"storm":   "storm: 40 sessions in 1 room, 8 senders, 100 messages/s offered",
		"slow":    "slow: 40 sessions in 1 room, 16 senders, each sends when",
		"history": "history: 40 sessions in 1 room\n",
	} {
		args := []string{scenario, socket(url), "--sessions=40", "--warmup=0s", "--window=400ms"}
		if scenario == "history" {
			args = append(args, "--fill=100", "--page=10")
		}
		if code, out, said := bench(t, args...); code != exitOK || !strings.HasPrefix(out, want) {
			t.Errorf("%s: exit code %d\n%s%s", scenario, code, out, said)
		}
	}
}

func TestAServerThatLimitsTheRateIsNamed(t *testing.T) {
	url, _ := startNode(t, config.Serve{Rate: config.Rate{N: 1, Per: time.Minute}})
	for _, wire := range []string{"parley.v1", "tutorial"} {
		code, _, said := bench(t, "fanout", socket(url), "--sessions=2", "--wire", wire)
		if code != exitFailed || !strings.Contains(said, "start it with --rate off") {
			t.Errorf("%s: exit code %d, %s", wire, code, said)
		}
	}
}

func TestWhatIsNoServerToLoadIsNamed(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusUnauthorized: "lets in only people with a token: give one with --token",
		http.StatusNotFound:     "no WebSocket is at /ws there",
	} {
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		if code, _, said := bench(t, "fanout", socket(site.URL), "--sessions=2"); code != exitFailed || !strings.Contains(said, want) {
			t.Errorf("%d: exit code %d, %s", status, code, said)
		}
		site.Close()
	}
	if code, _, said := bench(t, "fanout", "ws://127.0.0.1:1"); code != exitFailed || !strings.Contains(said, "is `parley serve --rate off` running there?") {
		t.Errorf("exit code %d, %s", code, said)
	}
}

func TestCtrlCEndsALoadTestWithWhatItSaw(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	cmd := command(t, "bench", "fanout", socket(url), "--sessions=4", "--warmup=0s", "--window=1h", "--server=mine")
	person, terminal := openTerminal(t)
	var out, screen output
	cmd.Stdout, cmd.Stderr = &out, terminal
	go func() { _, _ = io.Copy(&screen, person) }()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	screen.wait(t, "messages/s")
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || !regexp.MustCompile(`mine +[0-9.,]+ `).MatchString(out.String()) {
		t.Errorf("exit code %d, %v\n%s\n%s", code, err, &out, &screen)
	}
	screen.wait(t, "stopped before all was measured")
}

func TestWhatNoLoadTestCanDoIsRefused(t *testing.T) {
	for args, want := range map[string]string{
		"":                               "no scenario is given: want fanout, rooms, idle, storm, slow or history",
		"fnout":                          `the scenario is "fnout": want fanout,`,
		"fanout http://203.0.113.1":      "give --yes-this-is-mine if you may",
		"fanout wss://127.0.0.1":         "speaks no TLS",
		"fanout ftp://127.0.0.1":         "has the scheme ftp",
		"fanout --wire=x":                `--wire is "x": want parley.v1 or tutorial`,
		"fanout --window=10":             `--window: "10": want a time such as 500ms, 10s or 2m`,
		"fanout --window=0s":             "--window is 0s: want a time to measure",
		"fanout --search=0s":             "--search is 0s: want the p99 to keep",
		"fanout --search=1s --repeat=2":  "give no --sizes and no --repeat with it",
		"fanout --sessions=100000":       "--sessions is 100000: want 1 to 60000",
		"fanout --sizes=10,-1":           "--sizes has -1: want 1 to 60000",
		"fanout --repeat=0":              "--repeat is 0: want 1 to 100",
		"fanout --senders=9 --sizes=5":   "--senders is 9: want at most 5",
		"fanout --rate=-1":               "--rate is -1: want 0",
		"fanout --rate=NaN":              "--rate is NaN: want 0",
		"fanout --cut=5 --page=4":        "--cut is of no use in fanout\nparley: --page is of no use in fanout\n",
		"fanout --pid=-5":                "--pid is -5: want a process of this machine",
		"fanout --token=@/nonexistent":   "--token: open /nonexistent",
		"fanout --senders=x":             `--senders: expected a valid 64 bit int but got "x"`,
		"fanout --senders":               "--senders",
		"rooms --rooms=20 --sessions=10": "--rooms is 20: want at most one for each of 10 sessions",
		"rooms --busy=5":                 "--senders is 16: want at most the 5 of --busy",
		"rooms --busy=5 --senders=1":     "--busy wants a --rate",
		"storm --rate=0":                 "--rate is 0: want more in storm",
		"storm --cut=1000":               "want fewer than the 1000 sessions",
		"history --wire=tutorial":        "want parley.v1",
		"idle --search=1s":               "idle has none",
	} {
		code, out, said := bench(t, strings.Fields(args)...)
		if code != exitUsage || !strings.Contains(said, want) || out != "" {
			t.Errorf("bench %s: exit code %d, %q, want %q in it", args, code, said, want)
		}
	}
}

func TestAPublicServerIsDrivenByItsOwnerAlone(t *testing.T) {
	for host, asked := range map[string]bool{
		"127.0.0.1": false, "[::1]": false, "10.1.2.3": false, "192.168.1.1": false, "[fd00::1]": false, "localhost": false,
		"203.0.113.1": true, "[2001:db8::1]": true, "8.8.8.8": true, "[::ffff:8.8.8.8]": true,
	} {
		if _, err := readBenchTarget("ws://"+host+":8080/ws", false); (err != nil) != asked {
			t.Errorf("%s: %v", host, err)
		}
		if _, err := readBenchTarget("ws://"+host+":8080/ws", true); err != nil {
			t.Errorf("%s, mine: %v", host, err)
		}
	}
}

func TestThePathIsTheOneGiven(t *testing.T) {
	for _, tt := range []struct{ url, wire, want string }{
		{"ws://127.0.0.1:8080/ws", "parley.v1", ""}, // the wire's own, with a name
		{"ws://127.0.0.1:8080", "tutorial", "/ws"},
		{"ws://127.0.0.1:8080/chat/ws?x=1", "parley.v1", "/chat/ws?x=1"},
	} {
		target, err := readBenchTarget(tt.url, false)
		if err != nil || target.path(tt.wire) != tt.want || target.addr != "127.0.0.1:8080" {
			t.Errorf("%s: %+v, %v", tt.url, target, err)
		}
	}
}

func TestTheServersProcessIsFound(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		url, drain := startNode(t, config.Serve{Listen: listen})
		target, err := readBenchTarget(url, false)
		if err != nil {
			t.Fatal(err)
		}
		if pid, err := listener(target.ip, target.port); pid != os.Getpid() {
			t.Errorf("%s: pid %d, %v", listen, pid, err)
		}
		drain()
		if pid, note := (&benchCommand{}).process(target); pid != 0 || !strings.Contains(note, "--pid names it") {
			t.Errorf("%s, drained: pid %d, %q", listen, pid, note)
		}
	}
}

func TestTheCommandIsKeptWithoutItsToken(t *testing.T) {
	for want, args := range map[string][]string{
		"parley bench fanout --token=@TOKEN":      {"bench", "fanout", "--token=s3cret"},
		"parley bench --token @TOKEN fanout":      {"bench", "--token", "s3cret", "fanout"},
		"parley bench fanout --token=@file":       {"bench", "fanout", "--token=@file"},
		"parley bench --token @file --rate 5":     {"bench", "--token", "@file", "--rate", "5"},
		`parley bench --server 'it'\''s mine' ''`: {"bench", "--server", "it's mine", ""},
	} {
		if got := commandLine(args); got != want {
			t.Errorf("%q is kept as %s, want %s", args, got, want)
		}
	}
}

func TestTheLiveLineFitsItsTerminal(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	l := &live{runs: 3}
	m := moment{run: 1, cfg: load.Config{Window: 10 * time.Second}}
	for want, p := range map[string]load.Progress{
		"connect  run 2 of 3":        {},
		"join  run 2 of 3 · 7 of 20": {Phase: load.Joining, Done: 7, Total: 20},
		"measure  run 2 of 3 · 4 of 10 s · 20 sessions · 300 messages/s · p99 12.35ms · 6000 deliveries/s": {
			Phase: load.Measuring, Sample: load.Sample{At: 4 * time.Second, Sessions: 20, Messages: 300, Deliveries: 6000, P99: 12345678},
		},
	} {
		m.progress = p
		if got := l.line(m, 200); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := l.line(m, 40); len([]rune(got)) >= 40 {
			t.Errorf("%q is too long for 40 columns", got)
		}
	}
}

func TestALoadTestSpreadsItsSessionsOverNodes(t *testing.T) {
	// Two ways to one node, since two nodes would want a store that runs elsewhere.
	url, _ := startNode(t, config.Serve{})
	var mu sync.Mutex
	seen := map[string]int{}
	way := func(name string) string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for {
				near, err := listener.Accept()
				if err != nil {
					return
				}
				mu.Lock()
				seen[name]++
				mu.Unlock()
				go func() {
					defer near.Close()
					far, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
					if err != nil {
						return
					}
					defer far.Close()
					go func() { _, _ = io.Copy(far, near) }()
					_, _ = io.Copy(near, far)
				}()
			}
		}()
		return "ws://" + listener.Addr().String() + "/ws"
	}
	one, other := way("one"), way("other")
	code, out, said := bench(t, "rooms", "--url", one, "--url", other, "--sessions=20", "--rooms=4", "--rate=100", "--warmup=50ms", "--window=300ms", "--pid=0")
	if code != exitOK {
		t.Fatalf("exit code %d\n%s%s", code, out, said)
	}
	mu.Lock()
	if seen["one"] != 10 || seen["other"] != 10 {
		t.Errorf("the sessions are %v, want 10 each", seen)
	}
	mu.Unlock()
	if !strings.Contains(out, "20 sessions in 4 rooms, 2 nodes") {
		t.Errorf("the table says nothing of two nodes:\n%s", out)
	}
	for _, wrong := range [][]string{
		{"fanout", one, "--url", other},
		{"fanout", "--url", one, "--url", other, "--pid", strconv.Itoa(os.Getpid())},
		{"fanout", "--url", one, "--url", strings.TrimSuffix(other, "ws") + "elsewhere"},
	} {
		if code, _, said := bench(t, wrong...); code != exitUsage || said == "" {
			t.Errorf("%v: exit code %d, %s", wrong, code, said)
		}
	}
}
