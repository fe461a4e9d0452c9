package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/protocol"
)

// whisper opens a session over a pipe, which works on a simulated clock.
func whisper(t *testing.T, e *Engine, name string) *v1Peer {
	t.Helper()
	p := &v1Peer{peer: pipe(t, e, in, as(guest(name)))}
	p.welcome = p.frame()
	return p
}

// names are of the users in a signal's list, sorted.
func names(list any) string {
	var out []string
	for _, u := range list.([]any) {
		out = append(out, u.(map[string]any)["name"].(string))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// joined joins the lobby, up to the state that a newcomer is told.
func (p *v1Peer) joined(t *testing.T) (presence map[string]any) {
	t.Helper()
	p.mustDo("join", `"room":"lobby"`)
	for {
		switch f := p.frame(); {
		case f["type"] == "presence" && f["all"] == true:
			return f
		case f["type"] == "error":
			t.Fatal(f)
		}
	}
}

func TestANewcomerIsToldWhoIsThereAndTheOthersWhoCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		ada := whisper(t, e, "ada")
		if got := ada.joined(t); names(got["joined"]) != "ada" || got["count"] != 1.0 {
			t.Error(got)
		}
		grace := whisper(t, e, "grace")
		if got := grace.joined(t); names(got["joined"]) != "ada grace" || got["count"] != 2.0 {
			t.Error(got)
		}
		before := time.Now()
		for { // ada's own coming may be told, too
			got := ada.ofType("presence")
			if strings.Contains(names(got["joined"]), "grace") && got["count"] == 2.0 && got["all"] == nil {
				break
			}
		}
		if took := time.Since(before); took > signalEvery {
			t.Errorf("took %v", took)
		}
		grace.mustDo("rename", `"name":"Grace H."`)
		for !strings.Contains(names(ada.ofType("presence")["joined"]), "Grace H.") {
		}
		grace.mustDo("leave", `"room":"lobby"`)
		for names(ada.ofType("presence")["left"]) != "Grace H." {
		}
		grace.conn.Close()
		ada.conn.Close()
		synctest.Wait()
	})
}

func TestSignalsAreToldInARoomWhereNothingWasSaidForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := filled(t, 3, 10) // in an earlier life of the node
		ada, grace := whisper(t, e, "ada"), whisper(t, e, "grace")
		ada.joined(t)
		ada.ofType("presence") // her own coming
		grace.joined(t)
		if got := ada.ofType("presence"); names(got["joined"]) != "grace" {
			t.Error(got)
		}
		grace.mustDo("typing", `"room":"lobby"`)
		if got := ada.ofType("typing"); names(got["users"]) != "grace" {
			t.Error(got)
		}
		grace.conn.Close()
		ada.conn.Close()
		synctest.Wait()
	})
}

func TestOneWhoWentWhileNobodyHeardItIsNotToldAsOneWhoCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		ada, grace, stays := whisper(t, e, "ada"), whisper(t, e, "grace"), pipe(t, e)
		stays.send(`{"type":"join","username":"stays","room":"lobby"}`)
		stays.next()
		ada.joined(t)
		ada.ofType("presence")
		linus := pipe(t, e) // who speaks the tutorial dialect
		linus.send(`{"type":"join","username":"linus","room":"lobby"}`)
		linus.next()
		ada.mustDo("leave", `"room":"lobby"`)
		linus.send(`{"type":"leave"}`)
		synctest.Wait()
		if got := grace.joined(t); names(got["joined"]) != "grace stays" {
			t.Error(got)
		}
		if got := grace.ofType("presence"); names(got["joined"]) != "grace" {
			t.Errorf("%v came", got["joined"])
		}
		for _, p := range []*peer{ada.peer, grace.peer, stays, linus} {
			p.conn.Close()
		}
		synctest.Wait()
	})
}

func TestTypingEndsWithTheMessageOrByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		ada, grace := whisper(t, e, "ada"), whisper(t, e, "grace")
		ada.joined(t)
		grace.joined(t)
		typing := func() string {
			for {
				f := ada.frame()
				if f["type"] == "typing" {
					return names(f["users"])
				}
			}
		}
		grace.mustDo("typing", `"room":"lobby"`)
		if got := typing(); got != "grace" {
			t.Errorf("%q is typing", got)
		}
		grace.mustDo("send", `"room":"lobby","text":"done"`)
		if got := typing(); got != "" {
			t.Errorf("%q is typing, and the message is there", got)
		}
		grace.mustDo("typing", `"room":"lobby"`)
		typing()
		since := time.Now()
		if got := typing(); got != "" {
			t.Errorf("%q is typing", got)
		}
		if took := time.Since(since); took > protocol.TypingFor {
			t.Errorf("typing ended after %v", took)
		}
		grace.conn.Close()
		ada.conn.Close()
		synctest.Wait()
	})
}

func TestAReadMarkIsToldToAllSessionsOfItsUser(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		id := guest("ada")
		phone, desk, grace := dial(t, e, id), dial(t, e, id), dial(t, e, guest("grace"))
		for i := range 3 {
			grace.mustDo("send", fmt.Sprintf(`"room":"lobby","text":"@ada %d"`, i))
		}
		unread := func(p *v1Peer) string {
			r := p.mustDo("rooms", "")["rooms"].([]any)[0].(map[string]any)
			return fmt.Sprint(r["name"], " ", r["head"], " ", r["read"], " ", r["unread"], " ", r["mentions"])
		}
		if got := unread(desk); got != "lobby 3 0 3 3" {
			t.Error(got)
		}
		if got := phone.mustDo("read", `"room":"lobby","seq":2`); got["seq"] != 2.0 || got["unread"] != 1.0 || got["mentions"] != 1.0 {
			t.Error(got)
		}
		if got := desk.ofType("read"); got["seq"] != 2.0 || got["unread"] != 1.0 || got["room"] != "lobby" {
			t.Error(got)
		}
		if got := unread(desk); got != "lobby 3 2 1 1" {
			t.Error(got)
		}
		if got := phone.mustDo("read", `"room":"lobby","seq":1`); got["seq"] != 2.0 {
			t.Errorf("went back: %v", got)
		}
		grace.mustDo("delete", `"room":"lobby","seq":3`)
		if got := unread(desk); got != "lobby 4 2 0 0" {
			t.Error(got)
		}
	})
}

func TestAReadMarkIsToldToNoneOfItsUsersSessionsThatCannotKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		id := guest("ada")
		elsewhere := id
		elsewhere.Terms = &auth.Terms{Rooms: []string{"attic"}} // another token
		whisperAs := func(id auth.Identity) *v1Peer {
			p := &v1Peer{peer: pipe(t, e, in, as(id))}
			p.welcome = p.frame()
			return p
		}
		ada, kept, tutorial := whisperAs(id), whisperAs(elsewhere), pipe(t, e, as(id))
		tutorial.send(`{"type":"join","username":"ada","room":"lobby"}`)
		tutorial.next()
		ada.mustDo("send", `"room":"lobby","text":"one"`)
		tutorial.want(chatFrame("ada", "one", 0))
		ada.mustDo("read", `"room":"lobby","seq":1`)
		synctest.Wait()
		ada.mustDo("send", `"room":"lobby","text":"two"`)
		tutorial.want(chatFrame("ada", "two", 0))
		ada.mustDo("send", `"room":"attic","text":"three"`)
		ada.mustDo("read", `"room":"attic","seq":1`)
		if got := kept.ofType("read"); got["room"] != "attic" {
			t.Errorf("one who may not know of the lobby hears %v", got)
		}
		for _, p := range []*peer{ada.peer, kept.peer, tutorial} {
			p.conn.Close()
		}
		synctest.Wait()
	})
}
