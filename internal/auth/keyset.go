package auth

import (
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// How old published keys may be, counted from when they were fetched.
const (
	refetchAfter = 5 * time.Minute  // from here on they are asked for again, in the background
	waitAfter    = 10 * time.Minute // from here on nobody comes in before the answer is here
	trustedFor   = 24 * time.Hour   // from here on they are trusted no more, though no answer came
)

// What the publisher may cost us, and we the publisher.
const (
	fetchGap     = 30 * time.Second // at least this between two fetches, whatever tokens come
	fetchTimeout = 5 * time.Second
	maxKeySet    = 1 << 20 // bytes
	maxKeys      = 100     // that are of use to us: a token without kid is tried with each
)

// keySet is the public keys that somebody publishes at a URL, fetched when first
// needed and kept.
type keySet struct {
	// Fixed after newKeySet.
	url    string
	client *http.Client
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex
	keys    []publishedKey
	fetched time.Time     // when keys were fetched; zero before the first time
	tried   time.Time     // when that was last tried
	answers bool          // it went well then
	trying  chan struct{} // closed when the fetch under way ends; nil without one
}

type publishedKey struct {
	id     string // kid; may be empty
	method string // RS256, ES256 or EdDSA
	key    crypto.PublicKey
}

func newKeySet(c Config) *keySet {
	return &keySet{url: c.JWKSURL, now: c.Now, log: c.Log, client: &http.Client{
		Transport:     c.HTTP,
		Timeout:       fetchTimeout,
		CheckRedirect: sameHost,
	}}
}

// sameHost follows a redirect only to where the settings point.
func sameHost(r *http.Request, via []*http.Request) error {
	if to, from := r.URL, via[0].URL; to.Host != from.Host || to.Scheme != from.Scheme || len(via) > 5 {
		return errors.New("redirected elsewhere")
	}
	return nil
}

// find gives the keys that a token with this kid and algorithm may be signed
// with. A key that was withdrawn is trusted for waitAfter at most while the
// publisher answers. One who answers no more is not waited for a second time:
// the keys that he published last hold, until trustedFor.
func (s *keySet) find(ctx context.Context, kid, method string) ([]crypto.PublicKey, error) {
	keys, age, answers := s.look(kid, method)
	switch {
	case len(keys) == 0, age > waitAfter && answers:
		select {
		case <-s.refresh():
		case <-ctx.Done():
		}
		keys, age, _ = s.look(kid, method)
	case age > refetchAfter:
		s.refresh()
	}
	if age > trustedFor {
		return nil, ErrUnavailable
	}
	return keys, nil
}

// look finds keys among those that were fetched. Without a kid, of the token or
// of a key, every key of the algorithm may be meant. answers reports whether the
// publisher did when he was last asked.
func (s *keySet) look(kid, method string) (keys []crypto.PublicKey, age time.Duration, answers bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		if k.method == method && (kid == "" || k.id == "" || k.id == kid) {
			keys = append(keys, k.key)
		}
	}
	return keys, s.now().Sub(s.fetched), s.answers
}

// refresh fetches the keys, unless that was tried a moment ago. What it returns is
// closed when there is nothing more to wait for; all wait for one fetch.
func (s *keySet) refresh() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); s.trying == nil && now.Sub(s.tried) >= fetchGap {
		s.tried = now
		s.trying = make(chan struct{})
		go s.fetch()
	}
	if s.trying == nil {
		return closed
	}
	return s.trying
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// fetch asks the publisher. Where that fails, the keys that are known stay: a
// publisher who is away for a while turns nobody out.
func (s *keySet) fetch() {
	keys, err := s.ask(context.Background())
	switch {
	case err != nil:
		s.log.Warn("the keys of --jwt-jwks could not be fetched; those known so far stay", "err", err)
	case len(keys) == 0:
		s.log.Warn("the key set of --jwt-jwks holds no key that is of use here: want RS256 of 2048 bits or more, ES256 or EdDSA")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers = err == nil; s.answers {
		s.keys, s.fetched = keys, s.now()
	}
	close(s.trying)
	s.trying = nil
}

func (s *keySet) ask(ctx context.Context) ([]publishedKey, error) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, http.NoBody) // the client has its timeout
	if err != nil {
		return nil, err
	}
	ask.Close = true // the next one is minutes away
	answer, err := s.client.Do(ask)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", s.url, answer.Status)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxKeySet+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxKeySet {
		return nil, fmt.Errorf("%s answers with more than %d bytes", s.url, maxKeySet)
	}
	return parseKeySet(body)
}

// parseKeySet reads a JWK set (RFC 7517 §5). Keys that are of no use to us are
// passed over, as the RFC has it, and so are those whose alg or use is another.
func parseKeySet(body []byte) ([]publishedKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil || set.Keys == nil {
		return nil, errors.New("that is no JWK set")
	}
	var keys []publishedKey
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(raw) != nil || k.Use != "" && k.Use != "sig" {
			continue
		}
		method := methodOf(k.Key)
		if method == "" || tooShort(k.Key) || k.Algorithm != "" && k.Algorithm != method {
			continue
		}
		keys = append(keys, publishedKey{id: k.KeyID, method: method, key: k.Key})
	}
	if len(keys) > maxKeys {
		return nil, fmt.Errorf("that JWK set holds more than %d keys", maxKeys)
	}
	return keys, nil
}

// tooShort: RFC 7518 §3.3 wants 2048 bits or more.
func tooShort(key crypto.PublicKey) bool {
	k, ok := key.(*rsa.PublicKey)
	return ok && k.N.BitLen() < 2048
}
