package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/node"
	"github.com/parley-chat/parley/internal/store/sqlite"
)

// start runs a node as `parley serve` would, and gives its URL.
func start(t *testing.T, change func(*config.Serve)) string {
	t.Helper()
	cfg := config.Serve{Listen: "127.0.0.1:0", Store: "memory", Broker: "memory", Heartbeat: 30 * time.Second, Transport: "auto"}
	change(&cfg)
	m := metrics.New()
	m.Runs("v7")
	n, err := node.Start(cfg, io.Discard, slog.New(slog.DiscardHandler), m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return n.URL()
}

func guests(*config.Serve) {}

// visit is an examination's findings.
type visit []Finding

func examine(t *testing.T, c Config) visit {
	t.Helper()
	var v visit
	Examine(t.Context(), c, func(f Finding) {
		if (f.Level == OK) != (f.Fix == "") && f.Level != Unknown {
			t.Errorf("%+v: what is not right has a fix, and only that", f)
		}
		v = append(v, f)
	})
	return v
}

// want fails the test unless one finding of a part has this level and holds all these texts.
func (v visit) want(t *testing.T, p Part, l Level, texts ...string) {
	t.Helper()
	for _, f := range v {
		all := f.Part == p && f.Level == l
		for _, text := range texts {
			all = all && strings.Contains(f.Found+"\n"+f.Fix, text)
		}
		if all {
			return
		}
	}
	t.Errorf("no %s of %s holds %q:\n%s", l, p, texts, v)
}

func (v visit) wantNo(t *testing.T, l Level) {
	t.Helper()
	for _, f := range v {
		if f.Level == l {
			t.Errorf("%+v", f)
		}
	}
}

func (v visit) String() string {
	var b strings.Builder
	for _, f := range v {
		b.WriteString(string(f.Part) + " " + string(f.Level) + " " + f.Found + " → " + f.Fix + "\n")
	}
	return b.String()
}

func TestNothingIsWrongWithANodeAsItComes(t *testing.T) {
	t.Parallel()
	const token = "a-token-for-the-metrics"
	url := start(t, func(s *config.Serve) { s.MetricsToken = token })
	v := examine(t, Config{Settings: config.Serve{MetricsToken: token, Store: "memory"}, Public: []string{url}, Nodes: []string{url}})
	v.wantNo(t, Fault)
	v.wantNo(t, Warning)
	v.want(t, Nodes, OK, "is ready, version v7")
	v.want(t, Nodes, OK, "clock agrees")
	v.want(t, Proxy, OK, "/ws")
	v.want(t, Proxy, OK, "65536 bytes")
	v.want(t, Proxy, OK, "compressed")
	v.want(t, Proxy, OK, "takes us for 127.0.0.1")
	v.want(t, Origin, OK, "its own")
	v.want(t, Origin, OK, "other sites are refused")
	v.want(t, Proxy, Unknown, "--long")
}

func TestNodesOnTwoStoresAreFoundOut(t *testing.T) {
	t.Parallel()
	v := examine(t, Config{Nodes: []string{start(t, guests), start(t, guests)}})
	v.want(t, Nodes, Fault, "do not share a store")
	v.want(t, Nodes, OK, "one version")
	v.want(t, Nodes, OK, "clocks agree")
	url := start(t, guests)
	examine(t, Config{Nodes: []string{url, url}}).want(t, Nodes, OK, "share one store")
}

func TestANodeThatDrainsIsSaidToTakeNoNewcomers(t *testing.T) {
	t.Parallel()
	draining := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			_, _ = io.WriteString(w, "alive\n")
			return
		}
		http.Error(w, "draining", http.StatusServiceUnavailable)
	}))
	defer draining.Close()
	v := examine(t, Config{Nodes: []string{draining.URL}, Public: []string{draining.URL}})
	v.want(t, Nodes, Warning, "takes no newcomers: draining")
	v.want(t, Nodes, Unknown, "does not show its metrics")
	v.want(t, Proxy, Fault, "503", "reaches no node")
}

func TestAnAddressWhereNobodyIsIsAFault(t *testing.T) {
	t.Parallel()
	v := examine(t, Config{Nodes: []string{"http://127.0.0.1:1"}, Public: []string{"http://127.0.0.1:1"}})
	v.want(t, Nodes, Fault, "127.0.0.1:1 can't be reached: connection refused")
	v.want(t, Proxy, Fault, "127.0.0.1:1 can't be reached: connection refused")
}

