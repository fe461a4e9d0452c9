package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/load"
)

func TestATableHasARowForEachServerAndSetup(t *testing.T) {
	var out bytes.Buffer
	if err := Table(&out, sample()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`fanout: 1,000 sessions in 1 room, 16 senders, each sends when its last message is back, 124 bytes a delivery\n`,
		`server +parley +ws +gws\n +runs +3 +3 +3\n +messages/s +1,420 +204 +388\n +deliveries/s +1,420,000 +204,000 +388,000\n`,
		` p99 +42\.5 ms +94\.4 ms +70\.8 ms\n`,
		` CPU/delivery +0\.80 µs +5\.59 µs +2\.94 µs\n +server +1\.14 +1\.14 +1\.14\n +generator +0\.53`,
		` memory/session +6\.20 kB +9\.60 kB +10\.6 kB\n +limit +server +server +server\n`,
		`parley; ws; gws: the server was the limit`,
		`gws +15,000 +1\.14 +0\.53 +10\.6 kB +–\n`,
		`storm: 5,000 sessions in 1 room`,
		`search: p99 within 40\.0 ms\n`,
		`parley carries 1,400 messages/s with p99 within 40\.0 ms: 1,400,000 deliveries/s\.\n`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no line %s in\n%s", want, &out)
		}
	}
}

func TestWhatLimitedARunIsSaid(t *testing.T) {
	r := sample().Runs[0]
	r.GeneratorCPU = r.Window * 97 / 100
	for limit, want := range map[load.Limit]string{
		load.LimitGenerator: "the generator used 0.97 of its core: these figures say nothing of the server",
		load.LimitOthers:    "measure again",
		load.LimitRate:      "the server may carry more",
		load.LimitMachine:   "all of the machine's 2 cores",
		load.LimitServer:    "it used 1.14 of 2 cores",
		"":                  "",
	} {
		r.Limit = limit
		if got := Verdict(r); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q in it", limit, got, want)
		}
	}
}

func TestARunsFigureIsTheMedianOfItsRepeats(t *testing.T) {
	one := sample().Runs[0]
	runs := []load.Result{one, one, one}
	for i, n := range []uint64{300, 100, 200} {
		runs[i].Deliveries = n * 10
	}
	all := rows(runs)
	if len(all) != 1 || all[0].median(deliveriesPerSecond) != 200 {
		t.Errorf("%d rows, %v deliveries/s", len(all), all[0].median(deliveriesPerSecond))
	}
}

func TestServersOfTwoWiresAreToldApart(t *testing.T) {
	r := sample()
	r.Runs = []load.Result{r.Runs[0], r.Runs[0], r.Runs[3]}
	r.Runs[1].Wire = "parley.v1"
	var out bytes.Buffer
	if err := Table(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"parley (tutorial) ", "parley (parley.v1) ", "ws "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
}

func TestAReportIsReadAsItWasWritten(t *testing.T) {
	var file bytes.Buffer
	want := sample()
	if err := JSON(&file, want); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&file)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "EOF",
		`{"version":"2"}`:         `its version is "2", want "1"`,
		`{"version":"1"}{}`:       "something stands behind it",
		`{"version":"1","runs":0`: "read a report",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", text, err, want)
		}
	}
}

func TestMergedReportsKeepEveryRun(t *testing.T) {
	a, b := sample(), sample()
	b.Machine, b.At = "8 cores", a.At.Add(time.Hour)
	got := Merge(a, b)
	if len(got.Runs) != len(a.Runs)+len(b.Runs) || len(got.Steps) != len(a.Steps)+len(b.Steps) {
		t.Errorf("%d runs, %d steps", len(got.Runs), len(got.Steps))
	}
	if got.Machine != a.Machine+"; 8 cores" || got.Command != a.Command || got.At != b.At || got.Version != Version {
		t.Errorf("machine %q, command %q, at %s", got.Machine, got.Command, got.At)
	}
}

