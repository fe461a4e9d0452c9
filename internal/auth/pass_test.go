package auth_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/protocol"
)

const (
	noPass      = "it is none of this server's"
	passExpired = "it has expired"
)

var passSecret = bytes.Repeat([]byte("ada+"), 8)

func guest() protocol.User {
	return protocol.User{ID: "guest.abcdefghijklmnopqrstuvwxyz", Name: "ada"}
}

// wantNoPass fails the test unless the pass is refused with these words.
func wantNoPass(t testing.TB, p *auth.Passes, pass string, at time.Time, words string) {
	t.Helper()
	if who, err := p.Verify(pass, at); err == nil || err.Error() != words {
		t.Errorf("%+v, %v; want %q", who, err, words)
	}
}

func TestPassProvesWhomItWasIssuedTo(t *testing.T) {
	p := auth.NewPasses(passSecret)
	rapid.Check(t, func(t *rapid.T) {
		want := protocol.User{ID: auth.NewGuest("").User, Name: rapid.StringN(0, protocol.MaxNameRunes, -1).Draw(t, "name")}
		pass := p.Issue(want, now)
		got, err := auth.NewPasses(passSecret).Verify(pass, now)
		if err != nil || !got.Guest || got.User != want.ID || got.Name != want.Name || got.Role != "" || got.Terms != nil {
			t.Fatalf("%+v, %v; want %+v", got, err, want)
		}
		if strings.Trim(pass, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
			t.Fatalf("%s can't stand in a URL and a subprotocol", pass)
		}
	})
}

func TestPassHoldsForNinetyDays(t *testing.T) {
	p := auth.NewPasses(passSecret)
	pass := p.Issue(guest(), now)
	const day = 24 * time.Hour
	for _, after := range []time.Duration{-day, 0, day, 90*day - time.Second} {
		if _, err := p.Verify(pass, now.Add(after)); err != nil {
			t.Errorf("after %v: %v", after, err)
		}
	}
	for _, after := range []time.Duration{90 * day, 91 * day, 100 * 365 * day} {
		wantNoPass(t, p, pass, now.Add(after), passExpired)
	}
}

func TestPassOfAnotherServerIsRefused(t *testing.T) {
	pass := auth.NewPasses(bytes.Repeat([]byte("eve+"), 8)).Issue(guest(), now)
	wantNoPass(t, auth.NewPasses(passSecret), pass, now, noPass)
}

func TestPassThatWasChangedAnywhereIsRefused(t *testing.T) {
	p := auth.NewPasses(passSecret)
	pass := p.Issue(guest(), now)
	for i := range pass {
		for _, letter := range []byte("Aa0-_.= ") {
			if changed := pass[:i] + string(letter) + pass[i+1:]; changed != pass {
				wantNoPass(t, p, changed, now, noPass)
			}
		}
		wantNoPass(t, p, pass[:i], now, noPass)
		wantNoPass(t, p, pass[i+1:], now, noPass)
	}
	for _, added := range []string{"A", "=", "\n", ".", pass, strings.Repeat("A", 1<<20)} {
		wantNoPass(t, p, pass+added, now, noPass)
	}
}

// Whatever is no pass of ours is refused; what holds is what was issued, letter by
// letter.
func FuzzPassVerify(f *testing.F) {
	p := auth.NewPasses(passSecret)
	good := p.Issue(guest(), now)
	for _, seed := range []string{"", "pass1.", good, strings.TrimPrefix(good, "pass1."), good + "=", good[:40] + "\n" + good[40:], "pass1.AAAA", "pass2." + good} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pass string) {
		who, err := p.Verify(pass, now)
		if (err == nil) != (pass == good) || err == nil && who.User != guest().ID {
			t.Errorf("%q is of %+v, %v", pass, who, err)
		}
	})
}
