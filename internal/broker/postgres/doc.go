// Package postgres is a broker on PostgreSQL's NOTIFY, for those who run no Redis.
//
//   - One session listens, another publishes; the store's transactions notify nobody.
//   - The session that listens is there when it hears the beat that the other published.
//     Behind a pooler that gives no session it never does, and that is said.
//   - Of one topic's messages that wait, only the newest are kept: NOTIFY is slower than
//     a busy room, and who hears of a head needs no word of those before.
//   - Who listens and doesn't read would fill the server's queue for everybody: a session
//     whose ear doesn't return is ended.
package postgres
