package redisurl

import (
	"strings"
	"testing"
)

func TestAStoresURLSaysHowRoomsAreKept(t *testing.T) {
	for text, want := range map[string]Store{
		"redis://h":             {History: 10_000, Prefix: "parley:"},
		"redis://h?":            {History: 10_000, Prefix: "parley:"},
		"redis://h?history=500": {History: 500, Prefix: "parley:"},
		"rediss://h?prefix=a%3Ab&skip_verify=true&history=100": {History: 100, Prefix: "a:b"},
	} {
		got, err := ParseStore(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got.History != want.History || got.Prefix != want.Prefix || got.Addrs[0] != "h:6379" {
			t.Errorf("%s: %d events under %q at %s, want %d under %q", text, got.History, got.Prefix, got, want.History, want.Prefix)
		}
		if verified := !strings.Contains(text, "skip_verify"); got.Unverified() == verified {
			t.Errorf("%s: unverified is %v", text, got.Unverified())
		}
	}
	for text, want := range map[string]string{
		"redis://h?history=99":                        "from 100 to 10000000",
		"redis://h?history=secret":                    "from 100 to 10000000",
		"redis://h?prefix=":                           "1 to 64 letters",
		"redis://h?prefix=secret%20":                  "1 to 64 letters",
		"redis://:pw?prefix=secret@h":                 "1 to 64 letters",
		"redis://h?prefix=" + strings.Repeat("a", 65): "1 to 64 letters",
		"redis://h?history=500&password=secret":       `"password"`,
	} {
		_, err := ParseStore(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q in it and no secret", text, err, want)
		}
	}
	if _, err := Parse("redis://h?history=500"); err == nil {
		t.Error("a URL that is no store's may have a history")
	}
}
