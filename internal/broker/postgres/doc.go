// Package postgres is a broker on PostgreSQL's NOTIFY.
package postgres
