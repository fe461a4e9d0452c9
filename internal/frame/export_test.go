package frame

// Held is how many bytes the decoder's buffers take.
func (d *Decoder) Held() int {
	if d.open == nil {
		return 0
	}
	return cap(d.open.payload) + cap(d.open.control)
}
