// Generate writes the contract into docs/api, from the module's root or from
// package schema.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/parley-chat/parley/protocol/schema"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate() error {
	gomod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("ask for the module's root: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(gomod)))
	for _, d := range schema.Documents() {
		if err := os.WriteFile(filepath.Join(root, "docs", "api", d.Name), d.Content, 0o644); err != nil {
			return fmt.Errorf("write the contract: %w", err)
		}
	}
	return nil
}
