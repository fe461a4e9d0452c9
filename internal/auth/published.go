package auth

import (
	"context"
	"slices"
	"time"
)

// Published asks once for the keys that are published at a URL, and gives the
// algorithms of those that are of use to us, in order.
func Published(ctx context.Context, url string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	keys, err := newKeySet(Config{JWKSURL: url, Now: time.Now}).ask(ctx)
	if err != nil {
		return nil, err
	}
	var methods []string
	for _, k := range keys {
		methods = append(methods, k.method)
	}
	slices.Sort(methods)
	return slices.Compact(methods), nil
}
