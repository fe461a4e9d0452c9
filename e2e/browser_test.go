//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInTheBrowser runs the files of browser/ under Node, each with a browser and
// servers of its own.
func TestInTheBrowser(t *testing.T) {
	node, chromium := need(t, "node"), need(t, "chromium")
	files, err := filepath.Glob("browser/*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in browser: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.mjs"), func(t *testing.T) {
			cmd := exec.Command(node, "--test", "--test-reporter=spec", file)
			cmd.Env = append(os.Environ(), "PARLEY="+parley, "CHROMIUM="+chromium)
			report, err := cmd.CombinedOutput()
			switch {
			case err != nil:
				t.Errorf("%v\n%s", err, report)
			case !strings.Contains(string(report), "fail 0") || strings.Contains(string(report), "pass 0"):
				t.Errorf("no tests ran:\n%s", report)
			default:
				t.Logf("%s", report)
			}
		})
	}
}
