package main

import (
	"strings"
	"testing"
)

func TestOutputReadsAsGoTestWroteIt(t *testing.T) {
	for name, c := range map[string]struct {
		events                  []string
		want                    string
		passed, failed, skipped int
	}{
		"what passes is one line for its package": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"--- PASS: TestA (0.00s)\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"PASS\n"}`,
				`{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			want:   "ok  \tp\t0.1s\n",
			passed: 1,
		},
		"what fails shows all that it said": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:9: got 1\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\n"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want:   "    a_test.go:9: got 1\nFAIL\tp\t0.1s\n",
			failed: 1,
		},
		"a skipped test is never silent": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:9: no disk\n"}`,
				`{"Action":"skip","Package":"p","Test":"TestA"}`,
			},
			want:    "    a_test.go:9: no disk\n",
			skipped: 1,
		},
		"a package that does not build counts as failed": {
			events: []string{
				`{"Action":"build-output","ImportPath":"p","Output":"a.go:1: no\n"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want:   "a.go:1: no\nFAIL\tp [build failed]\n",
			failed: 1,
		},
		"what is no event is passed on": {
			events: []string{"go: no such module"},
			want:   "go: no such module\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			got := newTally(&out)
			if err := got.read(strings.NewReader(strings.Join(c.events, "\n") + "\n")); err != nil {
				t.Fatal(err)
			}
			if out.String() != c.want {
				t.Errorf("wrote %q, want %q", out.String(), c.want)
			}
			if got.passed != c.passed || got.failed != c.failed || got.skipped != c.skipped {
				t.Errorf("counted %d %d %d, want %d %d %d", got.passed, got.failed, got.skipped, c.passed, c.failed, c.skipped)
			}
		})
	}
}
