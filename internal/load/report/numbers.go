package report

import (
	"math"
	"strconv"
	"strings"
)

const dash = "–"

// count is a number in full: 1,421,599, or 49.8.
func count(v float64) string {
	if !known(v) {
		return dash
	}
	if math.Abs(v) >= 1e15 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	if math.Abs(v) >= 1000 || v == math.Trunc(v) {
		return grouped(strconv.FormatFloat(math.Round(v), 'f', 0, 64))
	}
	return three(v)
}

// grouped sets commas between thousands.
func grouped(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// three is a number of three digits that count, such as 0.81, 12.5 and 340.
func three(v float64) string {
	size := math.Abs(v)
	switch {
	case size >= 1e6:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case size >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case size >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case size >= 0.01 || size == 0:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// A step is a unit and how much of the one below it holds.
type step struct {
	size float64
	name string
}

var (
	durations = []step{{1, "ns"}, {1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}}
	sizes     = []step{{1, "B"}, {1e3, "kB"}, {1e6, "MB"}, {1e9, "GB"}, {1e12, "TB"}}
	amounts   = []step{{1, ""}, {1e3, "k"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}}
)

// largest is the greatest step that v reaches.
func largest(v float64, steps []step) step {
	best := steps[0]
	for _, s := range steps {
		if math.Abs(v) >= s.size*0.9995 {
			best = s
		}
	}
	return best
}

func in(v float64, steps []step, show func(float64) string) string {
	if !known(v) {
		return dash
	}
	if v == 0 {
		return "0"
	}
	s := largest(v, steps)
	return strings.TrimSuffix(show(v/s.size)+" "+s.name, " ")
}

// duration shows nanoseconds: 0.81 µs would be 810 ns.
func duration(v float64) string { return in(v, durations, three) }

// microseconds shows nanoseconds, all in one unit: they stand below each other.
func microseconds(v float64) string {
	if !known(v) {
		return dash
	}
	return three(v/1e3) + " µs"
}

func size(v float64) string { return in(v, sizes, three) }

// cores shows how many were busy.
func cores(v float64) string {
	if !known(v) {
		return dash
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// What ticks show is round already: 250 ms, 1.5 M.
func tickDuration(v float64) string { return in(v, durations, short) }
func tickSize(v float64) string     { return in(v, sizes, short) }
func tickAmount(v float64) string   { return in(v, amounts, short) }

func short(v float64) string {
	return strconv.FormatFloat(v, 'g', 5, 64)
}

// tickQuantile shows a place on the axis of quantiles: 3 is 99.9 %.
func tickQuantile(v float64) string {
	return strconv.FormatFloat(100*(1-math.Pow(10, -v)), 'f', max(0, int(math.Ceil(v))-2), 64) + " %"
}
