package engine

import (
	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/protocol"
)

// answers is what a session writes before it goes on with its room's log: what
// it alone is told, each behind the part of the log that came before it.
type answers struct {
	list  []answer
	bytes int // of frames
}

// answer is either frames, or a part of a log to be read first.
type answer struct {
	frames []byte

	reader *roomlog.Reader
	upTo   roomlog.Position
	last   bool // the session has left: the reader ends there
}

func (a *answers) empty() bool { return len(a.list) == 0 }

func (a *answers) full() bool { return a.bytes > maxAnswerBytes || len(a.list) > maxAnswers }

// addFrame appends a frame for this session alone.
func (a *answers) addFrame(op frame.Opcode, payload []byte) {
	a.add(func(dst []byte) []byte { return frame.AppendFrame(dst, op, payload) })
}

// deflateFrom is how long a text is that is compressed for one session.
const deflateFrom = 1 << 10

// addText is addFrame for a text, which is compressed where that was negotiated and
// is worth the time.
func (a *answers) addText(payload []byte, deflate bool) {
	if deflate && len(payload) >= deflateFrom {
		a.add(func(dst []byte) []byte { return frame.AppendDeflatedFrame(dst, frame.Text, payload) })
		return
	}
	a.addFrame(frame.Text, payload)
}

func (a *answers) add(write func(dst []byte) []byte) {
	n := len(a.list)
	if n == 0 || a.list[n-1].reader != nil {
		a.list = append(a.list, answer{})
		n++
	}
	x := &a.list[n-1]
	before := len(x.frames)
	x.frames = write(x.frames)
	a.bytes += len(x.frames) - before
}

// after has what follows wait until r has read everything that is there now.
func (a *answers) after(r *roomlog.Reader) {
	head := r.Head()
	for i := len(a.list) - 1; i >= 0; i-- {
		if x := &a.list[i]; x.reader != nil {
			if x.reader == r && x.upTo == head {
				return
			}
			break
		}
	}
	if !r.Passed(head) {
		a.list = append(a.list, answer{reader: r, upTo: head})
	}
}

// finish reads r to its end, then detaches it.
func (a *answers) finish(r *roomlog.Reader) {
	head := r.Head()
	if r.Passed(head) {
		r.Detach()
		return
	}
	a.list = append(a.list, answer{reader: r, upTo: head, last: true})
}

// close puts a close frame behind everything.
func (a *answers) close(code protocol.CloseCode, reason string) {
	frames := frame.AppendClose(nil, uint16(code), reason)
	a.list = append(a.list, answer{frames: frames})
	a.bytes += len(frames)
}

// next appends to dst what is to be written now, about limit bytes. After
// roomlog.ErrNotInMemory it goes on once the first answer's reader is warm.
func (a *answers) next(dst [][]byte, limit int) ([][]byte, roomlog.Batch, error) {
	var w roomlog.Batch
	done := 0
	defer func() {
		a.list = a.list[done:]
		if len(a.list) == 0 {
			a.list = nil
		}
	}()
	for ; done < len(a.list) && w.Bytes < limit; done++ {
		x := &a.list[done]
		if x.reader == nil {
			dst = append(dst, x.frames)
			w.Bytes += len(x.frames)
			a.bytes -= len(x.frames)
			continue
		}
		var b roomlog.Batch
		var err error
		dst, b, err = x.reader.Read(dst, x.upTo, limit-w.Bytes)
		w.Add(b)
		if err != nil && !x.reader.Passed(x.upTo) {
			return dst, w, err
		}
		if !x.reader.Passed(x.upTo) {
			break // more of it than one write takes
		}
		if x.last {
			x.reader.Detach()
		}
	}
	return dst, w, nil
}

// end is how far r is to be read for the first answer that waits for it.
func (a *answers) end(r *roomlog.Reader) (end roomlog.Position, ok bool) {
	for i := range a.list {
		if a.list[i].reader == r {
			return a.list[i].upTo, true
		}
	}
	return end, false
}

// drop forgets everything.
func (a *answers) drop() {
	for _, x := range a.list {
		if x.last {
			x.reader.Detach()
		}
	}
	a.list, a.bytes = nil, 0
}
