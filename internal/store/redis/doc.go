// Package redis keeps logs in Redis Streams, for any number of nodes.
package redis
