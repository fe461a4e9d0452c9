package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/logging"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/node"
	"github.com/parley-chat/parley/protocol"
)

// startNode runs a node until the test ends. drain ends it before.
func startNode(t *testing.T, cfg config.Serve) (url string, drain func()) {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Store == "" {
		cfg.Store = "memory"
	}
	cfg.Heartbeat, cfg.Transport = 30*time.Second, "auto"
	logger, lines := logging.New(t.Output(), "text")
	n, err := node.Start(cfg, io.Discard, logger, metrics.New())
	if err != nil {
		t.Fatal(err)
	}
	drained := false
	drain = func() {
		if drained {
			return
		}
		drained = true
		ctx, cancel := context.WithTimeout(context.Background(), node.DrainTimeout)
		defer cancel()
		if err := n.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
		lines.Close(patience)
	}
	t.Cleanup(drain)
	return n.URL(), drain
}

// joined is one `parley join` in a pipe.
type joined struct {
	in       *io.PipeWriter
	out, err output
	code     chan int
}

// join runs `parley join url args` with a pipe for its input.
func join(t *testing.T, url string, args ...string) *joined {
	t.Helper()
	in, feed := io.Pipe()
	j := &joined{in: feed, code: make(chan int, 1)}
	go func() {
		code := run(append([]string{"join", url}, args...), streams{in, &j.out, &j.err})
		_ = in.Close() // a feeder that still writes is told
		j.code <- code
	}()
	t.Cleanup(func() { _ = feed.Close() })
	return j
}

func (j *joined) feed(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(j.in, text); err != nil {
		t.Fatalf("feed: %v\n%s", err, &j.err)
	}
}

// end closes the input and waits for the exit code.
func (j *joined) end(t *testing.T, want int) {
	t.Helper()
	_ = j.in.Close()
	select {
	case code := <-j.code:
		if code != want {
			t.Fatalf("exit code %d, want %d\n%s", code, want, &j.err)
		}
	case <-time.After(patience):
		t.Fatalf("it does not end\nout: %s\nerr: %s", &j.out, &j.err)
	}
}

