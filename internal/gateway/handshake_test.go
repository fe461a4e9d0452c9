package gateway_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/protocol"
)

func TestHandshakeOfTheRFCIsAnswered(t *testing.T) {
	d := openDoor(t)
	for _, path := range []string{"/", "/ws"} {
		got := d.ask(request("GET " + path + " HTTP/1.1"))
		if got.status != 101 || got.header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" ||
			got.header.Get("Upgrade") != "websocket" || got.header.Get("Connection") != "Upgrade" {
			t.Errorf("%s: %+v, want the answer of RFC 6455 §1.3", path, got)
		}
	}
}

func TestHandshakeIsReadAsHTTPIs(t *testing.T) {
	onEach(t, func(t *testing.T, way engine.Transport) {
		d := openDoorTo(t, way)
		for name, text := range map[string]string{
			"names in small letters":         strings.ReplaceAll(request("GET / HTTP/1.1"), "Sec-WebSocket", "sec-websocket"),
			"tokens in capitals":             request("GET / HTTP/1.1", "Upgrade: WEBSOCKET", "Connection: UPGRADE"),
			"Firefox's Connection":           request("GET / HTTP/1.1", "Connection: keep-alive, Upgrade"),
			"Connection over two lines":      request("GET / HTTP/1.1", "Connection: keep-alive", "+Connection: Upgrade"),
			"empty elements of a list":       request("GET / HTTP/1.1", "Connection: ,, Upgrade ,"),
			"several protocols to choose":    request("GET / HTTP/1.1", "Upgrade: h2c, websocket"),
			"spaces around a value":          request("GET / HTTP/1.1", "Sec-WebSocket-Version:   13\t "),
			"a query":                        request("GET /?name=ada HTTP/1.1"),
			"the whole URL":                  request("GET http://localhost:8080/ws HTTP/1.1"),
			"a body of no bytes":             request("GET / HTTP/1.1", "Content-Length: 0"),
			"extensions that are no list":    request("GET / HTTP/1.1", "Sec-WebSocket-Extensions: ;;=,"),
			"extensions that nobody has":     request("GET / HTTP/1.1", "Sec-WebSocket-Extensions: x-unknown; a=b"),
			"a host of IPv6":                 request("GET / HTTP/1.1", "Host: [::1]:8080"),
			"lines that end in LF alone":     strings.ReplaceAll(request("GET / HTTP/1.1"), "\r\n", "\n"),
			"an expectation without a body":  request("GET / HTTP/1.1", "Expect: 100-continue"),
			"a cookie that is none":          request("GET / HTTP/1.1", "Cookie: ;;==;"),
			"a header of many lines":         request("GET / HTTP/1.1", "X-Many: 1"+strings.Repeat("\r\nX-Many: 1", 500)),
			"an X-Forwarded-For that's none": request("GET / HTTP/1.1", "X-Forwarded-For: ,,unknown,999.1.1.1"),
		} {
			t.Run(name, func(t *testing.T) {
				if got := d.ask(text); got.status != 101 {
					t.Errorf("%+v, want 101", got)
				}
			})
		}
	})
}

