package gateway_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/gateway"
)

func TestOriginRule(t *testing.T) {
	type settings struct {
		listen, publicURL string
		allow             []string
		users             bool // tokens are needed
	}
	local := settings{listen: "localhost:8080"}
	localUsers := settings{listen: "localhost:8080", users: true}
	everywhere := settings{listen: ":8080"}
	named := settings{listen: "chat.example:8080"}
	public := settings{listen: "localhost:8080", publicURL: "https://chat.example"}
	allowing := settings{listen: "localhost:8080", allow: []string{"https://app.example", "http://dev.example:3000", "app://desktop"}}
	allowingNull := settings{listen: ":8080", users: true, allow: []string{"null"}}

	for name, c := range map[string]struct {
		settings settings
		host     string
		origin   string // empty: no header
		passes   passage
	}{
		"no origin":                            {local, "localhost:8080", "", always},
		"no origin, any host":                  {local, "whatever.example", "", always},
		"our own page":                         {local, "localhost:8080", "http://localhost:8080", always},
		"our own page by address":              {local, "127.0.0.1:8080", "http://127.0.0.1:8080", always},
		"our own page by IPv6":                 {local, "[::1]:8080", "http://[::1]:8080", always},
		"a development server":                 {local, "localhost:8080", "http://localhost:5173", always},
		"localhost to its address":             {local, "127.0.0.1:8080", "http://localhost:8080", always},
		"a name below localhost":               {local, "localhost:8080", "http://app.localhost:3000", always},
		"any address of loopback":              {local, "localhost:8080", "http://127.8.9.10", always},
		"IPv4 in IPv6":                         {local, "localhost:8080", "http://[::ffff:127.0.0.1]", always},
		"localhost in capitals":                {local, "LOCALHOST:8080", "HTTP://LocalHost:8080", always},
		"another site":                         {local, "localhost:8080", "https://evil.example", never},
		"a site named like us":                 {local, "localhost:8080", "http://localhost.evil.example", never},
		"a site that ends like us":             {local, "localhost:8080", "http://evil-localhost", never},
		"a site with our address as its name":  {local, "localhost:8080", "http://127.0.0.1.evil.example", never},
		"a user that looks like us":            {local, "localhost:8080", "http://localhost@evil.example", never},
		"a name made to point here":            {local, "evil.example:8080", "http://evil.example:8080", never},
		"a name made to point here, no port":   {local, "evil.example", "http://evil.example", never},
		"a name made to point at all of us":    {everywhere, "evil.example:8080", "http://evil.example:8080", never},
		"an address of the network":            {everywhere, "192.168.1.5:8080", "http://192.168.1.5:8080", always},
		"an address, its port lost by a proxy": {everywhere, "192.168.1.5", "https://192.168.1.5:8443", always},
		"another address":                      {everywhere, "192.168.1.5:8080", "http://192.168.1.6:8080", never},
		"an address in decimal":                {everywhere, "3232235781:8080", "http://3232235781:8080", never},
		"the host of --listen":                 {named, "chat.example:8080", "http://chat.example:8080", always},
		"the host of --listen behind TLS":      {named, "chat.example", "https://chat.example", always},
		"a host below that of --listen":        {named, "chat.example:8080", "http://evil.chat.example:8080", never},
		"--public-url":                         {public, "chat.example", "https://chat.example", always},
		"--public-url, Host lost":              {public, "127.0.0.1:8080", "https://chat.example", always},
		"--public-url with its port said":      {public, "chat.example", "https://chat.example:443", always},
		"--public-url without TLS":             {public, "chat.example", "http://chat.example", never},
		"--public-url on another port":         {public, "chat.example", "https://chat.example:8443", never},
		"--allow-origin":                       {allowing, "localhost:8080", "https://app.example", always},
		"--allow-origin with a port":           {allowing, "localhost:8080", "http://dev.example:3000", always},
		"--allow-origin of an app":             {allowing, "localhost:8080", "app://desktop", always},
		"--allow-origin, another port":         {allowing, "localhost:8080", "http://dev.example", never},
		"--allow-origin, another scheme":       {allowing, "localhost:8080", "http://app.example", never},
		"an app with our host's name":          {local, "localhost:8080", "chrome-extension://localhost", never},
		"a page from a file":                   {local, "localhost:8080", "null", inTutorial},
		"a page from a file, as embedded":      {local, "localhost:8080", "file://", inTutorial},
		"null where tokens are needed":         {localUsers, "localhost:8080", "null", never},
		"null at a host of the network":        {everywhere, "192.168.1.5:8080", "null", never},
		"null at a name":                       {named, "chat.example:8080", "null", never},
		"null that is allowed":                 {allowingNull, "192.168.1.5:8080", "null", always},
		"NULL":                                 {local, "localhost:8080", "NULL", never},
		"an origin that is empty":              {local, "localhost:8080", " ", never},
		"an origin with a path":                {local, "localhost:8080", "http://localhost:8080/", never},
		"an origin with a query":               {local, "localhost:8080", "http://localhost:8080?", never},
		"an origin without a scheme":           {local, "localhost:8080", "localhost:8080", never},
		"an origin without a host":             {local, "localhost:8080", "http://", never},
		"a list of origins":                    {local, "localhost:8080", "http://localhost http://evil.example", never},
		"two headers":                          {local, "localhost:8080", "http://localhost:8080\r\nOrigin: https://evil.example", never},
	} {
		t.Run(name, func(t *testing.T) {
			d := openDoor(t, func(g *gateway.Config) {
				g.Listen, g.PublicURL, g.AllowOrigins = c.settings.listen, c.settings.publicURL, c.settings.allow
				if c.settings.users {
					asUsers(g)
				}
			})
			header := []string{"Host: " + c.host}
			if c.settings.users {
				header = append(header, "Authorization: Bearer "+d.token("ada"))
			}
			if c.origin != "" {
				header = append(header, "Origin: "+c.origin)
			}
			want := func(passes bool, status int) int {
				if passes {
					return status
				}
				return http.StatusForbidden
			}
			if got := d.ask(request("GET / HTTP/1.1", header...)); got.status != want(c.passes != never, 101) {
				t.Errorf("%+v, passes %s; the log: %s", got, c.passes, d.log)
			}
			v1 := slices.Concat(header, []string{"Sec-WebSocket-Protocol: parley.v1"})
			if got := d.ask(request("GET / HTTP/1.1", v1...)); got.status != want(c.passes == always, 101) {
				t.Errorf("parley.v1: %+v, passes %s", got, c.passes)
			}
			post := slices.Concat(header, []string{"-Upgrade", "-Connection", "-Sec-WebSocket-Key", "-Sec-WebSocket-Version"})
			if got := d.ask(request("POST /api/v1/whoami HTTP/1.1", post...)); got.status != want(c.passes == always, 200) {
				t.Errorf("whoami: %+v, passes %s", got, c.passes)
			}
			post = append(post, "Content-Type: application/json", "Content-Length: 2")
			if got := d.ask(request("POST /api/v1/ping HTTP/1.1", post...) + "{}"); got.status != want(c.passes == always, 200) {
				t.Errorf("ping: %+v, passes %s", got, c.passes)
			}
		})
	}
}

