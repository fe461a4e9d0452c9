// Package postgres keeps logs in PostgreSQL, for any number of nodes.
package postgres
