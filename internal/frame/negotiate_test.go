package frame_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/frame"
)

func TestTheBestOfferThatCanBeMetIsAccepted(t *testing.T) {
	const plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	const limited = plain + "; server_max_window_bits="
	const with15 = limited + "15"
	for name, c := range map[string]struct {
		offers []string
		want   string // "" where all are declined
	}{
		"none":                          {nil, ""},
		"an empty header":               {[]string{""}, ""},
		"only commas":                   {[]string{" , ,"}, ""},
		"as Chrome and Firefox offer":   {[]string{"permessage-deflate; client_max_window_bits"}, plain},
		"as Safari offers":              {[]string{"permessage-deflate"}, plain},
		"all parameters":                {[]string{"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15; client_max_window_bits=8"}, with15},
		"white space everywhere":        {[]string{"\t permessage-deflate\t;  client_max_window_bits = 12 \t,"}, plain},
		"no white space":                {[]string{"permessage-deflate;client_max_window_bits=12"}, plain},
		"quoted values":                 {[]string{`permessage-deflate; client_max_window_bits="12"; server_max_window_bits="1\5"`}, with15},
		"after another extension":       {[]string{"x-webkit-deflate-frame; no_context_takeover, permessage-deflate"}, plain},
		"with another one's odd values": {[]string{`bbf-usp-protocol; eid="doc", permessage-deflate`}, plain},
		"in a second header":            {[]string{"foo", "permessage-deflate"}, plain},
		"after a header that is broken": {[]string{"permessage-deflate; =", "permessage-deflate"}, plain},
		"its fallback":                  {[]string{"permessage-deflate; server_max_window_bits=10, permessage-deflate"}, plain},
		"its fallback of two":           {[]string{"permessage-deflate; server_max_window_bits=10", "permessage-deflate; x, permessage-deflate; server_max_window_bits=15"}, with15},

		"a smaller window than ours": {[]string{"permessage-deflate; server_max_window_bits=14"}, limited + "14"},
		"the smallest window":        {[]string{"permessage-deflate; server_max_window_bits=8"}, limited + "8"},
		"the first of small windows": {[]string{"permessage-deflate; server_max_window_bits=9, permessage-deflate; server_max_window_bits=12"}, limited + "9"},

		"server_max_window_bits of 7":                {[]string{"permessage-deflate; server_max_window_bits=7"}, ""},
		"another extension only":                     {[]string{"permessage-bzip2"}, ""},
		"a longer name":                              {[]string{"permessage-deflate2"}, ""},
		"server_max_window_bits of nothing":          {[]string{"permessage-deflate; server_max_window_bits"}, ""},
		"server_max_window_bits of 16":               {[]string{"permessage-deflate; server_max_window_bits=16"}, ""},
		"server_max_window_bits with a zero":         {[]string{"permessage-deflate; server_max_window_bits=015"}, ""},
		"client_max_window_bits of 7":                {[]string{"permessage-deflate; client_max_window_bits=7"}, ""},
		"client_max_window_bits of 16":               {[]string{"permessage-deflate; client_max_window_bits=16"}, ""},
		"client_max_window_bits with a zero":         {[]string{"permessage-deflate; client_max_window_bits=08"}, ""},
		"client_max_window_bits of a word":           {[]string{"permessage-deflate; client_max_window_bits=x"}, ""},
		"a value where none belongs":                 {[]string{"permessage-deflate; server_no_context_takeover=true"}, ""},
		"the other value where none belongs":         {[]string{"permessage-deflate; client_no_context_takeover=1"}, ""},
		"an unknown parameter":                       {[]string{"permessage-deflate; foo"}, ""},
		"a repeated parameter":                       {[]string{"permessage-deflate; client_max_window_bits; client_max_window_bits=15"}, ""},
		"an empty parameter":                         {[]string{"permessage-deflate;"}, ""},
		"another one's empty parameter":              {[]string{"foo;, permessage-deflate"}, ""},
		"an empty value":                             {[]string{"permessage-deflate; client_max_window_bits="}, ""},
		"an empty quoted value":                      {[]string{`permessage-deflate; client_max_window_bits=""`}, ""},
		"a quote that isn't closed":                  {[]string{`permessage-deflate; client_max_window_bits="12`}, ""},
		"a quoted value that is no token":            {[]string{`permessage-deflate; client_max_window_bits="1 2"`}, ""},
		"no name":                                    {[]string{"; client_max_window_bits"}, ""},
		"two names":                                  {[]string{"permessage-deflate permessage-deflate"}, ""},
		"a good offer in a header that is broken":    {[]string{"permessage-deflate, foo/bar"}, ""},
		"a good offer behind a comma inside a quote": {[]string{`foo; bar="a, permessage-deflate"`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, window := frame.NegotiateDeflate(c.offers)
			want := 0
			if c.want != "" {
				want = 15
			}
			if _, bits, asked := strings.Cut(c.want, limited); asked {
				want, _ = strconv.Atoi(bits)
			}
			if got != c.want || window != want {
				t.Errorf("got %q and a window of %d, want %q and %d", got, window, c.want, want)
			}
		})
	}
}
