package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/poll"
)

// The parsers below turn one value into its setting. Their errors say what
// would be right; setting and value are named by who calls them.

func asIs(s string) (string, error) { return s, nil }

func parseListen(s string) (string, error) {
	const want = "want HOST:PORT such as localhost:8080, 0.0.0.0:8080, [::1]:8080 or :8080"
	host, port, err := net.SplitHostPort(s)
	if err != nil || strings.ContainsAny(host, "/@ ") {
		return "", errors.New(want)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", fmt.Errorf("the port must be a number from 0 (picks a free one) to 65535; %s", want)
	}
	return s, nil
}

func parseDebugListen(s string) (string, error) {
	if _, err := parseListen(s); err != nil {
		return "", errors.New("want HOST:PORT such as localhost:6060")
	}
	return s, nil
}

// A session remembers when it sent its last maxRateN messages, so that this
// bounds its memory.
const (
	maxRateN   = 1000
	minRatePer = 100 * time.Millisecond
	maxRatePer = time.Hour
)

func parseRate(s string) (Rate, error) {
	if s == "off" {
		return Rate{}, nil
	}
	count, per, _ := strings.Cut(s, "/")
	n, err1 := strconv.Atoi(count)
	d, err2 := time.ParseDuration(per)
	if err1 != nil || err2 != nil || n < 1 || n > maxRateN || d < minRatePer || d > maxRatePer {
		return Rate{}, fmt.Errorf("want N/TIME such as 10/10s, with N from 1 to %d and TIME from %s to %s, or off",
			maxRateN, shortDuration(minRatePer), shortDuration(maxRatePer))
	}
	return Rate{N: n, Per: d}, nil
}

// Below a tenth of a second, pings would be most of the traffic; above an hour nothing
// notices the dead, and every proxy has cut the line long before.
const (
	minHeartbeat = 100 * time.Millisecond
	maxHeartbeat = time.Hour
)

func parseHeartbeat(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < minHeartbeat || d > maxHeartbeat {
		return 0, fmt.Errorf("want a time from %s to %s, such as 30s", shortDuration(minHeartbeat), shortDuration(maxHeartbeat))
	}
	return d, nil
}

// A node ends ten seconds after it was told to, and whoever is told last should have a
// moment to hang up.
const (
	maxDrain    = 8 * time.Second
	drainShared = 3 * time.Second
)

// parseDrain reads the time that a drain takes, of a node that has others beside it or
// none.
func parseDrain(shared bool) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		switch {
		case s == "auto" && shared:
			return drainShared, nil
		case s == "auto":
			return 0, nil
		}
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 || d > maxDrain {
			return 0, fmt.Errorf("want a time from 0 to %s, such as 3s, or auto", maxDrain)
		}
		return d, nil
	}
}

func parseTransport(s string) (string, error) {
	switch {
	case s != "auto" && s != "loops" && s != "goroutines":
		return "", errors.New("want auto, loops or goroutines")
	case s == "loops" && !poll.Supported:
		return "", errors.New("event loops need Linux: want auto or goroutines")
	}
	return s, nil
}

// Whoever waits longer than this for a message notices.
const maxGather = 100 * time.Millisecond

func parseGather(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxGather {
		return 0, fmt.Errorf("want a time from 0 to %s, such as 10ms", shortDuration(maxGather))
	}
	return d, nil
}

// shortDuration is d without the zeros that Duration.String puts at the end.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func parseJWKS(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.Fragment != "" {
		return "", errors.New("want the URL of a key set, such as https://id.example/.well-known/jwks.json")
	}
	return s, nil
}

// parseMetricsToken wants what an Authorization header can carry (RFC 6750
// §2.1).
func parseMetricsToken(s string) (string, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
	if strings.Trim(s, alphabet) != "" {
		return "", errors.New("a bearer token has letters, digits and -._~+/= only")
	}
	return s, nil
}

func parsePublicURL(s string) (string, error) {
	const want = "want http:// or https:// and a host, without a path, such as https://chat.example"
	u, err := url.Parse(strings.TrimSuffix(s, "/"))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return "", errors.New(want)
	}
	o, err := origin(u)
	if err != nil {
		return "", errors.New(want)
	}
	return o, nil
}

func parseOrigin(s string) (string, error) {
	if s == "null" {
		return s, nil
	}
	if s == "*" {
		return "", errors.New("that would let any page use a visitor's chat: name each site, such as https://app.example")
	}
	u, err := url.Parse(s)
	if err == nil {
		s, err = origin(u)
	}
	if err != nil {
		return "", errors.New("want SCHEME://HOST or SCHEME://HOST:PORT without a path, such as https://app.example, or null")
	}
	return s, nil
}

// origin writes u as a browser writes an origin (RFC 6454 §6.2): small letters,
// and no port where it is the scheme's own.
func origin(u *url.URL) (string, error) {
	if u.Scheme == "" || u.Hostname() == "" || u.User != nil || u.Opaque != "" ||
		u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", errors.New("not an origin")
	}
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	switch port := u.Port(); {
	case port == "" && strings.HasSuffix(u.Host, ":"):
		return "", errors.New("no port after the colon")
	case port == "", u.Scheme == "http" && port == "80", u.Scheme == "https" && port == "443":
	default:
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "", errors.New("no such port")
		}
		host += ":" + port
	}
	return strings.ToLower(u.Scheme) + "://" + host, nil
}

func parseProxy(s string) (string, error) {
	if _, err := netip.ParseAddr(s); err == nil {
		return s, nil
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return s, nil
	}
	return "", errors.New("want an address such as 10.0.0.7 or ::1, or a network such as 10.0.0.0/8")
}

func parseReadable(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%w: want a file that can be read", reason(err))
	}
	return path, f.Close()
}

// parseFolder wants a folder, or nothing where one can be made later.
func parseFolder(path string) (string, error) {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return "", errors.New("that is no folder: want one, or a name where one can be made")
	}
	return path, nil
}

func parseLogFormat(s string) (string, error) {
	if s != "text" && s != "json" {
		return "", errors.New("want text or json")
	}
	return s, nil
}
