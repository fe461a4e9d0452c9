package report

import "math"

// A kind says how an axis places values.
type kind uint8

const (
	linear      kind = iota // from 0, if nothing is below it
	logarithmic             // where the values span so much that a line would press most of them to the ground
	logOnly                 // the same for whatever span: for latencies, of which one compares ratios
	exact                   // linear, and no wider than the values: for time
	quantiles               // values are -log10(1-q): 1 is 90 %, 2 is 99 %
)

// A scale maps values to 0 to 1, and knows the round ones among them.
type scale struct {
	from, to float64
	log      bool
	ticks    []float64 // labelled
	between  []float64 // lines without a label
}

// wide is the ratio from which on a logarithmic axis shows more than a linear.
const wide = 8

// scaleOf places all values, with about n ticks. There need be none.
func scaleOf(k kind, values []float64, n int) scale {
	low, high := bounds(values)
	switch {
	case k == quantiles:
		return quantileScale(high)
	case (k == logarithmic && low > 0 && high/low >= wide) || (k == logOnly && low > 0):
		return logScale(low, high, n)
	case k == exact:
		return exactScale(high, n)
	}
	return linearScale(low, high, n)
}

// bounds are the least and the greatest value; 0 and 1 where there is none.
func bounds(values []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if known(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	if low > high {
		return 0, 1
	}
	return low, high
}

func linearScale(low, high float64, n int) scale {
	low = min(low, 0)
	if high <= low {
		high = low + 1
	}
	size := roundStep((high - low) / float64(n))
	s := scale{from: math.Floor(low/size) * size, to: math.Ceil(high/size*(1-1e-9)) * size}
	s.ticks = multiples(s.from, s.to, size)
	return s
}

func exactScale(high float64, n int) scale {
	if high <= 0 {
		high = 1
	}
	return scale{to: high, ticks: multiples(0, high, roundStep(high/float64(n)))}
}

func multiples(from, to, size float64) []float64 {
	var all []float64
	for i := range 50 {
		v := from + float64(i)*size
		if v > to+size*1e-6 {
			break
		}
		all = append(all, v)
	}
	return all
}

// roundStep is the next of 1, 2, 5, 10, … that is not below v.
func roundStep(v float64) float64 {
	decade := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*decade >= v*(1-1e-9) {
			return m * decade
		}
	}
	return 10 * decade
}

func logScale(low, high float64, n int) scale {
	s := scale{from: roundBelow(low), to: roundAbove(high), log: true}
	if s.from == s.to {
		s.from, s.to = roundBelow(low*0.7), roundAbove(high*1.5)
	}
	first, last := int(math.Floor(math.Log10(s.from))), int(math.Ceil(math.Log10(s.to)))
	marks := []float64{1}
	if decades := math.Log10(s.to / s.from); decades*3 <= float64(n)+1 {
		marks = []float64{1, 2, 5}
	}
	every := max(1, int(math.Ceil(float64(last-first)/float64(n+1))))
	for e := first; e <= last; e++ {
		decade := math.Pow(10, float64(e))
		if (e-first)%every == 0 {
			s.ticks = appendWithin(s.ticks, s, decade, marks...)
		}
		if last-first <= n {
			s.between = appendWithin(s.between, s, decade, 2, 3, 4, 5, 6, 7, 8, 9)
		}
	}
	return s
}

func appendWithin(to []float64, s scale, decade float64, marks ...float64) []float64 {
	for _, m := range marks {
		if v := m * decade; v >= s.from*(1-1e-9) && v <= s.to*(1+1e-9) {
			to = append(to, v)
		}
	}
	return to
}

// roundBelow and roundAbove are the nearest of 1, 2, 5, 10, … around v.
func roundBelow(v float64) float64 {
	decade := math.Pow(10, math.Floor(math.Log10(v)))
	best := decade
	for _, m := range []float64{2, 5} {
		if m*decade <= v*(1+1e-9) {
			best = m * decade
		}
	}
	return best
}

func roundAbove(v float64) float64 { return roundStep(v) }

// quantileScale shows every nine: 50, 90, 99, 99.9 %.
func quantileScale(high float64) scale {
	s := scale{to: min(max(2, high), 12), ticks: []float64{math.Log10(2)}}
	for nines := 1.0; nines <= s.to+1e-9; nines++ {
		s.ticks = append(s.ticks, nines)
	}
	return s
}

// at is a value's place, from 0 to 1. One outside stands at the edge.
func (s scale) at(v float64) float64 {
	from, to := s.from, s.to
	if s.log {
		from, to, v = math.Log10(from), math.Log10(to), math.Log10(max(v, s.from))
	}
	return min(max((v-from)/(to-from), 0), 1)
}
