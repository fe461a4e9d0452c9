// Package redis is a broker on Redis Pub/Sub: of one server, of one behind Sentinel, or
// of a cluster, where topics are spread over sharded Pub/Sub.
//
//   - A line is one connection that subscribes, beside those that publish. It is up when
//     all its topics are confirmed, and a beat that was published came back on it.
//   - Whatever goes wrong on a line ends it, and another takes its place. Then all topics
//     are told again, since what was published meanwhile is gone.
//   - A line on which nothing comes for silence is taken for dead: a beat should have.
package redis
