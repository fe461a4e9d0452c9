//go:build e2e

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// TestPagesPartsKeepTheirPromises runs web/test under Node: what the page's pure
// parts do, without a browser.
func TestPagesPartsKeepTheirPromises(t *testing.T) {
	dir, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob(filepath.Join(dir, "web/test/*.test.ts"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("no tests in web/test: %v", err)
	}
	out := t.TempDir()
	o := options(dir, api.BuildOptions{
		EntryPoints:  sources,
		Outdir:       out,
		OutExtension: map[string]string{".js": ".mjs"},
		Platform:     api.PlatformNode,
		Sourcemap:    api.SourceMapInline,
		Write:        true,
	})
	o.Target, o.Engines = api.ESNext, []api.Engine{{Name: api.EngineNode, Version: "20"}}
	result := api.Build(o)
	if err := failed(result.Errors); err != nil {
		t.Fatal(err)
	}
	args := []string{"--enable-source-maps", "--test", "--test-reporter=spec"}
	for _, f := range result.OutputFiles {
		args = append(args, f.Path)
	}
	report, err := exec.Command("node", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("node %s: %v\n%s", strings.Join(args, " "), err, report)
	}
	if !strings.Contains(string(report), "fail 0") {
		t.Fatalf("no tests ran:\n%s", report)
	}
}
