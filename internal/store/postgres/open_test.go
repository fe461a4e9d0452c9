//go:build e2e

package postgres

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testserver"
)

func TestWhatKeepsTheStoreClosedIsSaidInWords(t *testing.T) {
	url := newDatabase(t)
	run(t, url, "create role limited login", "create role locked login password 'right'")
	newer := newDatabase(t)
	_ = open(t, newer).Close()
	run(t, newer, "insert into migration values (1000)")
	others := newDatabase(t)
	run(t, others, "create table event (id int)")
	nobody := testserver.FreeAddr(t)
	silent := testserver.NewLink(t, server.Addr)
	silent.Cut()
	const secret = "s3cr%t/@:x" // a % that is none makes the URL unreadable
	for name, c := range map[string]struct{ url, want string }{
		"no server":        {through(url, nobody), "no PostgreSQL answers at " + nobody + ": is it running"},
		"no answer":        {through(url, silent.Addr), "no PostgreSQL answers at " + silent.Addr},
		"no database":      {server.URL("nowhere"), `database "nowhere" does not exist: createdb nowhere`},
		"no such user":     {strings.Replace(url, "postgres@", "nobody:s3cr@", 1), `doesn't let user "nobody" into database`},
		"may not":          {strings.Replace(url, "postgres@", "limited:s3cr@", 1), `user "limited" may not do what is needed`},
		"no TLS":           {strings.Replace(url, "disable", "require", 1), "takes no TLS"},
		"a newer one":      {newer, "written by a newer parley (schema 1000, this one knows 1): run that version"},
		"another's":        {others, "holds tables of another program: give parley one of its own"},
		"no URL":           {"postgres://ada:" + secret + "@localhost/parley", "not a URL as libpq has them"},
		"no such setting":  {strings.Replace(url, "disable", "perhaps", 1), "not a URL as libpq has them"},
		"too small a pool": {url + "&pool_max_conns=0", "not a URL as libpq has them"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			s, err := Open(ctx, c.url, quiet)
			if err == nil {
				_ = s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cr") {
				t.Errorf("%v, want %q", err, c.want)
			}
			if took := time.Since(began); took > 2*openPatience {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestThePoolIsAsBigAsTheURLSays(t *testing.T) {
	url := newDatabase(t)
	for given, want := range map[string]int32{url: poolSize, url + "&pool_max_conns=1": 1, url + "&pool_max_conns=20": 20} {
		s := open(t, given)
		if got := s.pool.Config().MaxConns; got != want {
			t.Errorf("%s: %d", given, got)
		}
		if _, err := s.Append(ctx, []store.Draft{says("lobby", given, given)}); err != nil {
			t.Errorf("%s: %v", given, err)
		}
	}
}

func TestAStandbyIsNoStore(t *testing.T) {
	primary := testserver.StartPostgres(t)
	url := primary.NewDatabase(t)
	_ = open(t, url).Close()
	standby, _ := primary.StartStandby(t)
	follows(t, standby.URL("postgres"), url)
	at := strings.Replace(url, primary.Addr, standby.Addr, 1)
	if s, err := Open(ctx, at, quiet); err == nil || !strings.Contains(err.Error(), standby.Addr) || !strings.Contains(err.Error(), "is a standby") {
		t.Errorf("%v, %v", s, err)
	}
	// Of several servers, it is the one that takes writes.
	both := strings.Replace(url, primary.Addr, standby.Addr+","+primary.Addr, 1)
	if _, err := open(t, both).Append(ctx, []store.Draft{says("lobby", "1", "")}); err != nil {
		t.Fatal(err)
	}
}

// What a synchronous standby doesn't have, nobody is told is stored.
func TestWhatASynchronousStandbyLacksIsNotAcknowledged(t *testing.T) {
	primary := testserver.StartPostgres(t)
	url := primary.NewDatabase(t)
	s := open(t, url)
	_, replication := primary.StartStandby(t)
	run(t, url, "alter system set synchronous_standby_names = '*'", "select pg_reload_conf()")
	if _, err := s.Append(ctx, []store.Draft{says("lobby", "1", "1")}); err != nil {
		t.Fatal(err)
	}
	replication.Cut()
	r, err := s.Append(ctx, []store.Draft{says("lobby", "2", "2")})
	if err == nil {
		t.Fatalf("it was acknowledged: %+v", r)
	}
	t.Log(err)
	replication.Mend()
	for {
		if r, err = s.Append(ctx, []store.Draft{says("lobby", "2", "2")}); err == nil {
			break
		}
	}
	if r[0].Event.Seq != 2 {
		t.Fatalf("%+v", r)
	}
}

func TestAServerIsBelievedByItsCertificate(t *testing.T) {
	c := testserver.NewCertificates(t)
	own := testserver.StartPostgres(t)
	key := filepath.Join(own.Dir, "key.pem") // PostgreSQL wants it for itself
	tool(t, "cp", c.Key, key)
	tool(t, "chown", "--reference="+own.Dir, key)
	tool(t, "chmod", "600", key)
	run(t, own.URL("postgres"), "alter system set ssl_cert_file = '"+c.Cert+"'", "alter system set ssl_key_file = '"+key+"'", "alter system set ssl = on", "select pg_reload_conf()")
	url := own.NewDatabase(t)
	_ = open(t, strings.Replace(url, "disable", "verify-full&sslrootcert="+c.CA, 1))
	_, err := Open(ctx, strings.Replace(url, "disable", "verify-full", 1), quiet)
	if err == nil || !strings.Contains(err.Error(), "is not believed: name its authority with sslrootcert=FILE") {
		t.Error(err)
	}
}

// A dump that was put back lacks what was said since.
func TestADumpThatWasPutBackBeginsAnotherLife(t *testing.T) {
	url := newDatabase(t)
	s := open(t, url)
	if _, err := s.Append(ctx, []store.Draft{says("lobby", "1", "1")}); err != nil {
		t.Fatal(err)
	}
	dump := filepath.Join(t.TempDir(), "dump")
	tool(t, "pg_dump", "--format=custom", "--file="+dump, url)
	if _, err := s.Append(ctx, []store.Draft{says("lobby", "2", "2")}); err != nil {
		t.Fatal(err)
	}
	was, told := roomOf(t, s), ""
	s.Watch(func(life string) { told = life })
	tool(t, "pg_restore", "--clean", "--if-exists", "--exit-on-error", "--single-transaction", "--dbname="+url, dump)
	if is := roomOf(t, s); is.Head != 1 || is.Epoch == was.Epoch || told != s.Life() {
		t.Fatalf("%+v became %+v, told %q", was, is, told)
	}
	if r, err := s.Append(ctx, []store.Draft{says("lobby", "3", "3")}); err != nil || r[0].Event.Seq != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
}

func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// A server that is behind where it was has lost commits, whatever it says it is.
func TestAServerThatIsBehindItselfBeginsAnotherLife(t *testing.T) {
	s := open(t, newDatabase(t))
	if _, err := s.Append(ctx, []store.Draft{says("lobby", "1", "1")}); err != nil {
		t.Fatal(err)
	}
	was := s.Life()
	s.lives.mu.Lock()
	s.lives.farthest += 1 << 30
	s.lives.mu.Unlock()
	if r, err := s.Append(ctx, []store.Draft{says("lobby", "2", "2")}); err != nil || r[0].Event.Seq != 2 || s.Life() == was {
		t.Fatalf("%+v, %v; the life is %s, and was %s", r, err, s.Life(), was)
	}
	is := s.Life()
	if roomOf(t, s); s.Life() != is {
		t.Fatal("another one began")
	}
}

func TestTheIndexOfOtherWordsIsMadeAnew(t *testing.T) {
	url := newDatabase(t)
	s := open(t, url)
	var drafts []store.Draft
	for range 2500 {
		drafts = append(drafts, says("lobby", "needle", ""))
	}
	if _, err := s.Append(ctx, drafts); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	run(t, url, "update life set words = 0", "update doc set words = ''")
	s = open(t, url)
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		f, err := s.Search(ctx, store.Query{Text: "needle", Limit: 5000})
		if err != nil || time.Now().After(until) {
			t.Fatalf("%d found, %v", len(f.Events), err)
		}
		if len(f.Events) == len(drafts) {
			break
		}
		if f.Indexed != 0 {
			t.Fatalf("%d of %d are found, and all is indexed up to %d", len(f.Events), len(drafts), f.Indexed)
		}
	}
	run(t, url, "update life set words = 1000") // a newer program's
	if _, err := s.Append(ctx, []store.Draft{says("lobby", "hay", "")}); err != nil {
		t.Fatal(err)
	}
}

func TestWhoOwnsTheDatabaseNeedsNoOtherRights(t *testing.T) {
	url := newDatabase(t)
	name := url[strings.LastIndex(url, "/")+1 : strings.LastIndex(url, "?")]
	run(t, url, "create role parley login connection limit 20", "alter database "+name+" owner to parley")
	a := open(t, strings.Replace(url, "postgres@", "parley@", 1))
	if _, err := a.Append(ctx, []store.Draft{says("lobby", "needle", "1")}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.Beat(ctx, "a", time.Minute); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := a.Search(ctx, store.Query{Text: "needle", Limit: 5})
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Events) == 1 {
			break
		}
	}
}