func TestClocksAndVersionsOfNodesAreCompared(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seen  []seenNode
		level Level
		want  string
	}{
		"clocks apart": {[]seenNode{{name: "a", clock: -time.Second, exact: time.Millisecond}, {name: "b", clock: 2 * time.Second, exact: time.Millisecond}},
			Warning, "the clock of b is 3s ahead of that of a"},
		"apart by less than can be told": {[]seenNode{{name: "a", clock: 0, exact: time.Second}, {name: "b", clock: 2 * time.Second, exact: time.Second}},
			OK, "clocks agree"},
		"another version": {[]seenNode{{name: "a", version: "v1"}, {name: "b", version: "v2"}}, Warning, "v1, v2"},
		"one untold":      {[]seenNode{{name: "a", version: "v1"}, {name: "b"}}, Unknown, "one version can't be seen"},
		"stores":          {[]seenNode{{name: "a", epoch: "1"}, {name: "b", epoch: "2"}, {name: "c", epoch: "1"}}, Fault, "a and c | b"},
		"a store unseen":  {[]seenNode{{name: "a", epoch: "1"}, {name: "b"}}, Unknown, "share a store can't be seen"},
	} {
		var v visit
		x := examination{tell: func(f Finding) { v = append(v, f) }}
		x.compare(c.seen)
		t.Run(name, func(t *testing.T) { v.want(t, Nodes, c.level, c.want) })
	}
}

func TestWithoutATokenTheDoorIsAllThatIsSeen(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef"
	url := start(t, func(s *config.Serve) { s.JWTSecret = secret })
	c := Config{Public: []string{url}, Nodes: []string{url}}
	v := examine(t, c)
	v.wantNo(t, Fault)
	v.want(t, Nodes, Unknown, "--token")
	v.want(t, Proxy, Unknown, "--token")
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "doctor", "name": "doctor", "exp": time.Now().Add(time.Minute).Unix()}).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	c.Token = token
	v = examine(t, c)
	v.wantNo(t, Fault)
	v.want(t, Nodes, OK, "clock agrees")
	v.want(t, Origin, OK, "its own")
	if strings.Contains(v.String(), token[:20]) {
		t.Error("a finding holds the token")
	}
}

func TestAServerThatBelievesAnyAddressIsFoundOut(t *testing.T) {
	t.Parallel()
	const token = "a-token-for-the-metrics"
	url := start(t, func(s *config.Serve) { s.MetricsToken, s.TrustedProxies = token, []string{"127.0.0.1"} })
	v := examine(t, Config{Settings: config.Serve{MetricsToken: token}, Public: []string{url}})
	v.want(t, Proxy, Fault, "believes what anybody says")
}

func TestASilentSessionStaysOpenOrIsSaidNotTo(t *testing.T) {
	t.Parallel()
	const heartbeat = 200 * time.Millisecond
	url := start(t, func(s *config.Serve) { s.Heartbeat = heartbeat })
	v := examine(t, Config{Settings: config.Serve{Heartbeat: heartbeat}, Public: []string{url}, Long: true})
	v.want(t, Proxy, OK, "stays open", "pings")

	slow := start(t, guests)
	v = examine(t, Config{Settings: config.Serve{Heartbeat: heartbeat}, Public: []string{slow}, Long: true})
	v.want(t, Proxy, Fault, "no ping came")
}

func TestCertificatesAreLookedAt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		left   time.Duration
		host   string
		known  bool
		level  Level
		want   string
		enters bool
	}{
		"good":                {90 * 24 * time.Hour, "localhost", true, OK, "for 89 days more", true},
		"expires tomorrow":    {30 * time.Hour, "localhost", true, Warning, "expires in 1 day", true},
		"expired":             {-time.Hour, "localhost", true, Fault, "has expired", true},
		"for another name":    {90 * 24 * time.Hour, "chat.example", true, Fault, "[chat.example], and not for localhost", true},
		"of nobody we know":   {90 * 24 * time.Hour, "localhost", false, Fault, "don't know who signed", true},
		"a day that is right": {22 * 24 * time.Hour, "localhost", true, OK, "for 21 days more", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cert, key, pool := certificateFor(t, c.host, c.left)
			if !c.known {
				pool = x509.NewCertPool()
			}
			url := strings.Replace(start(t, func(s *config.Serve) { s.TLSCert, s.TLSKey = cert, key }), "127.0.0.1", "localhost", 1)
			v := examine(t, Config{Public: []string{url}, Roots: pool})
			v.want(t, TLS, c.level, c.want)
			v.want(t, TLS, OK, "nothing before TLS 1.2")
			v.want(t, Proxy, OK, "a WebSocket opens") // what else is wrong is found, too
		})
	}
}

