package frame

import (
	"compress/flate"
	"io"
	"slices"
	"sync"
)

// deflateTail is what the sender of a compressed message left off (RFC 7692
// §7.2.2), and then an empty final block, so that the data has an end.
const deflateTail = "\x00\x00\xff\xff" + "\x01\x00\x00\xff\xff"

type inflater struct {
	src    source
	stream io.ReadCloser // also a flate.Resetter
}

var inflaters = sync.Pool{New: func() any {
	return &inflater{stream: flate.NewReader(nil)}
}}

// inflate returns what payload holds. It gives up as soon as that is more than
// limit, and reserves little more than limit before it knows.
func inflate(payload []byte, limit int) (out []byte, fail *Error) {
	z := inflaters.Get().(*inflater)
	defer inflaters.Put(z)
	z.src = source{payload, deflateTail}
	defer func() { z.src = source{} }()

	out = make([]byte, 0, min(limit, 64+3*len(payload)))
	// A block with BFINAL set ends a stream, and may stand anywhere (§7.2.3.4). What
	// follows is a stream of its own: it starts at a whole byte, with an empty window.
	for !z.src.empty() {
		_ = z.stream.(flate.Resetter).Reset(&z.src, nil) // always nil
		if out, fail = z.read(out, limit); fail != nil {
			return nil, fail
		}
	}
	return out, nil
}

// read appends one stream to out.
func (z *inflater) read(out []byte, limit int) ([]byte, *Error) {
	for {
		if len(out) == cap(out) {
			out = slices.Grow(out, 1)
		}
		n, err := z.stream.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case len(out) > limit:
			return nil, tooBigInflated(limit)
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, errDeflate
		}
	}
}

// source is a payload and then the tail. It gives single bytes, so that package
// flate reads none beyond the end of a stream.
type source struct {
	payload []byte
	tail    string
}

func (s *source) empty() bool { return len(s.payload)+len(s.tail) == 0 }

func (s *source) ReadByte() (b byte, err error) {
	switch {
	case len(s.payload) > 0:
		b, s.payload = s.payload[0], s.payload[1:]
	case len(s.tail) > 0:
		b, s.tail = s.tail[0], s.tail[1:]
	default:
		return 0, io.EOF
	}
	return b, nil
}

func (s *source) Read(p []byte) (n int, err error) {
	if s.empty() {
		return 0, io.EOF
	}
	n = copy(p, s.payload)
	s.payload = s.payload[n:]
	m := copy(p[n:], s.tail)
	s.tail = s.tail[m:]
	return n + m, nil
}
