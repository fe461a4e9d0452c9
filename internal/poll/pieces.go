package poll

// MaxPieces is how many pieces one Write takes.
const MaxPieces = 16

// Advance is what is left of pieces behind their first n bytes. It changes pieces.
func Advance(pieces [][]byte, n int) [][]byte {
	for n > 0 {
		if n < len(pieces[0]) {
			pieces[0] = pieces[0][n:]
			break
		}
		n -= len(pieces[0])
		pieces = pieces[1:]
	}
	return pieces
}
