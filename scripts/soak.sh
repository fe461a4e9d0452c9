#!/usr/bin/env bash
# The long suite: kills a server 50 times while it acknowledges a million messages, cuts the power of a store's disk 100 times, says 50,000 messages up to five times each,
# has 100 of 1,000 members stop reading for a minute, has a cluster's faults last as long as they do where people wait for them to end, with nodes of the
# version before it too (PARLEY_FORMER, or the newest tag), tries 2,000 interleavings of everything and 100,000 simulated histories of a cluster, and runs the Autobahn suite's cases in full, through nginx too.
# The variables say how much.
# Needs root and /dev/fuse. Takes some forty minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

export PARLEY_KILLS=${PARLEY_KILLS-50} PARLEY_ACKED=${PARLEY_ACKED-1000000} PARLEY_CUTS=${PARLEY_CUTS-100}
export PARLEY_REPEATED=${PARLEY_REPEATED-50000} PARLEY_MEMBERS=${PARLEY_MEMBERS-1000} PARLEY_SLOW_SECONDS=${PARLEY_SLOW_SECONDS-60}
go test -tags e2e -count=1 -timeout 1h -v -run 'TestAKilledServerLosesNothing|TestASendIsWrittenOnce|TestOneWhoWasAway|TestSlowReadersCostLittle' ./e2e
PARLEY_LONG_FAULTS=1 go test -tags e2e,long -count=1 -timeout 1h -v -run '^TestCluster' ./e2e
go test -tags e2e -count=1 -timeout 1h -v -run 'PowerCut|FailedFsync|CutOffAnywhere' ./internal/store/sqlite
go test -count=1 -timeout 1h -v -run TestEveryViewIsTheLog ./internal/engine -rapid.checks="${PARLEY_VIEWS-2000}"
go test -count=1 -timeout 1h -v -run TestHistories ./internal/sim -histories "${PARLEY_HISTORIES-100000}"
go test -tags e2e -count=1 -timeout 2h -run Autobahn ./internal/engine -autobahn.full
