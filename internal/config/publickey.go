package config

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const wantPublicKey = "want a public key in PEM (-----BEGIN PUBLIC KEY-----), of RSA, ECDSA P-256 or Ed25519; mostly @FILE"

// parsePublicKey wants one public key whose tokens can be checked.
func parsePublicKey(s string) (crypto.PublicKey, error) {
	block, rest := pem.Decode([]byte(s))
	switch {
	case block == nil:
		return nil, errors.New(wantPublicKey)
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errors.New("that is a private key, which must not leave its owner: give its public half" +
			" (openssl pkey -in private.pem -pubout -out public.pem)")
	case len(strings.TrimSpace(string(rest))) > 0:
		return nil, errors.New("more than one PEM block: give one public key (for several, --jwt-jwks)")
	}
	key, err := decodePublicKey(block)
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, wantPublicKey)
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < 2048 {
			return nil, fmt.Errorf("an RSA key of %d bits is too short to trust: want 2048 or more", key.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return nil, fmt.Errorf("a key of the curve %s; %s", key.Params().Name, wantPublicKey)
		}
	case ed25519.PublicKey:
	default:
		return nil, fmt.Errorf("a key of the type %T; %s", key, wantPublicKey)
	}
	return key, nil
}

// decodePublicKey reads SubjectPublicKeyInfo alone: what `openssl … -pubout`
// writes, and what every library reads.
func decodePublicKey(block *pem.Block) (crypto.PublicKey, error) {
	if block.Type != "PUBLIC KEY" {
		return nil, fmt.Errorf("that is a %s", strings.ToLower(block.Type))
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the key inside is broken")
	}
	return key, nil
}
