// Package redis is a broker on Redis Pub/Sub.
package redis
