package engine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"unicode/utf8"
)

// sample is data of one kind, as large as the suite's, and made here instead.
type sample struct {
	text bool // sent as text, and cut at characters
	load func() characters
}

// characters are a string, and where each of them begins in it. Data that is no text
// has one in every octet.
type characters struct {
	all    string
	begins []int // and the end
}

// samples are in the suite's order.
var samples = []*sample{
	newSample(true, 194_056, record),
	newSample(false, 263_222, scanLine),
	newSample(false, 222_218, verse),
	newSample(true, 263_527, element),
	newSample(false, 1_042_328, object),
}

// newSample is size octets at least, of what part says.
func newSample(text bool, size int, part func(r *rand.Rand, n int) string) *sample {
	return &sample{text: text, load: sync.OnceValue(func() characters {
		r := rand.New(rand.NewPCG(1, uint64(size)))
		var b strings.Builder
		for n := 0; b.Len() < size; n++ {
			b.WriteString(part(r, n))
		}
		c := characters{all: b.String()}
		for at := 0; at < len(c.all); {
			c.begins = append(c.begins, at)
			width := 1
			if text {
				_, width = utf8.DecodeRuneInString(c.all[at:])
			}
			at += width
		}
		c.begins = append(c.begins, len(c.all))
		return c
	})}
}

func (s *sample) op() byte {
	if s.text {
		return opText
	}
	return opBinary
}

// from is n characters from a place on. Behind the sample's end it begins anew.
func (s *sample) from(at, n int) string {
	c := s.load()
	count := len(c.begins) - 1
	at %= count
	if rest := count - at; n > rest {
		return c.all[c.begins[at]:] + c.all[:c.begins[n-rest]]
	}
	return c.all[c.begins[at]:c.begins[at+n]]
}

var words = strings.Fields("habe nun ach Philosophie Juristerei und leider auch durchaus studiert mit heißem Bemühn da steh ich ein armer " +
	"Tor so klug als wie zuvor Grüße Räume Türen Nacht Stern Feder Vogel Wasser")

func pick(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(words[r.IntN(len(words))])
		b.WriteByte(' ')
	}
	return b.String()
}

func record(r *rand.Rand, n int) string {
	return fmt.Sprintf(`{"seq":%d,"ts":%d,"user":{"id":"%08x","name":%q},"text":%q,"score":%.4f},`+"\n",
		n, 1772366400000+r.IntN(1e9), r.Uint32(), words[r.IntN(len(words))], pick(r, 3+r.IntN(20)), r.NormFloat64())
}

func element(r *rand.Rand, n int) string {
	return fmt.Sprintf("<li class=\"event e%d\" id=\"%x\"><a href=\"/room/%d?at=%d\">%s</a> <time>%d</time></li>\n",
		r.IntN(4), r.Uint32(), r.IntN(100), n, pick(r, 2+r.IntN(12)), n)
}

func verse(r *rand.Rand, _ int) string { return pick(r, 4+r.IntN(5)) + "\r\n" }

// scanLine is 512 grey dots, each near to the one before.
func scanLine(r *rand.Rand, n int) string {
	line := make([]byte, 512)
	grey := byte(n)
	for i := range line {
		grey += byte(r.IntN(7) - 3)
		line[i] = grey
	}
	return string(line)
}

// object is a page's part: some text, and a stream that can't be compressed again.
func object(r *rand.Rand, n int) string {
	stream := make([]byte, 1+r.IntN(4096))
	for i := range stream {
		stream[i] = byte(r.Uint32())
	}
	return fmt.Sprintf("%d 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream\nendobj\n", n, len(stream), stream)
}