func TestMalformedHandshakeIsToldWhatWouldBeRight(t *testing.T) {
	const ok, key = "GET / HTTP/1.1", "Sec-WebSocket-Key: "
	d := openDoor(t)
	for name, c := range map[string]struct {
		text   string
		status int
		want   string // in the answer's text or header
	}{
		"POST":                              {request("POST / HTTP/1.1"), 405, "GET"},
		"PUT":                               {request("PUT /ws HTTP/1.1"), 405, "GET"},
		"HEAD":                              {request("HEAD / HTTP/1.1"), 405, ""},
		"OPTIONS":                           {request("OPTIONS /ws HTTP/1.1"), 405, "GET"},
		"a method of its own":               {request("UPGRADE /ws HTTP/1.1"), 405, "GET"},
		"get in small letters":              {request("get /ws HTTP/1.1"), 405, "GET"},
		"HTTP/1.0":                          {request("GET / HTTP/1.0"), 400, "proxy_http_version 1.1"},
		"Upgrade lost":                      {request(ok, "-Upgrade"), 426, "A proxy in front must pass both on"},
		"Connection lost":                   {request(ok, "-Connection"), 426, "Connection: Upgrade"},
		"both lost":                         {request(ok, "-Upgrade", "-Connection"), 426, "A proxy in front"},
		"/ws as a page":                     {"GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n", 426, "speaks WebSocket"},
		"Connection: close":                 {request(ok, "Connection: close"), 426, "Connection: Upgrade"},
		"Connection: upgraded":              {request(ok, "Connection: upgraded"), 426, "Connection: Upgrade"},
		"Upgrade: websockets":               {request(ok, "Upgrade: websockets"), 426, "Upgrade: websocket"},
		"Upgrade: h2c":                      {request("GET /ws HTTP/1.1", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQ"), 426, "Upgrade: websocket"},
		"no version":                        {request(ok, "-Sec-WebSocket-Version"), 426, "13"},
		"version 8":                         {request(ok, "Sec-WebSocket-Version: 8"), 426, "13"},
		"version 14":                        {request(ok, "Sec-WebSocket-Version: 14"), 426, "13"},
		"version 013":                       {request(ok, "Sec-WebSocket-Version: 013"), 426, "13"},
		"version 13 of several":             {request(ok, "Sec-WebSocket-Version: 13, 8"), 426, "13"},
		"version 13 twice":                  {request(ok, "+Sec-WebSocket-Version: 13"), 426, "13"},
		"no key":                            {request(ok, "-Sec-WebSocket-Key"), 400, "16 bytes in base64"},
		"empty key":                         {request(ok, key), 400, "16 bytes in base64"},
		"key of 15 bytes":                   {request(ok, key+"AAAAAAAAAAAAAAAAAAAA"), 400, "16 bytes in base64"},
		"key of 17 bytes":                   {request(ok, key+"AAAAAAAAAAAAAAAAAAAAAAA="), 400, "16 bytes in base64"},
		"key of 18 bytes":                   {request(ok, key+"AAAAAAAAAAAAAAAAAAAAAAAA"), 400, "16 bytes in base64"},
		"key that is not base64":            {request(ok, key+"!!!!!!!!!!!!!!!!!!!!!!=="), 400, "16 bytes in base64"},
		"key without its padding":           {request(ok, key+"dGhlIHNhbXBsZSBub25jZQ"), 400, "16 bytes in base64"},
		"key in base64url":                  {request(ok, key+"_____________________w=="), 400, "16 bytes in base64"},
		"key with a space":                  {request(ok, key+"dGhlIHNhbXBs ZSBub25jZQ="), 400, "16 bytes in base64"},
		"two keys":                          {request(ok, "+"+key+"dGhlIHNhbXBsZSBub25jZQ=="), 400, "one Sec-WebSocket-Key"},
		"a key of 10,000 bytes":             {request(ok, key+strings.Repeat("A", 10_000)), 400, "16 bytes in base64"},
		"a body":                            {request(ok, "Content-Length: 5") + "hello", 400, "no body"},
		"a body to come":                    {request(ok, "Content-Length: 5"), 400, "no body"},
		"a body in chunks":                  {request(ok, "Transfer-Encoding: chunked") + "0\r\n\r\n", 400, "no body"},
		"two lengths":                       {request(ok, "Content-Length: 5", "+Content-Length: 6"), 400, ""},
		"a length below zero":               {request(ok, "Content-Length: -1"), 400, ""},
		"an encoding that nobody has":       {request(ok, "Transfer-Encoding: zip"), 501, ""},
		"a subprotocol with a space":        {request(ok, "Sec-WebSocket-Protocol: two words"), 400, "Sec-WebSocket-Protocol"},
		"a subprotocol in quotes":           {request(ok, `Sec-WebSocket-Protocol: "chat"`), 400, "Sec-WebSocket-Protocol"},
		"a subprotocol of letters beyond":   {request(ok, "Sec-WebSocket-Protocol: plaudern-für-alle"), 400, "Sec-WebSocket-Protocol"},
		"no Host":                           {request(ok, "-Host"), 400, ""},
		"two Hosts":                         {request(ok, "+Host: localhost"), 400, ""},
		"empty Host":                        {request(ok, "Host:"), 400, "Want a Host"},
		"Host with a space":                 {request(ok, "Host: a b"), 400, ""},
		"Host with a path":                  {request(ok, "Host: localhost/ws"), 400, ""},
		"Host with a user":                  {request(ok, "Host: ada@localhost"), 400, ""},
		"Host with a port of words":         {request(ok, "Host: localhost:http"), 400, "Want a Host"},
		"Host that is a port":               {request(ok, "Host: :8080"), 400, "Want a Host"},
		"Host with half a bracket":          {request(ok, "Host: [::1"), 400, "Want a Host"},
		"HTTP/2 at once":                    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, ""},
		"HTTP/3.0":                          {request("GET / HTTP/3.0"), 505, ""},
		"HTTP/1.1 in small letters":         {request("GET / http/1.1"), 400, ""},
		"no version of HTTP":                {"GET /\r\n\r\n", 400, ""},
		"nothing but an empty request":      {"\r\n\r\n\r\n", 400, ""},
		"a path with a broken escape":       {request("GET /%zz HTTP/1.1"), 400, ""},
		"a path with a space":               {request("GET /w s HTTP/1.1"), 400, ""},
		"a header line without a colon":     {request(ok, "+Nonsense"), 400, ""},
		"a header name with a space":        {request(ok, "+Upgrade : websocket"), 400, ""},
		"a header value with NUL":           {request(ok, "+X-Odd: a\x00b"), 400, ""},
		"a header beyond 16 KiB":            {request(ok, "+X-Long: "+strings.Repeat("x", 32<<10)), 431, ""},
		"a path beyond 16 KiB":              {request("GET /" + strings.Repeat("x", 32<<10) + " HTTP/1.1"), 431, ""},
		"TLS":                               {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, ""},
		"a frame instead of a handshake":    {string(frame.AppendMaskedFrame(nil, frame.Text, []byte(`{"type":"join"}`), [4]byte{1, 2, 3, 4})) + "\r\n\r\n", 400, ""},
		"a CONNECT":                         {request("CONNECT localhost:80 HTTP/1.1"), 404, ""},
		"a handshake at an unknown address": {request("GET /chat HTTP/1.1"), 404, ""},
		"the hixie handshake":               {"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n\r\n^n:ds[4U", 426, "13"},
		"a token with a control character":  {request(ok, "Sec-WebSocket-Protocol: parley.token.a\x01b"), 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.ask(c.text)
			all := got.body
			for _, values := range got.header {
				all += "\n" + strings.Join(values, ", ")
			}
			if got.status != c.status || !strings.Contains(all, c.want) {
				t.Errorf("%+v, want %d with %q", got, c.status, c.want)
			}
			d.wantServes()
		})
	}
}

