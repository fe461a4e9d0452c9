#!/usr/bin/env bash
# gofmt, go vet and golangci-lint over the tree, end-to-end tests included. Without golangci-lint it says so and goes on: a machine
# with nothing but Go can still check a change.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.cache/bin:$PATH

# Ask git for the files, so that a folder of npm packages is not walked; outside a clone, gofmt walks.
if files=$(git ls-files --cached --others --exclude-standard -- '*.go' 2>/dev/null) && [[ $files ]]; then
	unformatted=$(xargs -d '\n' gofmt -l <<<"$files")
else
	unformatted=$(gofmt -l cmd e2e internal protocol scripts web)
fi
if [[ $unformatted ]]; then
	echo "gofmt -w these: $unformatted" >&2
	exit 1
fi
go vet ./...
go vet -tags e2e ./...
if command -v golangci-lint >/dev/null; then
	golangci-lint run ./...
else
	echo "golangci-lint is not here (scripts/install.sh brings it): gofmt and go vet alone have been run"
fi
