package engine

import (
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// Echo has the sessions that e opens from now on say again what they hear, however
// long it is: what the cases of the Autobahn suite talk to.
func Echo(e *Engine, limits frame.Limits) {
	e.change = func(s *session, o *Opening) {
		s.decoder = frame.NewDecoder(frame.Server, o.Deflate, limits)
		s.dialect = echo{s.dialect, s}
	}
}

// echo is a dialect whose every message is its own answer. In no room, it has nothing
// else to do.
type echo struct {
	dialect
	session *session
}

func (d echo) hear(m frame.Message, _ time.Time) {
	s := d.session
	if s.encoding.Deflate {
		s.answers.add(func(dst []byte) []byte { return frame.AppendDeflatedFrame(dst, m.Op, m.Payload) })
	} else {
		s.answers.addFrame(m.Op, m.Payload)
	}
	s.carrier.Wake()
}
