package config

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var testKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
})

func publicKeyPEM(t *testing.T) string { return pemOf(t, testKey().Public()) }

func pemOf(t *testing.T, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func privateKeyPEM(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(testKey())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// certificate writes a certificate and its key, and names their files.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, testKey().Public(), testKey())
	if err != nil {
		t.Fatal(err)
	}
	cert = write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return cert, write(t, "key.pem", privateKeyPEM(t))
}

func TestAWrongValueNamesSettingValueAndWhatWouldBeRight(t *testing.T) {
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	shortRSA, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	cert, key := certificate(t)
	missing := filepath.Join(t.TempDir(), "missing")
	for _, tt := range []struct {
		args string // flag=value
		want string // a part of the error
	}{
		{"--listen=8080", `--listen is "8080": want HOST:PORT such as localhost:8080`},
		{"--listen=http://localhost:8080", `want HOST:PORT`},
		{"--listen=localhost:70000", `the port must be a number from 0 (picks a free one) to 65535`},
		{"--listen=localhost:http", `the port must be a number`},
		{"--listen=", `--listen is empty: give it a value, or leave it out`},
		{"--broker=redis://x", `--broker is "redis://x:6379", but --store is "sqlite": several nodes need a store that they share: --store postgres://… or redis://…; on one node leave --broker out`},
		{"--broker=postgres", `--broker is "postgres", but --store is "sqlite": several nodes need`},
		{"--broker=redis://x --store=memory", `--broker is "redis://x:6379", but --store is "memory": several nodes need`},
		{"--broker=postgres --store=redis://x", `--broker is "postgres", the PostgreSQL of --store, but --store is "redis://x:6379": want a redis://… here too, or --store postgres://…`},
		{"--broker=postgres://h/d --store=postgres://h/d", `--broker is "postgres://h:5432/d": as a broker PostgreSQL is the one of --store: want postgres alone`},
		{"--broker=nats://x", `--broker is "nats://…": want memory for a node alone, postgres, which is the PostgreSQL of --store, or the URL of a Redis`},
		{"--broker=redis://h?history=500 --store=redis://h", `--broker is "redis://h:6379": the URL of Redis: there is no option "history"`},
		{"--store=redis://h?history=5", `--store is "redis://…": the URL of Redis: history is how many events a room keeps, from 100 to 10000000`},
		{"--store=redis+cluster://x", `--store is "redis+cluster://x:6379": a Redis Cluster keeps no rooms`},
		{"--store=redis://h:port", `--store is "redis://…": the URL of Redis: behind :// or @ stands host:port`},
		{"--store=postgres://h:port/d", `--store is "postgres://…": that can't be read as a URL`},
		{"--store=postgres://h/d?sslmode=never", `--store is "postgres://h/d": sslmode is invalid; want postgres://USER:PASSWORD@HOST:PORT/DATABASE`},
		{"--store=postgres://h/d?sslrootcert=" + missing, `no such file or directory; want postgres://USER:PASSWORD@HOST:PORT/DATABASE`},
		{"--store=@" + missing, `missing": no such file or directory: want a file that can be read`},
		{"--data=/dev/null", `--data is "/dev/null": that is no folder`},
		{"--store=paper", `--store is "paper": want sqlite, which keeps messages on disk in --data, memory, which forgets them, or the URL of what several nodes share: postgres://`},
		{"--retain=90", `--retain is "90": want a time such as 90d (in s, m, h, d or w, at most 36500d), ROOM=TIME such as lobby=7d, or off for a TIME that never ends`},
		{"--retain=d", `want a time such as 90d`},
		{"--retain=0d", `want a time such as 90d`},
		{"--retain=-1d", `want a time such as 90d`},
		{"--retain=1.5d", `want a time such as 90d`},
		{"--retain=3y", `want a time such as 90d`},
		{"--retain=36501d", `want a time such as 90d`},
		{"--retain=4294967295w", `want a time such as 90d`},
		{"--retain=lobby=", `--retain is "lobby=": want a time such as 90d`},
		{"--retain=lobby", `--retain is "lobby": want a time such as 90d`},
		{"--retain==7d", `--retain is "=7d": want a room's name of 1 to 64 visible characters before the =`},
		{"--retain=90d,30d", `--retain is "90d" and "30d": give one of them`},
		{"--retain=lobby=1d,90d,lobby=off", `--retain is "lobby=1d" and "lobby=off": give one of them`},
		{"--config=" + write(t, "list.toml", `retain = "90d,lobby=7d"`), `list.toml line 1 is "90d,lobby=7d": want a list in a file, ["90d", "lobby=7d"]`},
		{"--retain=", `--retain is empty`},
		{"--rate=10", `--rate is "10": want N/TIME such as 10/10s, with N from 1 to 1000 and TIME from 100ms to 1h, or off`},
		{"--rate=0/10s", `want N/TIME`},
		{"--rate=1001/10s", `want N/TIME`},
		{"--rate=10/10", `want N/TIME`},
		{"--rate=10/2h", `want N/TIME`},
		{"--transport=epoll", `--transport is "epoll": want auto, loops or goroutines`},
		{"--gather=1s", `--gather is "1s": want a time from 0 to 100ms, such as 10ms`},
		{"--gather=10", `want a time from 0 to 100ms`},
		{"--drain=9s", `--drain is "9s": want a time from 0 to 8s, such as 3s, or auto`},
		{"--drain=-1s", `want a time from 0 to 8s`},
		{"--drain=3", `want a time from 0 to 8s`},
		{"--heartbeat=50ms", `--heartbeat is "50ms": want a time from 100ms to 1h, such as 30s`},
		{"--heartbeat=30", `want a time from 100ms to 1h`},
		{"--heartbeat=25h", `want a time from 100ms to 1h`},
		{"--jwt-secret=", `--jwt-secret is empty`},
		{"--jwt-secret=@" + missing, `missing": no such file or directory: want a file that can be read`},
		{"--jwt-secret=@" + write(t, "empty", "\n"), `that file is empty`},
		{"--jwt-key=hello", `--jwt-key is a secret of 5 characters: want a public key in PEM`},
		{"--jwt-key=" + privateKeyPEM(t), `that is a private key, which must not leave its owner`},
		{"--jwt-key=@" + write(t, "private.pem", privateKeyPEM(t)), `private.pem": that is a private key`},
		{"--jwt-key=@" + cert, `that is a certificate; want a public key in PEM`},
		{"--jwt-key=" + publicKeyPEM(t) + publicKeyPEM(t), `more than one PEM block`},
		{"--jwt-key=" + pemOf(t, shortRSA.Public()), `an RSA key of 1024 bits is too short`},
		{"--jwt-key=" + pemOf(t, p384.Public()), `a key of the curve P-384`},
		{"--jwt-key=" + string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: edwards[:9]})), `the key inside is broken`},
		{"--jwt-jwks=id.example/keys", `--jwt-jwks is "id.example/keys": want the URL of a key set`},
		{"--jwt-jwks=file:///keys.json", `want the URL of a key set`},
		{"--jwt-audience=chat", `--jwt-audience asks something of tokens, but no token is asked for: add --jwt-secret`},
		{"--metrics-token=a b", `--metrics-token is a secret of 3 characters: a bearer token has letters, digits and -._~+/= only`},
		{"--debug-listen=6060", `--debug-listen is "6060": want HOST:PORT such as localhost:6060`},
		{"--debug-listen=localhost:70000", `want HOST:PORT`},
		{"--debug-listen=", `--debug-listen is empty`},
		{"--public-url=chat.example", `--public-url is "chat.example": want http:// or https:// and a host, without a path`},
		{"--public-url=https://chat.example/chat", `without a path`},
		{"--public-url=wss://chat.example", `want http:// or https://`},
		{"--allow-origin=*", `that would let any page use a visitor's chat`},
		{"--allow-origin=https://a.example/", `--allow-origin is "https://a.example/": want SCHEME://HOST`},
		{"--allow-origin=a.example", `want SCHEME://HOST`},
		{"--allow-origin=https://a.example:99999", `want SCHEME://HOST`},
		{"--allow-origin=", `--allow-origin is empty`},
		{"--trusted-proxy=10.0.0", `--trusted-proxy is "10.0.0": want an address such as 10.0.0.7 or ::1, or a network such as 10.0.0.0/8`},
		{"--trusted-proxy=10.0.0.0/33", `want an address`},
		{"--tls-cert=" + cert, `--tls-cert is given without --tls-key`},
		{"--tls-key=" + key, `--tls-key is given without --tls-cert`},
		{"--tls-cert=" + missing + " --tls-key=" + key, `missing": no such file or directory`},
		{"--tls-cert=" + key + " --tls-key=" + key, `but they don't serve together: `},
		{"--log-format=xml", `--log-format is "xml": want text or json`},
		{"--config=" + missing, `settings file ` + missing + `: no such file or directory`},
		{"--config=" + t.TempDir(), `is a folder: name a file`},
	} {
		name, _, _ := strings.Cut(tt.args, "\n")
		t.Run(name, func(t *testing.T) {
			args := []string{tt.args}
			if !strings.Contains(tt.args, "\n") && strings.Contains(tt.args, " --") {
				args = strings.Split(tt.args, " ")
			}
			_, err := read(t, args...)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestAWrongValueIsNamedAsItWasGiven(t *testing.T) {
	file := write(t, "parley.toml", "# ours\n\nrate = \"fast\"\nheartbeat = 30\nlog-format = [\"text\"]\nlisen = \"x\"\nallow_origin = []\n")
	t.Setenv("PARLEY_STORE", "paper")
	t.Setenv("PARLEY_PUBLIC_URL", "")
	_, err := read(t, "--config", file, "--listen", "nowhere")
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"--listen is \"nowhere\": want HOST:PORT",
		"PARLEY_STORE is \"paper\": ",
		"PARLEY_PUBLIC_URL is empty",
		"rate in " + file + " line 3 is \"fast\": want N/TIME",
		"heartbeat in " + file + " line 4 is 30: write it in quotes, \"30\"",
		"log-format in " + file + " line 5 is a list: it takes one value, in quotes",
		"lisen in " + file + " line 6 is no setting: did you mean listen?",
		"allow_origin in " + file + " line 7 is no setting: did you mean allow-origin?",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q", want)
		}
	}
	if lines := strings.Count(err.Error(), "\n") + 1; lines != 8 {
		t.Errorf("%d errors, want 8:\n%v", lines, err)
	}
}

func TestAFileThatIsNoTOMLNamesTheLine(t *testing.T) {
	file := write(t, "parley.toml", "rate = \"off\"\nlisten = localhost\n")
	_, err := read(t, "--config", file)
	if err == nil || !strings.Contains(err.Error(), file+" line 2: ") {
		t.Errorf("error is %v", err)
	}
}

func TestASecretIsNeverShown(t *testing.T) {
	const value = "hunter2 hunter2"
	for _, flag := range []string{"--jwt-key=", "--metrics-token="} {
		if _, err := read(t, flag+value); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s error is %v", flag, err)
		}
	}
}

