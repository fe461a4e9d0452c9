// Package testserver starts the servers that tests need, as they come from Debian:
// PostgreSQL, Redis, PgBouncer, each in a folder of its own and on a free port of
// loopback, and ended with the test. Between two of them, a Link loses, delays or cuts
// what goes through.
package testserver
