package roomlog

// Repeat is what one reader of a log was given last, for others who stand where it
// stood: they get the same without asking the log. The zero value has nothing. It is
// for one goroutine, and not for long: what was appended since isn't in it.
type Repeat struct {
	stream *stream
	drops  uint64 // of the log, before it was read
	from   Cursor
	batch  Batch
	pieces [][]byte
}

// Clear forgets it.
func (p *Repeat) Clear() {
	clear(p.pieces) // so that nothing is held while there is nothing to do
	*p = Repeat{pieces: p.pieces[:0]}
}

// note keeps what r has just been given, from there on, if others may get it too:
// not where r passed over something, or was put elsewhere first. drops is as it was
// before: what was dropped since makes it unfit.
func (p *Repeat) note(r *Reader, drops uint64, from Cursor, pieces [][]byte, b *Batch) {
	if b.Frames == 0 || r.cursor != from+Cursor(b.Frames) || r.skips.Load() || r.ahead {
		return
	}
	p.stream, p.drops, p.from, p.batch = r.stream, drops, from, *b
	p.pieces = append(p.pieces[:0], pieces...)
}

// fits reports whether r is to be given the same. What was edited away or deleted
// since it was read is given to nobody.
func (p *Repeat) fits(r *Reader) bool {
	return p.stream == r.stream && p.stream != nil && p.from == r.cursor && !r.cold && !r.ahead && !r.skips.Load() &&
		p.drops == r.stream.log.drops.Load()
}

// Follow is Read up to End, for readers of whom many stand at one place; p is nil for
// one that is read alone.
func (r *Reader) Follow(dst [][]byte, maxBytes int, p *Repeat) ([][]byte, Batch, error) {
	if p == nil {
		return r.Read(dst, End, maxBytes)
	}
	if p.fits(r) && p.batch.Bytes <= maxBytes {
		r.cursor += Cursor(p.batch.Frames)
		r.seq = max(r.seq, p.batch.seq)
		r.passed.Store(uint64(r.cursor))
		return append(dst, p.pieces...), p.batch, nil
	}
	drops, from, before := r.stream.log.drops.Load(), r.cursor, len(dst)
	dst, b, err := r.Read(dst, End, maxBytes)
	if err == nil {
		p.note(r, drops, from, dst[before:], &b)
	}
	return dst, b, err
}
