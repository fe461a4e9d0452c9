// Package postgres keeps logs in PostgreSQL, for any number of nodes.
//
//   - Append returns after the commit, which is as safe as the server makes it.
//   - A batch is one transaction, whatever rooms it is for. It holds the rows of its
//     rooms, locked in the order of their names, until the commit: whoever appends next,
//     on whatever node, sees what it did.
//   - Of a commit that was not answered the server is asked what became of it. Only if
//     that can't be found out is it an error without an answer.
//   - What passes is tried again, within a bound. A node that stands still in the middle
//     of its transaction holds others up for a few seconds at most.
//   - Every transaction, reading or writing, sees which life the logs are in, and whether
//     this is the server on which that life began: a standby that was promoted, a dump
//     that was put back and a server that lacks what it had are not. They begin another
//     life, and with it another epoch in each room, before anything else is done. Who
//     watches has been told before anything of it is given to anybody.
//   - The newest text of a message stands in its row alone, so one that was edited away
//     or deleted is in none, and vacuum overwrites it.
//   - Search asks an index that follows the logs, in tables of its own, a moment later.
//     What it found is compared with the log.
//   - Nothing stays with a connection between transactions, so a PgBouncer may lend one
//     for a transaction each.
//   - Nodes may start at once, on an empty database too. One that is newer than the
//     program is refused.
package postgres
