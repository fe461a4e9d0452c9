//go:build e2e

package testserver

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestPostgresKeepsWhatWasCommittedWhenItIsKilled(t *testing.T) {
	p := StartPostgres(t)
	url := p.NewDatabase(t)
	ask(t, url, `create table t (n int); insert into t values (7)`)
	pids := family(p.cmd.Process.Pid)
	p.Kill()
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d outlives the server", pid)
		}
	}
	p.Start()
	if got := ask(t, url, `select n::text from t`); got != "7" {
		t.Errorf("after the kill there is %q, want 7", got)
	}
}

func TestPromotedStandbyLacksWhatItWasNotTold(t *testing.T) {
	p := StartPostgres(t)
	url := p.NewDatabase(t)
	ask(t, url, `create table t (n int); insert into t values (1)`)
	standby, link := p.StartStandby(t)
	link.Cut()
	ask(t, url, `insert into t values (2)`)
	p.Kill()
	standby.Promote()
	url = strings.Replace(url, p.Addr, standby.Addr, 1)
	ask(t, url, `insert into t values (3)`)
	if got := ask(t, url, `select string_agg(n::text, ' ' order by n) from t`); got != "1 3" {
		t.Errorf("the standby has %q, want 1 3", got)
	}
}

func ask(t *testing.T, url, sql string) (answer string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if strings.HasPrefix(sql, "select") {
		err = c.QueryRow(t.Context(), sql).Scan(&answer)
	} else {
		_, err = c.Exec(t.Context(), sql)
	}
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// say sends a PING through a link to Redis, and tells what comes of it.
func say(conn net.Conn) string {
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return "not sent"
	}
	_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	b := make([]byte, 100)
	n, err := conn.Read(b)
	if err != nil && strings.Contains(err.Error(), "timeout") {
		return "silence"
	}
	return string(b[:n])
}

func readFull(conn net.Conn, b []byte) error {
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, b)
	return err
}

func TestLinkDoesToAConnectionWhatItIsTold(t *testing.T) {
	const pong = "+PONG\r\n"
	a, b := StartRedis(t), StartRedis(t)
	l := NewLink(t, a.Addr)
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", l.Addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	want := func(what string, conn net.Conn, answer string) {
		t.Helper()
		if got := say(conn); got != answer {
			t.Errorf("%s: %q, want %q", what, got, answer)
		}
	}
	conn := dial()
	want("whole", conn, pong)
	if l.Got() != int64(len(pong)) {
		t.Errorf("%d bytes were counted, want %d", l.Got(), len(pong))
	}
	l.Cut()
	want("cut", conn, "silence")
	l.Mend()
	if waited := make([]byte, len(pong)); readFull(conn, waited) != nil || string(waited) != pong {
		t.Errorf("mended: %q, want what waited", waited)
	}
	want("mended", conn, pong)
	l.Close()
	want("closed", conn, "")
	want("closed, anew", dial(), "")
	l.Mend()
	want("mended, anew", dial(), pong)
	a.Kill()
	l.Lead(b.Addr)
	want("led to another", dial(), pong)
}
