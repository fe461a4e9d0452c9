package redisurl

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAURLNamesOneServerSentinelsOrACluster(t *testing.T) {
	for text, want := range map[string]URL{
		"redis://":                          {Addrs: []string{"localhost:6379"}},
		"redis://cache":                     {Addrs: []string{"cache:6379"}},
		"redis://cache:7000/":               {Addrs: []string{"cache:7000"}},
		"redis://[::1]:7000/3":              {Addrs: []string{"[::1]:7000"}, DB: 3},
		"redis://:pw@cache":                 {Addrs: []string{"cache:6379"}, Password: "pw"},
		"redis://ada:p%40s%2Fs:%3F@cache/1": {Addrs: []string{"cache:6379"}, User: "ada", Password: "p@s/s:?", DB: 1},
		"redis://ada:p@ss@cache":            {Addrs: []string{"cache:6379"}, User: "ada", Password: "p@ss"},
		"redis+sentinel://a,b:1,[::1]/main": {Kind: Sentinel, Addrs: []string{"a:26379", "b:1", "[::1]:26379"}, Master: "main"},
		"redis+sentinel://ada:pw@a/main/2?sentinel_user=s&sentinel_password=p%26q": {
			Kind: Sentinel, Addrs: []string{"a:26379"}, Master: "main", DB: 2,
			User: "ada", Password: "pw", SentinelUser: "s", SentinelPassword: "p&q",
		},
		"redis+cluster://ada:pw@a:1,b:2": {Kind: Cluster, Addrs: []string{"a:1", "b:2"}, User: "ada", Password: "pw"},
		"redis+cluster://a/0":            {Kind: Cluster, Addrs: []string{"a:6379"}},
	} {
		got, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !slices.Equal(got.Addrs, want.Addrs) {
			t.Errorf("%s: addresses %q, want %q", text, got.Addrs, want.Addrs)
		}
		got.Addrs, want.Addrs = nil, nil
		if a, b := fields(got), fields(&want); a != b {
			t.Errorf("%s is\n%s, want\n%s", text, a, b)
		}
	}
}

func fields(u *URL) string {
	return fmt.Sprint(u.Kind, "|", u.Master, "|", u.DB, "|", u.User, "|", u.Password, "|", u.SentinelUser, "|", u.SentinelPassword, "|", u.TLS != nil)
}

func TestAWrongURLSaysWhatWouldBeRight(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "begins with redis://",
		"http://secret@cache":                  "begins with redis://",
		"redis:secret":                         "begins with redis://",
		"redis+secret-thing://a":               "neither sentinel nor cluster",
		"redis://ada:secret/more@cache":        "%2F",
		"redis://ada:secret#more@cache":        "%23",
		"redis://ada:secret%zz@cache":          "%25",
		"redis://a:secret":                     "host:port",
		"redis://a:0":                          "host:port",
		"redis://a:70000":                      "host:port",
		"redis://a,b":                          "redis+cluster://",
		"redis://a/secret":                     "number of a database",
		"redis://a/-1":                         "number of a database",
		"redis+cluster://a/1":                  "only database 0",
		"redis+sentinel://ada:secret@a":        "master's name",
		"redis://a?skip_verify=true":           "rediss://",
		"redis+cluster://a?cert=secret":        "rediss+cluster://",
		"rediss://a?skip_verify=secret":        "true or false",
		"rediss://a?cert=secret":               "come together",
		"redis://a?sentinel_password=secret":   "redis+sentinel://",
		"redis://a?password=secret":            `"password"`,
		"redis://a?sentinel_password=secret%z": "%25",
		"redis://ada:pw?secret@cache":          "host:port",
		"redis://a?secret@cache":               `"…"`,
		"rediss://a?ca=/nowhere/ca.pem":        "no such file",
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", text, err, want)
		}
		if err != nil && text != "redis+secret-thing://a" && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: its error shows what may be a password: %v", text, err)
		}
	}
}

func TestTLSTrustsTheFileThatIsNamed(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Parse("rediss://a?ca=" + empty); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("an empty file was trusted: %v", err)
	}
	u, err := Parse("rediss+cluster://a,b?skip_verify=true&server_name=cache.example")
	if err != nil {
		t.Fatal(err)
	}
	if !u.Unverified() || u.TLS.ServerName != "cache.example" {
		t.Errorf("%+v", u.TLS)
	}
}

// Whatever stands in a URL, neither its error nor its text shows a password.
func FuzzNoPasswordIsShown(f *testing.F) {
	for _, seed := range []string{"redis://%s@cache/1", "redis+sentinel://ada:%s@a,b/main?sentinel_password=%s", "rediss://ada:%s@a", "redis://%s", "redis://a/%s", "%s"} {
		f.Add(seed)
	}
	const secret = "Xq7ZpW"
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ReplaceAll(text, "%s", ":"+secret+"@")
		u, err := Parse(text)
		if err == nil {
			again, err := Parse(u.String())
			if err != nil || again.String() != u.String() {
				t.Fatalf("%q became %q, which is read as %v, %v", text, u, again, err)
			}
			u.Addrs, u.Master, u.User = nil, "", ""
			if shown := fmt.Sprintf("%v %+v %#v %s", u, u, u, u); strings.Contains(shown, secret) {
				t.Fatalf("%q shows a password: %s", text, shown)
			}
		}
	})
}
