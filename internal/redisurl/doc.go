// Package redisurl reads the URLs that name a Redis, be it one server, one behind
// Sentinel, or a cluster:
//
//	redis://user:password@host:port/db
//	redis+sentinel://user:password@host:port,host:port/master/db?sentinel_user=…&sentinel_password=…
//	redis+cluster://user:password@host:port,host:port
//
// With rediss in place of redis it is TLS, with the options ca=FILE, cert=FILE and
// key=FILE, server_name=NAME, and skip_verify=true. One that keeps rooms has history=N
// and prefix=TEXT, too.
//
// No password is ever in an error's text, nor in what String gives.
package redisurl
