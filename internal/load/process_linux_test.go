package load

import (
	"os"
	"testing"
)

func TestAProcessIsMeasured(t *testing.T) {
	p, err := readProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if p.RSS < 1<<20 || p.Files < 3 {
		t.Errorf("%d bytes, %d files", p.RSS, p.Files)
	}
	u, err := readUsage(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if u.machine <= 0 || u.machine < u.server || u.generator <= 0 {
		t.Errorf("machine %v, this process %v and %v", u.machine, u.server, u.generator)
	}
}

func TestAProcessThatHasEndedIsTold(t *testing.T) {
	const nobody = 1<<22 + 1 // beyond the greatest pid
	if _, err := readProcess(nobody); err == nil {
		t.Error("no error")
	}
}

func TestNothingIsMeasuredWithoutAProcess(t *testing.T) {
	if p, err := readProcess(0); p != (Process{}) || err != nil {
		t.Errorf("%+v, %v", p, err)
	}
}
