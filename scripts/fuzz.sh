#!/usr/bin/env bash
# Fuzzes every target of the tree for the time given, 30s if none. What it finds is kept in the package's testdata/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}

targets=0
while IFS=: read -r file target; do
	targets=$((targets + 1))
	echo "$(dirname "$file") $target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$(dirname "$file")" |
		grep -vE '^(fuzz: elapsed: .*|PASS|ok .*)$' || [[ ${PIPESTATUS[0]} -eq 0 ]]
done < <(grep -rEo --include='*_test.go' --exclude-dir=node_modules --exclude-dir=.cache '^func Fuzz\w*' . |
	sed 's/func //' | sort)
echo "$targets targets, $time each"
((targets > 0))
