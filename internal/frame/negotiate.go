package frame

import "strings"

const deflateResponse = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

// fullWindow is how far package flate looks back, in bits.
const fullWindow = 15

// NegotiateDeflate answers the values of a client's Sec-WebSocket-Extensions
// headers: response is the value of the server's, for one offer of
// permessage-deflate. Neither side keeps its context from one message to the next:
// a server may ask for that unasked (RFC 7692 §7.1.1). window is how far what the
// client is sent may look back, as a power of two: 15, or less where it asked for
// less. 0: no offer can be met, and there is no such header in the answer.
//
// An offer that breaks §7.1 (a parameter unknown, repeated, or with a wrong value)
// is declined, and the next one looked at. Of the others, the first with the full
// window is accepted, since package flate knows no other; else the first. The
// client may then compress, and what it is sent must not be compressed, which a
// sender is always free to do (§6). client_max_window_bits asks nothing of us,
// since any window fits into ours; left out of the response, it lets the client use
// what it likes. A header value that isn't a list of extensions (RFC 6455 §9.1)
// offers nothing.
func NegotiateDeflate(offers []string) (response string, window int) {
	for _, value := range offers {
		list, ok := parseExtensions(value)
		if !ok {
			continue
		}
		for _, e := range list {
			switch r, w := e.accept(); {
			case w == fullWindow:
				return r, w
			case window == 0:
				response, window = r, w
			}
		}
	}
	return response, window
}

// extension is one offer: a name, and parameters in their order.
type extension struct {
	name   string
	params []param
}

type param struct {
	name, value string
	hasValue    bool
}

// accept returns the response to an offer, and the window that it asks for; 0 if the
// offer can't be met.
func (e extension) accept() (response string, window int) {
	if e.name != "permessage-deflate" {
		return "", 0
	}
	response, window = deflateResponse, fullWindow
	seen := map[string]bool{}
	for _, p := range e.params {
		if seen[p.name] {
			return "", 0
		}
		seen[p.name] = true
		switch p.name {
		case "server_no_context_takeover", "client_no_context_takeover":
			if p.hasValue {
				return "", 0
			}
		case "server_max_window_bits":
			if window = windowBits(p.value); window == 0 {
				return "", 0
			}
			response += "; server_max_window_bits=" + p.value // §7.1.2.1: accepting it means saying it
		case "client_max_window_bits":
			if p.hasValue && windowBits(p.value) == 0 {
				return "", 0
			}
		default:
			return "", 0
		}
	}
	return response, window
}

// windowBits reads 8 to 15, without a leading zero (§7.1.2); 0 for anything else.
func windowBits(s string) int {
	if len(s) == 1 && s[0] >= '8' && s[0] <= '9' {
		return int(s[0] - '0')
	}
	if len(s) == 2 && s[0] == '1' && s[1] >= '0' && s[1] <= '5' {
		return 10 + int(s[1]-'0')
	}
	return 0
}

// parseExtensions reads a header value by the grammar of RFC 6455 §9.1. Elements
// of the list may be empty, and white space may stand between any two of its
// parts, as in the HTTP grammar that it builds on.
func parseExtensions(value string) (list []extension, ok bool) {
	s := scanner{value}
	for {
		if s.skip(','); s.rest == "" {
			return list, len(list) > 0
		}
		e := extension{name: s.token()}
		for s.take(';') {
			p := param{name: s.token()}
			if s.take('=') {
				p.hasValue = true
				p.value = s.value()
			}
			if p.name == "" || p.hasValue && p.value == "" {
				return nil, false
			}
			e.params = append(e.params, p)
		}
		if e.name == "" || s.rest != "" && s.rest[0] != ',' {
			return nil, false
		}
		list = append(list, e)
	}
}

// scanner takes parts of a header value from its start, and the white space
// behind each.
type scanner struct{ rest string }

func (s *scanner) space() { s.rest = strings.TrimLeft(s.rest, " \t") }

// take takes c, if it comes next.
func (s *scanner) take(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	s.space()
	return true
}

// skip takes any number of c, white space among them.
func (s *scanner) skip(c byte) {
	s.space()
	for s.take(c) {
	}
}

// token takes a token; "" means that none comes next.
func (s *scanner) token() string {
	n := 0
	for n < len(s.rest) && isTokenByte(s.rest[n]) {
		n++
	}
	t := s.rest[:n]
	s.rest = s.rest[n:]
	s.space()
	return t
}

// value takes a token, or a quoted string that holds one.
func (s *scanner) value() string {
	if s.rest == "" || s.rest[0] != '"' {
		return s.token()
	}
	var t []byte
	for i := 1; i < len(s.rest); i++ {
		c := s.rest[i]
		if c == '"' {
			s.rest = s.rest[i+1:]
			s.space()
			return string(t)
		}
		if c == '\\' && i+1 < len(s.rest) {
			i++
			c = s.rest[i]
		}
		if !isTokenByte(c) {
			return ""
		}
		t = append(t, c)
	}
	return ""
}

func isTokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
