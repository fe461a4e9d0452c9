package gateway

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/parley-chat/parley/internal/metrics"
)

func newGateway(t *testing.T, c Config) *Gateway {
	t.Helper()
	c.Metrics, c.Log, c.Page = metrics.New(), slog.New(slog.DiscardHandler), http.NotFoundHandler()
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestForwardedAddressCountsFromTrustedProxiesAlone(t *testing.T) {
	for name, c := range map[string]struct {
		trusted   []string
		peer      string
		forwarded []string // a line each
		want      string
	}{
		"nobody is trusted":                 {nil, "192.0.2.1:5000", []string{"198.51.100.7"}, "192.0.2.1"},
		"loopback isn't trusted by itself":  {nil, "127.0.0.1:5000", []string{"198.51.100.7"}, "127.0.0.1"},
		"another one is trusted":            {[]string{"192.0.2.2"}, "192.0.2.1:5000", []string{"198.51.100.7"}, "192.0.2.1"},
		"a proxy":                           {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		"a proxy of a network":              {[]string{"192.0.2.0/24"}, "192.0.2.1:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		"a network that is written askew":   {[]string{"192.0.2.77/24"}, "192.0.2.1:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		"a proxy that says nothing":         {[]string{"192.0.2.1"}, "192.0.2.1:5000", nil, "192.0.2.1"},
		"a proxy that says an empty line":   {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{""}, "192.0.2.1"},
		"what the client made up before it": {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{"127.0.0.1, 10.0.0.1, 198.51.100.7"}, "198.51.100.7"},
		"the same over two lines":           {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{"127.0.0.1, 10.0.0.1", "198.51.100.7"}, "198.51.100.7"},
		"a chain of proxies":                {[]string{"192.0.2.1", "10.0.0.0/8"}, "192.0.2.1:5000", []string{"6.6.6.6, 198.51.100.7, 10.0.0.1, 10.0.0.2"}, "198.51.100.7"},
		"a chain with a stranger in it":     {[]string{"192.0.2.1", "10.0.0.0/8"}, "192.0.2.1:5000", []string{"198.51.100.7, 10.0.0.1, 6.6.6.6, 10.0.0.2"}, "6.6.6.6"},
		"proxies alone":                     {[]string{"192.0.2.1", "10.0.0.0/8"}, "192.0.2.1:5000", []string{"10.0.0.1, 10.0.0.2"}, "10.0.0.1"},
		"garbage":                           {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{"unknown"}, "192.0.2.1"},
		"garbage behind an address":         {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{"198.51.100.7, _hidden"}, "192.0.2.1"},
		"garbage before a proxy":            {[]string{"192.0.2.1", "10.0.0.0/8"}, "192.0.2.1:5000", []string{"999.1.1.1, 10.0.0.2"}, "10.0.0.2"},
		"a comma at the end":                {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{"198.51.100.7,"}, "192.0.2.1"},
		"with a port":                       {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{"198.51.100.7:41000"}, "198.51.100.7"},
		"IPv6":                              {[]string{"2001:db8::1"}, "[2001:db8::1]:5000", []string{"2001:db8:7::9"}, "2001:db8:7::9"},
		"IPv6 in brackets":                  {[]string{"2001:db8::/32"}, "[2001:db8::1]:5000", []string{"[2001:dead::9]"}, "2001:dead::9"},
		"IPv6 in brackets with a port":      {[]string{"2001:db8::/32"}, "[2001:db8::1]:5000", []string{"[2001:dead::9]:443"}, "2001:dead::9"},
		"IPv6 with a zone":                  {[]string{"fe80::/10"}, "[fe80::1%eth0]:5000", []string{"2001:dead::9"}, "2001:dead::9"},
		"a peer of IPv4 by an IPv6 socket":  {[]string{"192.0.2.1"}, "[::ffff:192.0.2.1]:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		"a setting of IPv4 written as IPv6": {[]string{"::ffff:192.0.2.1"}, "192.0.2.1:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		"a network of IPv4 written as IPv6": {[]string{"::ffff:192.0.2.0/120"}, "192.0.2.1:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		"an IPv4 address forwarded as IPv6": {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		"a peer that is no TCP":             {nil, "@", nil, "::"},
		"a name in place of an address":     {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{"localhost"}, "192.0.2.1"},
		"a number in place of an address":   {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{"2130706433"}, "192.0.2.1"},
		"an address with zeros before":      {[]string{"192.0.2.1"}, "192.0.2.1:5000", []string{"198.051.100.007"}, "192.0.2.1"},
		"Forwarded is not read":             {[]string{"192.0.2.1"}, "192.0.2.1:5000", nil, "192.0.2.1"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t, Config{TrustedProxies: c.trusted})
			r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"Forwarded": {"for=6.6.6.6"}, "X-Real-Ip": {"6.6.6.6"}}}
			for _, line := range c.forwarded {
				r.Header.Add("X-Forwarded-For", line)
			}
			if got := g.client(r).String(); got != c.want {
				t.Errorf("the client is %s, want %s", got, c.want)
			}
		})
	}
}

func TestProxyThatIsNoAddressIsAWrongSetting(t *testing.T) {
	for _, s := range []string{"", "nginx", "10.0.0.0/33", "10.0.0", "10.0.0.0/8/8", "::ffff:0:0/8"} {
		if _, err := New(Config{TrustedProxies: []string{s}}); err == nil {
			t.Errorf("--trusted-proxy %q is taken", s)
		}
	}
}