func certificateFor(t *testing.T, host string, left time.Duration) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(left),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return cert, key, pool
}

func TestSettingsThatDoNotGoTogetherAreNamed(t *testing.T) {
	t.Parallel()
	v := examine(t, Config{
		Local: true, Wrong: errors.New("--rate is \"fast\": want N/TIME\n--listen is empty"),
		Settings: config.Serve{Store: "memory", Broker: "memory", Listen: ":8080", PublicURL: "https://chat.example", Rate: config.Rate{N: 10, Per: time.Second}},
		Nodes:    []string{"http://127.0.0.1:1", "http://127.0.0.1:2"},
	})
	v.want(t, Settings, Fault, `--rate is "fast"`)
	v.want(t, Settings, Fault, "--listen is empty")
	v.want(t, Settings, Fault, "2 nodes", "--store memory")
	v.want(t, Settings, Warning, "--store is memory")
	v.want(t, Settings, Warning, "--trusted-proxy")
	examine(t, Config{}).want(t, Settings, Unknown, "no settings are given")
}

func TestTheDataFolderIsLookedAt(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	look := func() visit {
		t.Helper()
		var v visit
		x := examination{Config: Config{Local: true, Settings: config.Serve{Store: "sqlite", Data: data}}, tell: func(f Finding) { v = append(v, f) }}
		x.folder(t.Context())
		return v
	}
	look().want(t, Data, OK, "there is no database", "first start")
	s, err := sqlite.Open(data, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	v := look()
	v.wantNo(t, Fault)
	v.want(t, Data, OK, "the database opens")
	v.want(t, Data, OK, "has the folder")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	look().want(t, Data, OK, "no server has the folder")
	if err := errors.Join(os.Chmod(data, 0o755), os.WriteFile(filepath.Join(data, sqlite.File), []byte("this is a letter, and no database, as anybody can see"), 0o600)); err != nil {
		t.Fatal(err)
	}
	v = look()
	v.want(t, Data, Warning, "can be read by others", "chmod 700")
	v.want(t, Data, Fault, "the database can't be opened")
	data = filepath.Join(data, "not", "yet")
	look().want(t, Data, OK, "the first start makes it")
	if there(data) {
		t.Error("looking made the folder")
	}
}

func TestPublishedKeysAreLookedAt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		level  Level
		want   string
	}{
		"a good key": {`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","use":"sig","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`, OK, "EdDSA"},
		"no key":     {`{"keys":[]}`, Fault, "no key that is of use"},
		"a page":     {`<html>`, Fault, "can't be fetched: that is no JWK set"},
	} {
		t.Run(name, func(t *testing.T) {
			publisher := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, c.answer) }))
			defer publisher.Close()
			examine(t, Config{Local: true, Settings: config.Serve{JWTJWKS: publisher.URL}}).want(t, Tokens, c.level, c.want)
		})
	}
}

func TestPagesOfAnUnknownNameAreRefusedAndTheSettingIsNamed(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{false, true} {
		at := start(t, func(s *config.Serve) {
			if known {
				s.PublicURL = "http://chat.example"
			}
		})
		var v visit
		x := &examination{tell: func(f Finding) { v = append(v, f) }}
		u, err := url.Parse("http://chat.example")
		if err != nil {
			t.Fatal(err)
		}
		r := x.newReach(u, true)
		r.client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(at, "http://"))
		}
		x.origins(t.Context(), r)
		if known {
			v.want(t, Origin, OK, "its own pages are let in")
		} else {
			v.want(t, Origin, Fault, "http://chat.example) are refused", "--public-url http://chat.example")
		}
		v.want(t, Origin, OK, "other sites are refused")
	}
}

func TestVersionsOfRedisAreCompared(t *testing.T) {
	t.Parallel()
	for version, old := range map[string]bool{"5.0.14": true, "6.0.16": true, "6.2.0": false, "7.0.15": false, "10.1": false, "": false} {
		if got := (redisState{"redis_version": version}).before(6, 2); got != old {
			t.Errorf("%q is older than 6.2: %v, want %v", version, got, old)
		}
	}
}
