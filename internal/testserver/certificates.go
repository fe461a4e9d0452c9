package testserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Certificates are files of a certificate authority of the test's own, and of one
// certificate that it gave to 127.0.0.1 and localhost, for servers and clients.
type Certificates struct{ CA, Cert, Key string }

// NewCertificates makes them, valid for an hour.
func NewCertificates(t testing.TB) Certificates {
	t.Helper()
	dir := folder(t, nil)
	if err := os.Chmod(dir, 0o755); err != nil { // servers read them that don't run as root
		t.Fatal(err)
	}
	c := Certificates{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	template := func(name string, serial int64) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
		}
	}
	authority := template("a test's authority", 1)
	authority.IsCA, authority.KeyUsage = true, x509.KeyUsageCertSign
	authorityKey := newKey(t)
	signed(t, c.CA, authority, authority, authorityKey, authorityKey)

	server := template("localhost", 2)
	server.KeyUsage = x509.KeyUsageDigitalSignature
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	server.DNSNames, server.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	key := newKey(t)
	signed(t, c.Cert, server, authority, key, authorityKey)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, c.Key, "PRIVATE KEY", der)
	return c
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signed(t testing.TB, file string, template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, file, "CERTIFICATE", der)
}

func writePEM(t testing.TB, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
}

// StartRedisTLS starts a Redis that speaks TLS alone, to those who have a certificate.
func StartRedisTLS(t testing.TB, c Certificates, args ...string) *Redis {
	t.Helper()
	r := &Redis{Process: Process{t: t, Addr: FreeAddr(t), Dir: folder(t, nil), name: program(t, "redis-server")}}
	r.args = append([]string{
		"--port", "0", "--tls-port", port(r.Addr), "--bind", "127.0.0.1", "--dir", r.Dir, "--save", "",
		"--tls-cert-file", c.Cert, "--tls-key-file", c.Key, "--tls-ca-cert-file", c.CA,
	}, args...)
	r.Start()
	r.endWith(t)
	return r
}