func TestRefusalNamesInItsHeaderWhatWouldBeRight(t *testing.T) {
	d := openDoor(t)
	for change, want := range map[string][2]string{
		"Sec-WebSocket-Version: 8": {"Sec-WebSocket-Version", "13"},
		"-Upgrade":                 {"Upgrade", "websocket"},
	} {
		got := d.ask(request("GET / HTTP/1.1", change))
		if got.header.Get(want[0]) != want[1] || got.status != http.StatusUpgradeRequired {
			t.Errorf("%s: %+v, want %v", change, got, want)
		}
	}
	if got := d.ask(request("POST / HTTP/1.1")); got.header.Get("Allow") != "GET" {
		t.Errorf("POST: %+v, want Allow: GET", got)
	}
	if got := d.refused("bad_handshake"); got != "3" {
		t.Errorf("counted %s, want 3", got)
	}
}

// What stands behind a refused handshake could be a request that a proxy in
// front took for a part of the WebSocket.
func TestNothingIsReadBehindARefusedHandshake(t *testing.T) {
	d := openDoor(t)
	conn := d.connect()
	got := d.askOn(conn, request("GET / HTTP/1.1", "Sec-WebSocket-Version: 8")+"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if got.status != http.StatusUpgradeRequired {
		t.Fatalf("%+v, want 426", got)
	}
	if rest, _ := io.ReadAll(conn); strings.Contains(string(rest), "HTTP/1.1") {
		t.Errorf("and then %q, want the end", rest)
	}
}