func TestAPageIsWholeAndNeedsNothingElse(t *testing.T) {
	r := sample()
	r.Machine = `<script>alert("&")</script>`
	var page bytes.Buffer
	if err := HTML(&page, r); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	if found := regexp.MustCompile(`<script|<link|<img|url\(|@import|src=`).FindString(text); found != "" {
		t.Errorf("the page has %s", found)
	}
	balanced(t, text)
	_, every, _ := strings.Cut(text, "<h2>Every run</h2>")
	every, _, _ = strings.Cut(every, "</table>")
	if n := strings.Count(every, `<th scope="row">`); n != len(r.Runs) {
		t.Errorf("%d runs are listed, want %d", n, len(r.Runs))
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if ids[m[1]] {
			t.Errorf("id %s is there twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`aria-labelledby="(\S+) (\S+)"`).FindAllStringSubmatch(text, -1) {
		if !ids[m[1]] || !ids[m[2]] {
			t.Errorf("a plot is named by %s, which is not there", m[0])
		}
	}
}

// balanced checks that every element that begins also ends, in its place.
func balanced(t *testing.T, page string) {
	t.Helper()
	page = regexp.MustCompile(`<!doctype html>|<(meta|rect)[^>]*>`).ReplaceAllString(page, "")
	if err := wellFormed(page); err != nil {
		t.Errorf("the page: %v", err)
	}
}

func wellFormed(text string) error {
	in := xml.NewDecoder(strings.NewReader(text))
	in.Entity = xml.HTMLEntity
	for {
		if _, err := in.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestPlotsAreFilesOfTheirOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plots")
	names, err := Plots(dir, sample())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"fanout-throughput.svg", "fanout-latency.svg", "fanout-percentiles.svg", "fanout-bars-deliveries.svg",
		"fanout-deliveries.svg", "fanout-cpu.svg", "fanout-memory.svg", "idle-memory-connections.svg", "storm-sessions.svg",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s among %s", want, names)
		}
	}
	for _, name := range names {
		svg, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(string(svg)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Contains(svg, []byte("prefers-color-scheme: dark")) {
			t.Errorf("%s has no dark looks", name)
		}
	}
}

func TestEveryServerHasItsLineInEveryPlot(t *testing.T) {
	for _, p := range plots(sample()) {
		if strings.HasPrefix(p.id, "fanout-percentiles") || strings.HasPrefix(p.id, "storm-") && len(p.lines) > 0 {
			for _, s := range servers {
				if !slices.ContainsFunc(p.lines, func(l line) bool { return l.name == s.name }) {
					t.Errorf("%s has no line of %s", p.id, s.name)
				}
			}
		}
	}
}

// Whatever a report holds, nothing crashes, every plot is well-formed, and all
// of its points are in their frame.
func TestNoReportBreaksItsPlots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport(t)
		if err := HTML(io.Discard, r); err != nil {
			t.Fatal(err)
		}
		if err := Table(io.Discard, r); err != nil {
			t.Fatal(err)
		}
		for _, p := range plots(r) {
			for _, f := range []frame{broad, narrow} {
				svg := draw(p, f)
				if err := wellFormed(svg); err != nil {
					t.Fatalf("%s: %v\n%s", p.id, err, svg)
				}
				inside(t, svg)
			}
		}
	})
}

var (
	numbers   = regexp.MustCompile(`-?[0-9.]+`)
	viewBox   = regexp.MustCompile(`viewBox="0 0 (\S+) (\S+)"`)
	ground    = regexp.MustCompile(`class="axis" d="M(\S+) (\S+)H([^"]+)"`) // the axis below the values
	drawn     = regexp.MustCompile(`class="stroke(?: dashed)?" d="(M[^h"]+)"|class="mark" d="(M[^m]+)m[^>]+><title>`)
	contents  = regexp.MustCompile(`>[^<]*<`)
	noNumbers = regexp.MustCompile(`NaN|Inf|e\+`)
)

// inside checks that all lines and marks are within the axes, and of bars that
// they are within the picture.
func inside(t *rapid.T, svg string) {
	if bad := noNumbers.FindString(contents.ReplaceAllString(svg, "><")); bad != "" {
		t.Fatalf("%s in\n%s", bad, svg)
	}
	box := viewBox.FindStringSubmatch(svg)
	left, right, bottom := 0.0, number(t, box[1]), number(t, box[2])
	if axis := ground.FindStringSubmatch(svg); axis != nil {
		left, right, bottom = number(t, axis[1]), number(t, axis[3]), number(t, axis[2])
	}
	for _, m := range drawn.FindAllStringSubmatch(svg, -1) {
		for i, text := range numbers.FindAllString(m[1]+m[2], -1) {
			v := number(t, text)
			if i%2 == 0 && (v < left || v > right) || i%2 == 1 && (v < 0 || v > bottom) {
				t.Fatalf("%v is not within %v to %v, or above %v, in\n%s", v, left, right, bottom, svg)
			}
		}
	}
}

