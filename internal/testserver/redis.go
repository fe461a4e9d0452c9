package testserver

import "testing"

// Redis is a Redis server of the test's own, which keeps nothing on disk unless its
// settings say so.
type Redis struct {
	Process
	Password string // for Do
}

// StartRedis starts a new server; args are as on redis-server's command line, such as
// "--appendonly", "yes".
func StartRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	r := &Redis{Process: Process{t: t, Addr: FreeAddr(t), Dir: folder(t, nil), name: program(t, "redis-server")}}
	r.args = append([]string{"--port", port(r.Addr), "--bind", "127.0.0.1", "--dir", r.Dir, "--save", ""}, args...)
	r.Start()
	r.endWith(t)
	return r
}

// URL names the server.
func (r *Redis) URL() string { return "redis://" + r.Addr }
