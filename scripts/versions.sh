# shellcheck shell=bash
# The Go programs that check the tree, at the versions that it is held to. They stay out of go.mod: nobody who builds Parley needs them.
golangci_lint=github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
govulncheck=golang.org/x/vuln/cmd/govulncheck@v1.9.0
