package store

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"math"
)

// CursorAt is the cursor of a page of q that begins after place. What a place is
// only the store knows that gave it: newer messages have greater ones.
func (q *Query) CursorAt(place int64) string {
	return cursorText.EncodeToString(q.cursor(place))
}

// Place is where q's page begins: after all places, unless it has a cursor. The
// error is ErrBadCursor.
func (q *Query) Place() (int64, error) {
	if q.Cursor == "" {
		return math.MaxInt64, nil
	}
	raw, err := cursorText.DecodeString(q.Cursor)
	if err != nil || len(raw) < 8 {
		return 0, ErrBadCursor
	}
	place := int64(binary.BigEndian.Uint64(raw))
	if string(raw) != string(q.cursor(place)) {
		return 0, ErrBadCursor
	}
	return place, nil
}

var cursorText = base64.RawURLEncoding.Strict()

// cursor is a place, and a sum that tells another text's cursor.
func (q *Query) cursor(place int64) []byte {
	raw := binary.BigEndian.AppendUint64(nil, uint64(place))
	sum := fnv.New32a()
	sum.Write(raw)
	sum.Write([]byte(q.Text))
	return sum.Sum(raw)
}
