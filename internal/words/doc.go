// Package words says what the words of a text are, the same for every store.
//
//   - Words are compared without regard to case, width and accents: see Tokens.
//   - A language that is written without spaces needs no dictionary: each of its
//     letters is a word, and what is looked for is a run of them.
//   - Nothing that a person types is a wrong query.
//   - Values in, values out: no state, goroutine or clock.
package words