func TestAPasswordInAURLIsNeverShown(t *testing.T) {
	for _, value := range []string{
		"postgres://ada:hunter2@h/d?sslmode=hunter2", "postgres://ada:hunter2@h:port/d", "postgres://h/d?password=hunter2&sslmode=never",
		"postgres://ada:x/hunter2@h/d", "postgres://ada:@hunter2@h:x/d", "postgres://ada:hunter2/x@h/d", "postgres://ada:7/hunter2@h/d",
		"redis://:hunter2@h:x", "redis://:hunter2#x@h/0", "redis://hunter2@h/x", "redis://:7#hunter2@h/0", "redis://:7?hunter2@h/0", "redis+cluster://:hunter2@h/1",
		"nats://hunter2@h", "host=h password=hunter2", "hunter2,hunter2",
	} {
		for _, flag := range []string{"--store=", "--broker="} {
			if _, err := read(t, flag+value); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s%s: error is %v", flag, value, err)
			}
		}
	}
}

func TestAMisspeltFlagNamesTheRightOne(t *testing.T) {
	_, err := read(t, "--lisen", "x")
	if err == nil || !strings.Contains(err.Error(), `did you mean "--listen"?`) {
		t.Errorf("error is %v", err)
	}
}

func TestAMisspeltVariableIsWarnedOf(t *testing.T) {
	t.Setenv("PARLEY_LISEN", "x")
	t.Setenv("PARLEY_PORT_8080_TCP", "tcp://10.0.0.1:8080") // Kubernetes, for a service named parley
	s := mustRead(t, "--rate=off")
	var said []string
	for _, w := range s.Warnings() {
		if strings.Contains(w, "PARLEY_") {
			said = append(said, w)
		}
	}
	want := "PARLEY_LISEN is no setting and was not read: did you mean PARLEY_LISTEN?"
	if len(said) != 1 || said[0] != want {
		t.Errorf("warnings are %q, want %q", said, want)
	}
}

