package config

import (
	"crypto/ecdsa"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// read parses args as `parley serve` does. The environment is the test's own:
// see t.Setenv.
func read(t *testing.T, args ...string) (Serve, error) {
	t.Helper()
	var cli struct {
		Serve struct {
			Flags
		} `cmd:""`
	}
	parser, err := kong.New(&cli, KongOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"serve"}, args...)); err != nil {
		return Serve{}, err
	}
	return cli.Serve.Settings()
}

func mustRead(t *testing.T, args ...string) Serve {
	t.Helper()
	s, err := read(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNothingGivenIsTheDefaults(t *testing.T) {
	got := mustRead(t)
	want := Serve{Listen: "localhost:8080", Store: "sqlite", Data: "./parley-data", Broker: "memory", Rate: Rate{10, 10 * time.Second},
		Heartbeat: 30 * time.Second, Transport: "auto", Gather: 10 * time.Millisecond, LogFormat: "text"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAFlagBeatsTheEnvironmentBeatsTheFile(t *testing.T) {
	file := write(t, "parley.toml", `
listen = "localhost:1"
rate = "1/1s"
heartbeat = "1s"
allow-origin = ["https://file.example", "https://other.example"]
trusted-proxy = "10.0.0.1"
retain = ["90d", "lobby=7d"]
`)
	t.Setenv("PARLEY_CONFIG", file)
	t.Setenv("PARLEY_LISTEN", "localhost:2")
	t.Setenv("PARLEY_RATE", "2/2s")
	t.Setenv("PARLEY_ALLOW_ORIGIN", "https://env.example,null")
	got := mustRead(t, "--listen", "localhost:3")
	want := Serve{Listen: "localhost:3", Store: "sqlite", Data: "./parley-data", Broker: "memory", Rate: Rate{2, 2 * time.Second}, Heartbeat: time.Second, Transport: "auto", Gather: 10 * time.Millisecond,
		Retain:       Retain{90 * 24 * time.Hour, map[string]time.Duration{"lobby": 7 * 24 * time.Hour}},
		AllowOrigins: []string{"https://env.example", "null"}, TrustedProxies: []string{"10.0.0.1"}, LogFormat: "text"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	t.Run("and --config beats PARLEY_CONFIG", func(t *testing.T) {
		other := write(t, "other.toml", `heartbeat = "7s"`)
		if got := mustRead(t, "--config", other).Heartbeat; got != 7*time.Second {
			t.Errorf("heartbeat is %s, want 7s", got)
		}
	})
	t.Run("and repeated flags replace a list", func(t *testing.T) {
		got := mustRead(t, "--allow-origin", "https://a.example", "--allow-origin", "https://b.example").AllowOrigins
		if want := []string{"https://a.example", "https://b.example"}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestEveryFlagIsAVariableAndAKey(t *testing.T) {
	values := map[string]string{
		"listen": ":0", "store": "memory", "retain": "lobby=7d", "rate": "off", "heartbeat": "5s", "drain": "2s", "jwt-secret": "s3cret", "jwt-key": publicKeyPEM(t),
		"jwt-jwks": "https://id.example/keys", "jwt-audience": "chat", "jwt-issuer": "https://id.example",
		"metrics-token": "m3trics", "debug-listen": "localhost:6060", "public-url": "https://chat.example", "allow-origin": "null", "trusted-proxy": "10.0.0.0/8",
		"log-format": "json",
	}
	cert, key := certificate(t)
	values["tls-cert"], values["tls-key"] = cert, key

	var args []string
	var text strings.Builder
	for name, value := range values {
		args = append(args, "--"+name, value)
		text.WriteString(name + " = '''" + value + "'''\n")
	}
	flags := mustRead(t, args...)
	file := mustRead(t, "--config", write(t, "all.toml", text.String()))
	for name, value := range values {
		t.Setenv("PARLEY_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), value)
	}
	env := mustRead(t)
	if !reflect.DeepEqual(flags, env) || !reflect.DeepEqual(flags, file) {
		t.Errorf("flags, environment and file differ:\n%+v\n%+v\n%+v", flags, env, file)
	}
	fields := reflect.ValueOf(flags)
	for i := range fields.NumField() {
		name := fields.Type().Field(i).Name
		if fields.Field(i).IsZero() && name != "Rate" && name != "NotRead" {
			t.Errorf("%s is not set", name)
		}
	}
}

func TestAValueIsReadFromAFile(t *testing.T) {
	secret := write(t, "secret", "0123456789abcdef0123456789abcdef\n")
	key := write(t, "key.pem", publicKeyPEM(t))
	s := mustRead(t, "--jwt-secret=@"+secret, "--jwt-key=@"+key)
	if s.JWTSecret != "0123456789abcdef0123456789abcdef" {
		t.Errorf("secret is %q", s.JWTSecret)
	}
	if _, ok := s.JWTKey.(*ecdsa.PublicKey); !ok {
		t.Errorf("key is %T", s.JWTKey)
	}
}

func TestOriginsAreWrittenAsBrowsersWriteThem(t *testing.T) {
	s := mustRead(t, "--public-url", "https://Chat.Example:443/", "--allow-origin", "http://[::1]:80", "--allow-origin", "HTTP://a.example:8080")
	if s.PublicURL != "https://chat.example" {
		t.Errorf("public URL is %q", s.PublicURL)
	}
	if want := []string{"http://[::1]", "http://a.example:8080"}; !reflect.DeepEqual(s.AllowOrigins, want) {
		t.Errorf("origins are %q, want %q", s.AllowOrigins, want)
	}
}

func TestRetainIsOneTimeAndThoseOfRooms(t *testing.T) {
	const day = 24 * time.Hour
	for values, want := range map[string]Retain{
		"90d":                    {Default: 90 * day},
		"off":                    {},
		"90d,lobby=7d,attic=off": {90 * day, map[string]time.Duration{"lobby": 7 * day, "attic": 0}},
		"lobby=2w":               {0, map[string]time.Duration{"lobby": 14 * day}},
		"30s, a=45m , b=12h":     {30 * time.Second, map[string]time.Duration{"a": 45 * time.Minute, "b": 12 * time.Hour}},
		"a=b=1d,90d=1w,off=2d":   {0, map[string]time.Duration{"a=b": day, "90d": 7 * day, "off": 2 * day}},
		"36500d":                 {Default: 36500 * day},
		"two words=1d":           {0, map[string]time.Duration{"two words": day}},
		"Cafe\u0301=1d":          {0, map[string]time.Duration{"Caf\u00e9": day}},
	} {
		if got := mustRead(t, "--retain", values).Retain; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", values, got, want)
		}
	}
	s := mustRead(t, "--retain=90d", "--retain=lobby=7d", "--retain=attic=off").Retain
	for name, want := range map[string]time.Duration{"general": 90 * day, "lobby": 7 * day, "attic": 0} {
		if got := s.For(name); got != want {
			t.Errorf("#%s is kept %v, want %v", name, got, want)
		}
	}
}