// passage is where a page of some origin is let in.
type passage string

const (
	never      passage = "never"
	inTutorial passage = "in the tutorial dialect"
	always     passage = "always"
)

func TestLogSaysWhichFlagWouldLetAnOriginIn(t *testing.T) {
	for origin, want := range map[string]string{
		"https://chat.example":     "say --public-url https://chat.example", // the host that was asked for
		"https://CHAT.example:443": "say --public-url https://chat.example",
		"https://app.example:8443": "--allow-origin https://app.example:8443 would let it in",
		"app://chat.example":       "--allow-origin app://chat.example would let it in",
		"null":                     "--allow-origin null would let it in",
		"file://":                  "--allow-origin null would let it in",
		"chat.example":             "no setting lets it in",
	} {
		d := openDoor(t, func(c *gateway.Config) { c.Listen = ":8080" })
		d.ask(request("GET / HTTP/1.1", "Host: chat.example", "Origin: "+origin))
		if d.log.count(want) != 1 || d.log.count("level=WARN") != 1 || d.refused("origin_refused") != "1" {
			t.Errorf("%s: the log has %s\nwant one warning with %s", origin, d.log, want)
		}
	}
}

func TestFlagThatTheLogNamesLetsTheOriginIn(t *testing.T) {
	for origin, follow := range map[string]func(*gateway.Config){
		"https://chat.example":     func(c *gateway.Config) { c.PublicURL = "https://chat.example" },
		"https://app.example:8443": func(c *gateway.Config) { c.AllowOrigins = []string{"https://app.example:8443"} },
		"null":                     func(c *gateway.Config) { c.AllowOrigins = []string{"null"} },
		"file://":                  func(c *gateway.Config) { c.AllowOrigins = []string{"null"} },
	} {
		d := openDoor(t, func(c *gateway.Config) { c.Listen = ":8080" }, follow)
		if got := d.ask(request("GET / HTTP/1.1", "Host: chat.example", "Origin: "+origin)); got.status != 101 {
			t.Errorf("%s: %+v, want 101", origin, got)
		}
	}
}

func TestOriginCannotFillTheLog(t *testing.T) {
	d := openDoor(t)
	conn := "Origin: https://" + strings.Repeat("x", 5000) + ".example"
	for range 200 {
		d.ask(request("GET / HTTP/1.1", conn))
	}
	if got := d.log.count("turned away"); got < 20 || got > 60 {
		t.Errorf("200 refusals made %d lines, want 20 and one a second", got)
	}
	if n := len(d.log.String()); n > 60*1000 {
		t.Errorf("the log has %d bytes, want that an origin is cut", n)
	}
	if got := d.refused("origin_refused"); got != "200" {
		t.Errorf("counted %s, want 200", got)
	}
}

func TestPageFromAFileIsWarnedOfOnce(t *testing.T) {
	d := openDoor(t)
	for range 3 {
		if got := d.ask(request("GET / HTTP/1.1", "Origin: null")); got.status != 101 {
			t.Fatalf("%+v, want 101", got)
		}
	}
	if got := d.log.count("a page without an origin came in"); got != 1 {
		t.Errorf("%d warnings, want 1", got)
	}
}

// A name of evil.example's that points at 127.0.0.1 makes a browser believe that
// its page and this server are one.
func TestNameThatWasMadeToPointHereOpensNothing(t *testing.T) {
	d := openDoor(t)
	const host, origin = "Host: evil.example:8080", "Origin: http://evil.example:8080"
	for what, text := range map[string]string{
		"upgrade": request("GET / HTTP/1.1", host, origin),
		"whoami":  "POST /api/v1/whoami HTTP/1.1\r\n" + host + "\r\n" + origin + "\r\nContent-Length: 0\r\n\r\n",
		"metrics": "GET /metrics HTTP/1.1\r\n" + host + "\r\n\r\n", // of the same origin: the browser sends none
	} {
		if got := d.ask(text); got.status != http.StatusForbidden {
			t.Errorf("%s: %+v, want 403", what, got)
		}
	}
}