func TestWhatWeakensAPromiseIsSaid(t *testing.T) {
	strong := Serve{Listen: "localhost:8080", Broker: "memory", Rate: Rate{10, 10 * time.Second}}
	if w := strong.Warnings(); len(w) > 0 {
		t.Fatalf("warnings without a reason: %q", w)
	}
	for want, weaken := range map[string]func(*Serve){
		"--store is memory": func(s *Serve) { s.Store = "memory" },
		"with --broker postgres or redis://… they are told at once": func(s *Serve) { s.Store = "postgres://h/d" },
		"--store has skip_verify":                                   func(s *Serve) { s.Store, s.Broker = "rediss://h?history=500&skip_verify=true", "redis://h" },
		"--broker has skip_verify":                                  func(s *Serve) { s.Broker = "rediss://h?skip_verify=true" },
		"with --broker redis://… they are told at once":             func(s *Serve) { s.Store = "redis://h" },
		"--rate is off":                                             func(s *Serve) { s.Rate = Rate{} },
		"--jwt-secret has 31 bytes":                                 func(s *Serve) { s.JWTSecret = strings.Repeat("x", 31) },
		"any application":                                           func(s *Serve) { s.JWTJWKS = "https://id.example/keys" },
		"plain http":                                                func(s *Serve) { s.JWTJWKS, s.JWTIssuer = "http://id.example/keys", "id" },
		"--metrics-token has 4":                                     func(s *Serve) { s.MetricsToken = "abcd" },
		"can be reached":                                            func(s *Serve) { s.DebugListen = ":6060" },
		"null":                                                      func(s *Serve) { s.AllowOrigins = []string{"null"} },
		"everybody":                                                 func(s *Serve) { s.TrustedProxies = []string{"0.0.0.0/0"} },
		"in the clear":                                              func(s *Serve) { s.Listen, s.JWTSecret = ":8080", strings.Repeat("x", 32) },
	} {
		s := strong
		weaken(&s)
		if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], want) {
			t.Errorf("warnings are %q, want one with %q", w, want)
		}
	}
}
