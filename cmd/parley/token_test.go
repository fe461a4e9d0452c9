package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/store/sqlite"
	"github.com/parley-chat/parley/protocol"
)

const signedWith = "a secret of this test, thirty-two bytes long"

// tokenOf is a token of a minute ago.
func tokenOf(t *testing.T, user, role string) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": user, "role": role, "iat": time.Now().Add(-time.Minute).Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString([]byte(signedWith))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// statusOf is how the door answers whoever brings a token.
func statusOf(t *testing.T, url, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/whoami", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestATokenIsRevokedAtARunningServer(t *testing.T) {
	url, _ := startNode(t, config.Serve{JWTSecret: signedWith})
	ada, grace, root := tokenOf(t, "ada", ""), tokenOf(t, "grace", ""), tokenOf(t, "root", "admin")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url+"/ws?token="+ada, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow() //nolint:errcheck // it is closed by then
	file := filepath.Join(t.TempDir(), "root.jwt")
	if err := os.WriteFile(file, []byte(root+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, said := house(t, exitOK, "token", "revoke", "ada", "--server", url, "--as", "@"+file)
	if want := "ada is revoked (" + url + ")\n"; out != want || said != "" {
		t.Errorf("it says %q and %q, want %q", out, said, want)
	}
	if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != 4401 {
		t.Errorf("her session: %v, want close 4401", err)
	}
	t.Setenv("PARLEY_TOKEN", root)
	out, said = house(t, exitOK, "token", "revoke", "--token", grace, "--server", url)
	if strings.Contains(out+said, grace) {
		t.Errorf("it shows the token: %q %q", out, said)
	}
	for name, token := range map[string]string{"ada": ada, "grace": grace} {
		if got := statusOf(t, url, token); got != http.StatusUnauthorized {
			t.Errorf("%s gets %d, want 401", name, got)
		}
	}
	if got := statusOf(t, url, root); got != http.StatusOK {
		t.Errorf("root gets %d, want 200", got)
	}
}

func TestATokenIsRevokedInTheFolderOfAStoppedServer(t *testing.T) {
	folder := kept(t, 1, "lobby")
	revoked := tokenOf(t, "ada", "")
	s, err := sqlite.Open(folder, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	pass := auth.NewPasses(s.Secret()).Issue(protocol.User{ID: "guest.eve", Name: "eve"}, time.Now())
	_, said := house(t, exitFailed, "token", "revoke", "grace", "--data", folder)
	if want := "a server runs on " + folder + ": ask it, with --server URL"; !strings.Contains(said, want) {
		t.Errorf("beside a server it says %q, want %q", said, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	house(t, exitOK, "token", "revoke", "grace", "--data", folder)
	house(t, exitOK, "token", "revoke", "--token", revoked, "--data", folder)
	house(t, exitOK, "token", "revoke", "--token", pass, "--store", "sqlite", "--data", folder)
	url, _ := startNode(t, config.Serve{Store: "sqlite", Data: folder, JWTSecret: signedWith})
	for name, want := range map[string]int{"grace": http.StatusUnauthorized, "linus": http.StatusOK} {
		if got := statusOf(t, url, tokenOf(t, name, "")); got != want {
			t.Errorf("%s gets %d, want %d", name, got, want)
		}
	}
	if got := statusOf(t, url, revoked); got != http.StatusUnauthorized {
		t.Errorf("the token that was revoked gets %d, want 401", got)
	}
}

func TestWhatIsTypedWeighsMoreThanTheEnvironment(t *testing.T) {
	t.Chdir(t.TempDir())
	url, _ := startNode(t, config.Serve{JWTSecret: signedWith})
	root := tokenOf(t, "root", "admin")
	revoke := func(code int, args ...string) string {
		t.Helper()
		out, said := house(t, code, append([]string{"token", "revoke", "ada"}, args...)...)
		return out + said
	}
	wants := func(said, want string) {
		t.Helper()
		if !strings.Contains(said, want) {
			t.Errorf("it says %q, want %q", said, want)
		}
	}
	t.Setenv("PARLEY_STORE", "sqlite")
	wants(revoke(exitOK, "--server", url, "--as", root), "ada is revoked ("+url+")")
	wants(revoke(exitFailed, "--as", "a.b.c"), "localhost:8080")
	t.Setenv("PARLEY_TOKEN", root)
	wants(revoke(exitUsage), "PARLEY_STORE is sqlite, whose folder is not named: give it with --data")
	t.Setenv("PARLEY_SERVER", url)
	wants(revoke(exitOK), "ada is revoked ("+url+")")
	folder := kept(t, 1, "lobby")
	wants(revoke(exitOK, "--data", folder), "ada is revoked ("+folder+")")
	wants(revoke(exitFailed, "--store", "sqlite"), "parley-data")
	wantEmpty(t, ".")
}

func TestWrongRevokesAreRefusedWithWords(t *testing.T) {
	url, _ := startNode(t, config.Serve{JWTSecret: signedWith})
	guests, _ := startNode(t, config.Serve{})
	elsewhere := httptest.NewServer(http.RedirectHandler("https://chat.example/", http.StatusMovedPermanently))
	t.Cleanup(elsewhere.Close)
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(silent.Close)
	cutOff := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"type":"ok"`))
	}))
	t.Cleanup(cutOff.Close)
	token := tokenOf(t, "grace", "")
	gone := filepath.Join(t.TempDir(), "gone")
	for _, x := range []struct {
		code int
		args string
		want string
	}{
		{exitUsage, "", "name a user, or give --token: one of them"},
		{exitUsage, "ada --token a.b.c", "one of them"},
		{exitUsage, "--token hunter2", "--token is neither a JWT nor a guest's pass"},
		{exitUsage, token, "that is no id but a token: give it by --token"},
		{exitUsage, strings.Repeat("u", 65), "the user's id has 65 bytes: want 1 to 64"},
		{exitUsage, "--token @" + gone, "--token: open " + gone + ": no such file"},
		{exitUsage, "ada --as @" + gone, "--as: open " + gone + ": no such file"},
		{exitUsage, "ada --server ftp://x", "--server: URL"},
		{exitUsage, "ada --store memory", "--store is memory, which is its server's alone"},
		{exitUsage, "ada --store paper", `--store is "paper": want sqlite`},
		{exitUsage, "ada --store postgres://u:hunter2@h:x/d", "that can't be read as a URL"},
		{exitUsage, "ada --store postgres://u:hunter2@h/d --data x", "--store is postgres://h:5432/d: give one of them"},
		{exitUsage, "ada --as a.b.c --store postgres://h/d", "--as and --server ask a server, --store and --data ask none: give one or the other"},
		{exitUsage, "ada --server " + url + " --data x", "give one or the other"},
		{exitFailed, "ada --server " + silent.URL, silent.URL + " gives no answer: it may be revoked or not, so do it again"},
		{exitFailed, "ada --server " + cutOff.URL, cutOff.URL + " gives no answer: it may be revoked or not, so do it again"},
		{exitFailed, "ada --data " + gone, "there is no database in " + gone},
		{exitFailed, "ada --server " + url, "lets in only people with a token: give an admin's with --as"},
		{exitFailed, "ada --server " + url + " --as hunter2", "refused the token of --as: The token does not hold: it is no JWT"},
		{exitFailed, "ada --server " + url + " --as " + token, "only an admin may revoke somebody else: the token of --as is no admin's"},
		{exitFailed, "ada --server " + guests, "only an admin may revoke somebody else: give an admin's token with --as"},
		{exitFailed, "--token " + token + " --server " + guests, "token: it does not hold"},
		{exitFailed, "ada --server " + elsewhere.URL, "leads on to another address"},
		{exitFailed, "ada --server " + other.URL, `answers with "404 Not Found": give the address of a Parley server`},
		{exitFailed, "ada --server http://127.0.0.1:1", "nothing answers at http://127.0.0.1:1"},
	} {
		t.Run(fmt.Sprintf("%.60s", x.args), func(t *testing.T) {
			_, said := house(t, x.code, append([]string{"token", "revoke"}, strings.Fields(x.args)...)...)
			if !strings.Contains(said, x.want) {
				t.Errorf("it says %q, want %q", said, x.want)
			}
			if strings.Contains(said, "hunter2") || strings.Contains(said, token) {
				t.Errorf("it shows a secret: %q", said)
			}
			if x.code == exitUsage && !strings.Contains(said, "parley token revoke --help tells more") {
				t.Errorf("it doesn't lead to the help: %q", said)
			}
		})
	}
}
