#!/usr/bin/env bash
# Checks the web page's types, and that web/dist is what its sources give.
set -euo pipefail
cd "$(dirname "$0")/.."
e2e/node_modules/.bin/tsc --noEmit -p web
echo "types: $(git ls-files 'web/src/*.ts' 'web/src/*.tsx' | wc -l) files"
go run ./web/build -check
