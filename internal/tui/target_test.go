package tui

import (
	"strings"
	"testing"
)

func TestAnAddressIsReadAsPeopleWriteIt(t *testing.T) {
	for raw, want := range map[string]Target{
		"http://localhost:8080":          {URL: "ws://localhost:8080/ws"},
		"http://localhost:8080/":         {URL: "ws://localhost:8080/ws"},
		"localhost:8080":                 {URL: "ws://localhost:8080/ws"},
		"chat.example":                   {URL: "ws://chat.example/ws"},
		"https://chat.example/#lobby":    {URL: "wss://chat.example/ws", Room: "lobby"},
		"https://chat.example#d%C3%A9mo": {URL: "wss://chat.example/ws", Room: "démo"},
		"ws://[::1]:9/ws":                {URL: "ws://[::1]:9/ws"},
		"wss://chat.example/deep/ws?x=1": {URL: "wss://chat.example/deep/ws?x=1"},
	} {
		if got, err := ParseTarget(raw); err != nil || got != want {
			t.Errorf("%s is %+v, %v; want %+v", raw, got, err, want)
		}
	}
}

func TestAWrongAddressSaysWhatWouldBeRight(t *testing.T) {
	for raw, want := range map[string]string{
		"":                         "want an address such as http://localhost:8080",
		"http://":                  "want an address",
		"ftp://chat.example":       "has the scheme ftp: want an address",
		"http://ada:secret@x":      "give a token with --token",
		"http://localhost/#a%00b":  "is no room: want 1 to 64 letters",
		"http://local host:8080":   "want an address",
		"http://localhost:notport": "want an address",
	} {
		_, err := ParseTarget(raw)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q in it", raw, err, want)
		}
	}
}