func number(t *rapid.T, s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func anyReport(t *rapid.T) load.Report {
	r := load.Report{Bound: anyTime(t), Machine: rapid.String().Draw(t, "machine")}
	for range rapid.IntRange(0, 6).Draw(t, "runs") {
		r.Runs = append(r.Runs, anyResult(t))
	}
	for range rapid.IntRange(0, 4).Draw(t, "steps") {
		res := anyResult(t)
		r.Steps = append(r.Steps, load.Step{Offered: res.Offered, Kept: rapid.Bool().Draw(t, "kept"), Result: res})
	}
	return r
}

func anyResult(t *rapid.T) load.Result {
	amount := rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 100), rapid.Int())
	r := load.Result{
		Scenario: rapid.OneOf(rapid.Just(load.Fanout), rapid.Just(load.Idle), rapid.Just(load.Storm),
			rapid.Map(rapid.String(), func(s string) load.Scenario { return load.Scenario(s) })).Draw(t, "scenario"),
		Server:   rapid.OneOf(rapid.SampledFrom([]string{"parley", "ws", ""}), rapid.String()).Draw(t, "server"),
		Wire:     rapid.SampledFrom([]string{"tutorial", "parley.v1"}).Draw(t, "wire"),
		Sessions: amount.Draw(t, "sessions"), Rooms: amount.Draw(t, "rooms"), Senders: amount.Draw(t, "senders"),
		Offered: rapid.OneOf(rapid.Float64(), rapid.Just(math.NaN()), rapid.Just(0.0)).Draw(t, "offered"),
		Window:  anyTime(t), Messages: rapid.Uint64().Draw(t, "messages"), Deliveries: rapid.Uint64().Draw(t, "deliveries"),
		Latency: anyLatency(t), Quiet: anyLatency(t), Late: anyLatency(t), Fresh: anyProcess(t), Ready: anyProcess(t), Loaded: anyProcess(t),
		ServerCPU: anyTime(t), GeneratorCPU: anyTime(t), Cores: amount.Draw(t, "cores"),
		Limit: rapid.SampledFrom([]load.Limit{"", load.LimitServer, load.LimitGenerator, "else"}).Draw(t, "limit"),
	}
	for range rapid.IntRange(0, 5).Draw(t, "seconds") {
		r.Series = append(r.Series, load.Sample{
			At: anyTime(t), Deliveries: rapid.Uint64().Draw(t, "deliveries"), P99: anyTime(t), ServerCPU: anyTime(t),
			RSS: rapid.Int64().Draw(t, "rss"), Sessions: amount.Draw(t, "sessions"),
		})
	}
	if r.Scenario == load.Storm {
		r.Storm = &load.StormResult{Cut: amount.Draw(t, "cut"), HalfBack: anyTime(t), Usual: anyLatency(t)}
	}
	return r
}

func anyTime(t *rapid.T) time.Duration {
	return time.Duration(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(1, 1e10), rapid.Int64()).Draw(t, "time"))
}

func anyProcess(t *rapid.T) load.Process { return load.Process{RSS: rapid.Int64().Draw(t, "rss")} }

func anyLatency(t *rapid.T) load.Latency {
	l := load.Latency{Count: rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()).Draw(t, "count"), P50: anyTime(t), P99: anyTime(t), Max: anyTime(t)}
	for range rapid.IntRange(0, 5).Draw(t, "curve") {
		l.Curve = append(l.Curve, load.Point{Quantile: rapid.Float64().Draw(t, "quantile"), Value: anyTime(t)})
	}
	return l
}

func TestIdleRunsCountFromTheServersStart(t *testing.T) {
	one := sample().Runs[0]
	one.Scenario, one.Sessions = load.Idle, 1000
	two := one
	one.Fresh.RSS, one.Ready.RSS = 10e6, 16e6
	two.Sessions, two.Fresh.RSS, two.Ready.RSS = 2000, 15e6, 22e6
	for i, g := range rows([]load.Result{one, two}) {
		if got := g.median(bytesPerSession); got != 6000 {
			t.Errorf("run %d: %v bytes a session, want 6000", i, got)
		}
	}
}

