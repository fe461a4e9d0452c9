// Package client speaks parley.v1 with a Parley server: it is what a program
// imports to take part in a chat.
//
//	c, err := client.New("https://chat.example", client.Options{Name: "ada"})
//	…
//	go c.Run(ctx) // keeps the connection until ctx ends
//	joined, err := c.Join(ctx, protocol.Join{Room: "lobby"})
//	sent, err := c.Send(ctx, protocol.Send{Room: "lobby", Text: "hello"})
//	for item, err := range c.Events(ctx) {
//		…
//	}
//
// What must stay true of it:
//
//   - There is one connection. A lost one is made again, with growing pauses and
//     jitter, as long as that is of use; a token that doesn't hold, a ban or a
//     server of another kind ends Run with an error instead. The close codes say
//     which it is.
//   - Events tells each event of a joined room once and in order, whatever
//     happens to the connection: what comes twice is passed over, and at a hole
//     the room is joined again where it broke off. Where that can't be, since the
//     log was replaced or purged, a Reset says so.
//   - A message gets its key when it is put into the outbox, is sent with that key
//     until the server answers, and stands in the room once. In one room, messages
//     are stored in the order in which they were put in. What the server answers
//     with rate_limited or unavailable is sent again when it says.
//   - A command that was cut off without an answer is made again. All of them are
//     harmless to repeat.
//   - Memory is bounded: who reads Events slowly stops the reading of the socket,
//     and TCP slows the server down. Only where a command waits for its answer is
//     the socket read on; what finds no place then is asked for again later.
//   - With a Storage, a program that was killed is the same guest when it comes
//     back, sends what it had not sent, and resumes its rooms.
//
// Any goroutine may call any method at any time; only Events has one reader at
// once. Methods wait until their command is answered, across lost connections:
// the ctx bounds that. Before Run is called, nothing moves. Afterwards all of them
// return the error of Run.
//
// What a newer server may say beyond this package's knowledge is passed over.
package client