// texts are the messages of name that out shows, one a line.
func texts(out, name string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^\S+Z `+name+`: (.*)$`).FindAllStringSubmatch(out, -1) {
		all = append(all, m[1])
	}
	return all
}

func numbers(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("line %d", i)
	}
	return all
}

func TestEachLineOfAPipeIsAMessage(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	grace := join(t, url+"/#builds", "--name=grace")
	grace.out.wait(t, "grace joined #builds")
	long := strings.Repeat("é", protocol.MaxTextRunes)
	ada := join(t, url, "--room=#builds", "--name=ada")
	ada.feed(t, "one\n\n \t\n/quit\n\x1b[31mred\x1b[0m\xff\ttab\n"+long+"rest\nlast, without a newline")
	ada.end(t, exitOK)
	want := []string{"one", "/quit", "red\uFFFD\ttab", long, "rest", "last, without a newline"}
	grace.out.wait(t, "ada left #builds")
	for who, out := range map[string]string{"ada": ada.out.String(), "grace": grace.out.String()} {
		if got := texts(out, "ada"); !slices.Equal(got, want) {
			t.Errorf("%s sees %.60q, want %.60q", who, got, want)
		}
	}
	grace.end(t, exitOK)
	if said := ada.err.String(); said != "" {
		t.Errorf("standard error holds %q", said)
	}
}

func TestAPipeKeepsTheRateAndLosesNothing(t *testing.T) {
	url, _ := startNode(t, config.Serve{Rate: config.Rate{N: 5, Per: 200 * time.Millisecond}})
	ada := join(t, url, "--name=ada")
	want := numbers(24)
	start := time.Now()
	ada.feed(t, strings.Join(want, "\n")+"\n")
	ada.end(t, exitOK)
	if got := texts(ada.out.String(), "ada"); !slices.Equal(got, want) {
		t.Errorf("the room has %q", got)
	}
	if took := time.Since(start); took < 800*time.Millisecond {
		t.Errorf("24 messages at 5 in 200ms took %s: the limit did not hold", took)
	}
}

func TestAnInputOfNothingStillReachesTheRoom(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	ada := join(t, url, "--name=ada")
	ada.end(t, exitOK)
	if got := ada.out.String(); !strings.Contains(got, "ada joined #general") {
		t.Errorf("it prints %q", got)
	}
}

func TestAPipeOutlivesItsServer(t *testing.T) {
	kept := config.Serve{Store: "sqlite", Data: t.TempDir()}
	url, drain := startNode(t, kept)
	ada := join(t, url, "--name=ada", "--room=lobby")
	grace := join(t, url, "--name=grace", "--room=lobby")
	grace.out.wait(t, "grace joined #lobby") // in a pipe one sees what is said from then on
	want := numbers(2000)
	fed := make(chan error, 1)
	go func() { // it blocks while there is no server: a pipe is read only as fast as it is sent
		_, err := io.Copy(ada.in, iotest.OneByteReader(strings.NewReader(strings.Join(want, "\n")+"\n")))
		fed <- err
	}()
	ada.out.wait(t, "line 10\n")
	drain()
	ada.err.wait(t, "the server is restarting; trying again in")
	kept.Listen = strings.TrimPrefix(url, "http://")
	startNode(t, kept)
	if err := <-fed; err != nil {
		t.Fatal(err)
	}
	ada.end(t, exitOK)
	grace.out.wait(t, "ada left #lobby")
	grace.end(t, exitOK)
	for who, out := range map[string]string{"ada": ada.out.String(), "grace": grace.out.String()} {
		if got := texts(out, "ada"); !slices.Equal(got, want) {
			t.Errorf("%s sees %d messages of %d", who, len(got), len(want))
		}
	}
	if !strings.Contains(grace.err.String(), "back: caught up") {
		t.Errorf("grace is told %q", grace.err.String())
	}
}

func TestAPipeWaitsForItsServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	ada := join(t, addr, "--name=ada")
	ada.err.wait(t, "nothing answers at http://"+addr+" (is `parley serve` running there?); trying again in")
	startNode(t, config.Serve{Listen: addr})
	ada.feed(t, "hello\n")
	ada.end(t, exitOK)
	if got := texts(ada.out.String(), "ada"); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("the room has %q", got)
	}
}

func TestAnInputOfNothingDoesNotWaitForAServer(t *testing.T) {
	ada := join(t, "http://127.0.0.1:1")
	ada.end(t, exitFailed)
	if said := ada.err.String(); !strings.Contains(said, "nothing answers at http://127.0.0.1:1") {
		t.Errorf("it says %q", said)
	}
}

func TestTheNewestMessagesAreShownOnDemand(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	ada := join(t, url, "--name=ada")
	ada.feed(t, "one\ntwo\nthree\n")
	ada.end(t, exitOK)
	for last, want := range map[string][]string{"0": nil, "2": {"two", "three"}} {
		grace := join(t, url, "--name=grace", "--last="+last)
		grace.end(t, exitOK)
		if got := texts(grace.out.String(), "ada"); !slices.Equal(got, want) {
			t.Errorf("--last=%s shows %q", last, got)
		}
	}
}

func TestAGuestWhoComesBackIsTheSame(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	user := func(name string) string {
		t.Helper()
		j := join(t, url, "--name", name)
		j.feed(t, "hello\n")
		j.end(t, exitOK)
		answer, err := http.Post(url+"/api/v1/history", "application/json", strings.NewReader(`{"room":"general","limit":1}`))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		id := regexp.MustCompile(`"user":{"id":"([^"]+)","name":"` + name + `"`).FindSubmatch(body)
		if err != nil || id == nil {
			t.Fatalf("%s, %v", body, err)
		}
		return string(id[1])
	}
	ada, grace := user("ada"), user("grace")
	if again := user("ada"); again != ada || grace == ada {
		t.Errorf("ada is %s, then %s; grace is %s", ada, again, grace)
	}
}

