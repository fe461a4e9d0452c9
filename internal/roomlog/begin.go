package roomlog

import (
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Begin is the cursor that a reader of a room that stands at r begins with: its own, or,
// with the reason why not, one before the newest last events.
func Begin(since *protocol.Cursor, last int, r *store.Room) (protocol.Seq, protocol.Reset) {
	first := max(r.First, 1)
	tail := max(r.Head, first-1+protocol.Seq(last)) - protocol.Seq(last) // the last ones, as far as they are kept
	switch {
	case since == nil:
		return tail, ""
	case since.Epoch != r.Epoch:
		return tail, protocol.ResetEpoch
	case since.Seq > r.Head:
		return tail, protocol.ResetAhead
	case since.Seq+1 < first:
		return tail, protocol.ResetPurged
	}
	return since.Seq, ""
}
