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

// How often the published keys are asked for.
const (
	refetchAfter = 10 * time.Minute // so that a key which was taken back stops being trusted
	fetchGap     = 30 * time.Second // at least this between two fetches, whatever tokens come
	fetchTimeout = 5 * time.Second
	maxKeySet    = 1 << 20 // bytes
)

var errKeysUnavailable = errors.New("the keys that it could be checked with can't be fetched now")

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
	trying  chan struct{} // closed when the fetch under way ends; nil without one
}

type publishedKey struct {
	id     string // kid; may be empty
	method string // RS256, ES256 or EdDSA
	key    crypto.PublicKey
}

func newKeySet(c Config) *keySet {
	s := &keySet{url: c.JWKSURL, now: c.Now, log: c.Log, client: &http.Client{
		Transport:     c.HTTP,
		Timeout:       fetchTimeout,
		CheckRedirect: sameHost,
	}}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// sameHost follows a redirect only to where the settings point.
func sameHost(r *http.Request, via []*http.Request) error {
	if to, from := r.URL, via[0].URL; to.Host != from.Host || to.Scheme != from.Scheme || len(via) > 5 {
		return errors.New("redirected elsewhere")
	}
	return nil
}

// find gives the keys that a token with this kid and algorithm may be signed
// with. It asks the publisher again when the keys are old or none fits, but never
// more often than fetchGap allows.
func (s *keySet) find(ctx context.Context, kid, method string) ([]crypto.PublicKey, error) {
	keys, old := s.look(kid, method)
	if len(keys) > 0 && !old {
		return keys, nil
	}
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	keys, _ = s.look(kid, method)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fetched.IsZero() {
		return nil, errKeysUnavailable
	}
	return keys, nil
}

// look finds keys among those that were fetched. Without a kid, every key of the
// algorithm may be meant.
func (s *keySet) look(kid, method string) (keys []crypto.PublicKey, old bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		if k.method == method && (kid == "" || k.id == kid) {
			keys = append(keys, k.key)
		}
	}
	return keys, s.now().Sub(s.fetched) > refetchAfter
}

// refresh fetches the keys, unless that was tried a moment ago. All who need them
// wait for one fetch.
func (s *keySet) refresh(ctx context.Context) error {
	s.mu.Lock()
	if s.trying == nil {
		if !s.tried.IsZero() && s.now().Sub(s.tried) < fetchGap {
			s.mu.Unlock()
			return nil
		}
		s.tried = s.now()
		s.trying = make(chan struct{})
		go s.fetch()
	}
	trying := s.trying
	s.mu.Unlock()
	select {
	case <-trying:
		return nil
	case <-ctx.Done():
		return errKeysUnavailable
	}
}

// fetch asks the publisher. Where that fails, the keys that are known stay: a
// publisher that is away for a while turns nobody out.
func (s *keySet) fetch() {
	keys, err := s.ask()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.log.Warn("the keys of --jwt-jwks could not be fetched; those known so far stay", "err", err)
	} else {
		s.keys, s.fetched = keys, s.now()
	}
	close(s.trying)
	s.trying = nil
}

func (s *keySet) ask() ([]publishedKey, error) {
	answer, err := s.client.Get(s.url) //nolint:noctx // the client has its timeout
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
		if k.UnmarshalJSON(raw) != nil || !k.IsPublic() || k.Use != "" && k.Use != "sig" {
			continue
		}
		method := methodOf(k.Key)
		if method == "" || tooShort(k.Key) || k.Algorithm != "" && k.Algorithm != method {
			continue
		}
		keys = append(keys, publishedKey{id: k.KeyID, method: method, key: k.Key})
	}
	return keys, nil
}

// tooShort: RFC 7518 §3.3 wants 2048 bits or more.
func tooShort(key crypto.PublicKey) bool {
	k, ok := key.(*rsa.PublicKey)
	return ok && k.N.BitLen() < 2048
}
