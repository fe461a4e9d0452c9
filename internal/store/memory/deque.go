package memory

// deque grows at its end and shrinks at its front, never moving what is in it, so
// that one push takes no longer than another. The zero value is empty.
type deque[T any] struct {
	chunks []*[chunk]T
	front  int // of chunks[0], what was popped
	n      int
}

const chunk = 16

func (d *deque[T]) push(v T) {
	end := d.front + d.n
	if end == len(d.chunks)*chunk {
		d.chunks = append(d.chunks, new([chunk]T))
	}
	d.chunks[end/chunk][end%chunk] = v
	d.n++
}

// pop takes out the first of a deque that isn't empty.
func (d *deque[T]) pop() T {
	var none T
	v := d.chunks[0][d.front]
	d.chunks[0][d.front] = none // what it points to is free
	d.front++
	d.n--
	if d.front == chunk {
		d.chunks[0] = nil
		d.chunks, d.front = d.chunks[1:], 0
	}
	return v
}

// at is the one with i before it; 0 ≤ i < n.
func (d *deque[T]) at(i int) *T {
	i += d.front
	return &d.chunks[i/chunk][i%chunk]
}