func TestNumbersAreShownToThreeDigits(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{count(1_421_599), "1,421,599"},
		{count(49.84), "49.8"},
		{count(0), "0"},
		{count(-1234), "-1,234"},
		{count(none), "–"},
		{duration(812), "812 ns"},
		{duration(11_840_000), "11.8 ms"},
		{duration(999_999), "1.00 ms"},
		{duration(75e9), "75.0 s"},
		{microseconds(812), "0.81 µs"},
		{size(45_300_000), "45.3 MB"},
		{cores(1.138), "1.14"},
		{tickDuration(2e8), "200 ms"},
		{tickAmount(1_500_000), "1.5 M"},
		{tickQuantile(3), "99.9 %"},
		{tickQuantile(math.Log10(2)), "50 %"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s, want %s", tt.got, tt.want)
		}
	}
}

// Ticks are round, in order, within their axis, and not so many that labels meet.
func TestTicksAreRoundAndFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(1e-3, 1e12).Draw(t, "low")
		high := low * rapid.Float64Range(1, 1e9).Draw(t, "times")
		n := rapid.IntRange(2, 8).Draw(t, "n")
		k := rapid.SampledFrom([]kind{linear, logarithmic, logOnly, exact}).Draw(t, "kind")
		s := scaleOf(k, []float64{low, high}, n)
		if len(s.ticks) == 0 || len(s.ticks) > 2*n+3 {
			t.Fatalf("%d ticks, asked for %d: %v", len(s.ticks), n, s.ticks)
		}
		before := -1.0
		for _, v := range s.ticks {
			mantissa := v / math.Pow(10, math.Floor(math.Log10(max(v, 1e-300))))
			if s.log && !slices.ContainsFunc([]float64{1, 2, 5, 10}, func(m float64) bool { return math.Abs(mantissa-m) < 1e-6 }) {
				t.Fatalf("%v is not round", v)
			}
			if at := s.at(v); at <= before || at > 1 {
				t.Fatalf("tick %v stands at %v, after %v", v, at, before)
			}
			before = s.at(v)
		}
	})
}

func TestASearchThatSomethingElseEndedSaysSo(t *testing.T) {
	r := sample()
	for i := range r.Steps {
		if !r.Steps[i].Kept {
			r.Steps[i].Result.Limit = load.LimitOthers
		}
	}
	if said := strings.Join(Found(r), "\n"); !strings.Contains(said, "other programs were busy in 1 step that failed: search again") {
		t.Errorf("it says\n%s", said)
	}
}

func TestWhatWasNotMeasuredIsNotDrawn(t *testing.T) {
	r := sample()
	r.Runs, r.Steps = r.Runs[:1], nil
	r.Runs[0].ServerCPU, r.Runs[0].Fresh, r.Runs[0].Ready = 0, load.Process{}, load.Process{}
	for i := range r.Runs[0].Series {
		r.Runs[0].Series[i].ServerCPU, r.Runs[0].Series[i].RSS = 0, 0
	}
	var ids []string
	for _, p := range plots(r) {
		ids = append(ids, p.id)
	}
	if want := []string{"fanout-percentiles", "fanout-deliveries", "fanout-p99"}; !slices.Equal(ids, want) {
		t.Errorf("the plots are %s, want %s", ids, want)
	}
	var out bytes.Buffer
	if err := Table(&out, r); err != nil || strings.Contains(out.String(), "CPU") || strings.Contains(out.String(), "memory") {
		t.Errorf("the table is\n%s, %v", &out, err)
	}
}

// A report may come from anybody: what is read is shown, or refused.
func FuzzAReportThatIsReadIsShown(f *testing.F) {
	f.Add([]byte(`{"version":"1","runs":[{"scenario":"storm","server":"a","window_ns":1,"deliveries":5,"storm":{"cut":1}}]}`))
	f.Add([]byte(`{"version":"1","bound_ns":-1,"steps":[{"offered_per_second":1e308,"result":{"offered_per_second":1e308}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		if err := errors.Join(Table(io.Discard, r), HTML(io.Discard, r), JSON(io.Discard, r)); err != nil {
			t.Fatal(err)
		}
		for _, p := range plots(r) {
			if err := wellFormed(standalone(p)); err != nil {
				t.Fatalf("%s: %v", p.id, err)
			}
		}
	})
}