func TestWhatFollowsTheHandshakeIsTheSessions(t *testing.T) {
	onEach(t, func(t *testing.T, way engine.Transport) {
		join := string(frame.AppendMaskedFrame(nil, frame.Text, []byte(`{"type":"join","username":"ada"}`), [4]byte{1, 2, 3, 4}))
		for name, c := range map[string]struct{ early, want string }{
			"a message":           {join, "ada joined #general"},
			"half a message":      {join[:3], ""},
			"another request":     {"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "\x88"}, // 'G' has reserved bits: a close frame
			"a message unmasked":  {"\x81\x02{}", "\x88"},
			"more than a buffer":  {strings.Repeat(join, 300), "ada joined #general"},
			"a thousand zeros":    {strings.Repeat("\x00", 1000), "\x88"},
			"a close and garbage": {"\x88\x80\x01\x02\x03\x04garbage", "\x88"},
		} {
			t.Run(name, func(t *testing.T) {
				d := openDoorTo(t, way)
				conn := d.connect()
				if _, err := io.WriteString(conn, request("GET / HTTP/1.1")+c.early); err != nil {
					t.Fatal(err)
				}
				r := bufio.NewReader(conn)
				answer, err := http.ReadResponse(r, nil)
				if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
					t.Fatalf("%v, %v; want 101", answer, err)
				}
				answer.Body.Close()
				if got := readUntil(r, c.want); !strings.Contains(got, c.want) {
					t.Errorf("got %q, want %q", got, c.want)
				}
				d.wantServes()
			})
		}
	})
}

// readUntil reads until it has read want, or there is no more.
func readUntil(r io.Reader, want string) string {
	var got []byte
	buf := make([]byte, 4096)
	for !strings.Contains(string(got), want) {
		n, err := r.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			break
		}
	}
	return string(got)
}

func TestSubprotocolIsParleyV1OrATokenOfferedAlone(t *testing.T) {
	d := openDoor(t)
	for offer, want := range map[string]string{
		"parley.token.abc":                   "parley.token.abc",
		"parley.token.abc, parley.token.def": "parley.token.abc",
		",parley.token.abc,":                 "parley.token.abc",
		"chat":                               "",
		"chat, parley.token.abc":             "",
		"parley.token.abc, parley.v9":        "",
		"PARLEY.TOKEN.abc":                   "",
		"parley.v1":                          "parley.v1",
		"chat, parley.v1":                    "parley.v1",
		"parley.token.abc, parley.v1":        "parley.v1",
		"parley.v1, parley.token.abc":        "parley.v1",
		"Parley.V1":                          "",
	} {
		got := d.ask(request("GET / HTTP/1.1", "Sec-WebSocket-Protocol: "+offer))
		if got.status != 101 || got.header.Get("Sec-WebSocket-Protocol") != want {
			t.Errorf("offered %s: %d, chose %q; want %q", offer, got.status, got.header.Get("Sec-WebSocket-Protocol"), want)
		}
		if o := <-d.opened; (o.Dialect == protocol.V1) != (want == protocol.Subprotocol) {
			t.Errorf("offered %s: the session speaks dialect %d", offer, o.Dialect)
		}
	}
}

func TestDeflateIsAgreedWithAnIndependentClient(t *testing.T) {
	onEach(t, func(t *testing.T, way engine.Transport) {
		d := openDoorTo(t, way)
		for mode, want := range map[websocket.CompressionMode]bool{
			websocket.CompressionDisabled:          false,
			websocket.CompressionNoContextTakeover: true,
			websocket.CompressionContextTakeover:   true,
		} {
			conn, answer, err := d.dial(&websocket.DialOptions{CompressionMode: mode, CompressionThreshold: 1})
			if err != nil {
				t.Fatal(err)
			}
			o := <-d.opened
			if agreed := answer.Header.Get("Sec-WebSocket-Extensions") != ""; o.Deflate != want || agreed != want {
				t.Errorf("mode %d: session deflates %v, the client was told so %v; want %v", mode, o.Deflate, agreed, want)
			}
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"join","username":"ada","room":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}`)); err != nil {
				t.Fatal(err)
			}
			if _, got, err := conn.Read(t.Context()); err != nil || !strings.Contains(string(got), "ada joined") {
				t.Errorf("mode %d: got %s, %v", mode, got, err)
			}
		}
	})
}

func TestFaultOfAPeersIsNoneOfTheOperators(t *testing.T) {
	d := openDoor(t)
	d.ask("nonsense\r\n\r\n")
	d.ask(request("GET / HTTP/1.1", "+Upgrade : x"))
	d.wantServes()
	for _, level := range []string{"level=ERROR", "level=WARN"} {
		if d.log.count(level) > 0 {
			t.Errorf("the log: %s", d.log)
		}
	}
}
