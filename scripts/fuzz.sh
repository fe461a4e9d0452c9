#!/usr/bin/env bash
# Fuzzes every target of the tree for the time given, 30s if none. What it finds is kept in the package's testdata/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# fuzz TARGET FOLDER
fuzz() { go test -run '^$' -fuzz "^$1\$" -fuzztime "$time" "./$2" >"$out" 2>&1; }

# ranOut tells a run that found nothing, and failed all the same: Go's fuzzer now and then takes the end of the time that it was
# given for a failure of the target (golang/go#75804). One that found something names the input.
ranOut() { grep -q '^ *context deadline exceeded$' "$out" && ! grep -q 'Failing input' "$out"; }

targets=0
while IFS=: read -r file target; do
	targets=$((targets + 1))
	folder=$(dirname "$file")
	echo "$folder $target"
	result=0
	fuzz "$target" "$folder" || result=$?
	if ((result)) && ranOut; then
		echo "    the fuzzer took the end of its time for a failure: once more"
		result=0
		fuzz "$target" "$folder" || result=$?
	fi
	grep -vE '^(fuzz: elapsed: .*|PASS|ok .*)$' "$out" || true
	((result == 0)) || exit "$result"
done < <(grep -rEo --include='*_test.go' --exclude-dir=node_modules --exclude-dir=.cache '^func Fuzz\w*' . |
	sed 's/func //' | sort)
echo "$targets targets, $time each"
((targets > 0))
