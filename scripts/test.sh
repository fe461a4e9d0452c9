#!/usr/bin/env bash
# Runs every suite there is, goes on where one fails, and ends with a line for each and the sum of all tests. Exits 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

scripts/install.sh || exit 1
PATH=$PWD/.cache/bin:$PATH:/usr/sbin

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
counts=$work/counts
go build -o "$work/tally" ./scripts/tally || exit 1

results=()
failed=0

# suite NAME COMMAND… runs one suite and keeps its result for the end.
suite() {
	local name=$1 began=$SECONDS result=ok before=0 tests
	shift
	printf '\n== %s\n' "$name"
	[[ -f $counts ]] && before=$(wc -l <"$counts")
	"$@" </dev/null || { result=FAIL; failed=1; }
	tests=$(tail -n "+$((before + 1))" "$counts" 2>/dev/null | total)
	results+=("$(printf '%-5s %4ds  %-42s %s' "$result" $((SECONDS - began)) "$name" "$tests")")
}

# total sums lines of "passed failed skipped"; it says nothing where there are none.
total() { awk '{p += $1; f += $2; s += $3} END {if (NR) printf "%d passed, %d failed, %d skipped\n", p, f, s}'; }

# gotest FLAGS… PACKAGES… is `go test`, counted.
# shellcheck disable=SC2317 # suite calls it
gotest() { go test -json "$@" 2>&1 | "$work/tally" -counts "$counts"; }

suite "formatting, vet, lint" scripts/lint.sh
suite "shell scripts" shellcheck scripts/*.sh .ci/run
suite "unit tests" gotest ./...
# Shorter: of the laws, a fifth as many cases.
suite "unit tests, race detector" gotest -race -short ./...
suite "fuzzing, ${FUZZTIME:=5s} a target" scripts/fuzz.sh "$FUZZTIME"
suite "web page: types, and the bundle is its sources'" scripts/web.sh
suite "power cuts" gotest -tags e2e ./internal/store/sqlite
suite "Autobahn's cases through nginx" gotest -tags e2e -run AutobahnThroughNginx ./internal/engine
suite "stores and brokers: PostgreSQL, Redis" gotest -tags e2e -timeout 15m ./internal/store/postgres/... ./internal/store/redis/... ./internal/broker/... ./internal/cluster/... ./internal/doctor/... ./internal/testserver/...
suite "cluster: PostgreSQL, Redis, three nodes" gotest -tags e2e -timeout 15m -run '^TestCluster' ./e2e
suite "end to end: wscat, nginx, Caddy, Chromium" gotest -tags e2e -timeout 15m -skip '^TestCluster' ./e2e/... ./web/... ./bench
suite "known vulnerabilities (reported only)" scripts/vulnerabilities.sh

printf '\n== all suites\n'
printf '%s\n' "${results[@]}"
total <"$counts"
exit "$failed"
