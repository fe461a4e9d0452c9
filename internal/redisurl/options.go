package redisurl

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// readOptions reads what stands behind the question mark.
func (u *URL) readOptions(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil { // its text would show a part of it
		return fmt.Errorf("the URL of Redis: its options can't be read: in a value, %%, & and ; have to be written %%25, %%26 and %%3B")
	}
	var cert, key string
	for name, list := range values {
		value := list[len(list)-1]
		switch name {
		case "ca":
			err = u.trust(value)
		case "cert":
			cert, err = value, u.needsTLS(name)
		case "key":
			key, err = value, u.needsTLS(name)
		case "server_name":
			if err = u.needsTLS(name); err == nil {
				u.TLS.ServerName = value
			}
		case "skip_verify":
			err = u.skipVerify(value)
		case "sentinel_user", "sentinel_password":
			err = u.sentinel(name, value)
		default:
			err = fmt.Errorf("the URL of Redis: there is no option %q, but ca, cert, key, server_name, skip_verify, sentinel_user and sentinel_password", plain(name))
		}
		if err != nil {
			return err
		}
	}
	return u.identify(cert, key)
}

// plain is an unknown option's name, unless it may be the rest of a password that holds
// a question mark.
func plain(name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_-") != "" || len(name) > 32 {
		return "…"
	}
	return name
}

func (u *URL) needsTLS(option string) error {
	if u.TLS == nil {
		return fmt.Errorf("the URL of Redis: %s is an option of rediss%s:// alone", option, u.Kind)
	}
	return nil
}

func (u *URL) sentinel(name, value string) error {
	if u.Kind != Sentinel {
		return fmt.Errorf("the URL of Redis: %s is an option of redis+sentinel:// alone", name)
	}
	if name == "sentinel_user" {
		u.SentinelUser = value
	} else {
		u.SentinelPassword = value
	}
	return nil
}

func (u *URL) skipVerify(value string) error {
	if err := u.needsTLS("skip_verify"); err != nil {
		return err
	}
	if value != "true" && value != "false" {
		return fmt.Errorf("the URL of Redis: skip_verify is true or false")
	}
	u.TLS.InsecureSkipVerify = value == "true"
	return nil
}

// Unverified reports whether anybody could pass for the server.
func (u *URL) Unverified() bool { return u.TLS != nil && u.TLS.InsecureSkipVerify }

func (u *URL) trust(file string) error {
	if err := u.needsTLS("ca"); err != nil {
		return err
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the URL of Redis: ca: %w", err)
	}
	u.TLS.RootCAs = x509.NewCertPool()
	if !u.TLS.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("the URL of Redis: ca: %s holds no certificate in PEM", file)
	}
	return nil
}

func (u *URL) identify(cert, key string) error {
	if cert == "" && key == "" {
		return nil
	}
	if cert == "" || key == "" {
		return fmt.Errorf("the URL of Redis: cert and key come together")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("the URL of Redis: cert and key: %w", err)
	}
	u.TLS.Certificates = []tls.Certificate{pair}
	return nil
}