func TestWhatOthersWriteCanNotDisguise(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	grace := join(t, url, "--name=grace")
	grace.out.wait(t, "grace joined")
	ada := join(t, url, "--name=ada")
	ada.feed(t, "safe\u202egpj.exe\n")
	ada.end(t, exitOK)
	grace.out.wait(t, "ada: safe\uFFFDgpj.exe\n")
	grace.end(t, exitOK)
}

func TestWhatNoServerWouldTakeIsRefusedHere(t *testing.T) {
	for _, args := range [][]string{
		{"--name", strings.Repeat("x", protocol.MaxNameRunes+1)},
		{"--room", "a\tb"},
		{"--last", "201"},
	} {
		var err bytes.Buffer
		code := run(append([]string{"join"}, args...), streams{strings.NewReader(""), io.Discard, &err})
		if code != exitUsage || !strings.Contains(err.String(), args[0]+" is ") {
			t.Errorf("%s: exit code %d, %q", args, code, err.String())
		}
	}
}

func TestWhatIsNoChatServerIsNamed(t *testing.T) {
	for _, tt := range []struct {
		status int
		args   []string
		want   string
	}{
		{http.StatusOK, nil, "where a chat server opens a WebSocket: give the address of a Parley server"},
		{http.StatusNotFound, nil, `answered "404 Not Found"`},
		{http.StatusUnauthorized, nil, "lets in only people with a token: give yours with --token or PARLEY_TOKEN"},
		{http.StatusUnauthorized, []string{"--token=x"}, "refused the token"},
		{http.StatusForbidden, nil, "refused the connection"},
	} {
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tt.status) }))
		j := join(t, site.URL, tt.args...)
		j.end(t, exitFailed)
		if said := j.err.String(); !strings.Contains(said, tt.want) || strings.Count(said, "\n") != 1 {
			t.Errorf("%d: it says %q, want %q in it", tt.status, said, tt.want)
		}
		site.Close()
	}
}

func TestTLSThatIsNotThereOrNotTrustedIsNamed(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(t.Output(), "", 0)
	secure.StartTLS()
	defer secure.Close()
	for url, want := range map[string]string{
		strings.Replace(plain.URL, "http:", "https:", 1): "does not speak TLS: try http://",
		secure.URL: "a certificate that this machine does not trust",
		strings.Replace(secure.URL, "https:", "http:", 1): "speaks TLS: try https://",
	} {
		j := join(t, url)
		j.end(t, exitFailed)
		if said := j.err.String(); !strings.Contains(said, want) {
			t.Errorf("%s: it says %q, want %q in it", url, said, want)
		}
	}
}

func TestATokenTravelsInTheHeader(t *testing.T) {
	got := make(chan string, 1)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Get("Authorization") + " " + r.URL.RawQuery
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer site.Close()
	join(t, site.URL, "--token=@"+tempFile(t, "s3cret\n")).end(t, exitFailed)
	if header := <-got; header != "Bearer s3cret " {
		t.Errorf("the server gets %q", header)
	}
	t.Setenv("PARLEY_TOKEN", "other")
	join(t, site.URL).end(t, exitFailed)
	if header := <-got; header != "Bearer other " {
		t.Errorf("the server gets %q", header)
	}
}

func TestATokensNameStands(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	url, _ := startNode(t, config.Serve{JWTSecret: secret, Rate: config.Rate{N: 100, Per: time.Second}})
	guest := join(t, url)
	guest.end(t, exitFailed)
	if said := guest.err.String(); !strings.Contains(said, "give yours with --token") {
		t.Errorf("a guest is told %q", said)
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "u1", "name": "Ada Lovelace", "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	ada := join(t, url, "--token", token, "--name=somebody")
	ada.feed(t, "one\ntwo\n")
	ada.end(t, exitOK) // it knows its echoes, though nobody told it the name
	if got := texts(ada.out.String(), "Ada Lovelace"); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("the room has %q", got)
	}
}

func TestAReaderThatWentAwayEndsAPipe(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	var err bytes.Buffer
	code := run([]string{"join", url}, streams{strings.NewReader("hello\n"), brokenPipe{}, &err})
	if code != exitFailed || !strings.Contains(err.String(), io.ErrClosedPipe.Error()) {
		t.Errorf("exit code %d, %q", code, err.String())
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
