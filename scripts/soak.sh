#!/usr/bin/env bash
# Kills a server 50 times while it acknowledges a million messages, and cuts the power of a store's disk 100 times: PARLEY_KILLS, PARLEY_ACKED and PARLEY_CUTS say how often.
# Needs root and /dev/fuse. Takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

export PARLEY_KILLS=${PARLEY_KILLS-50} PARLEY_ACKED=${PARLEY_ACKED-1000000} PARLEY_CUTS=${PARLEY_CUTS-100}
go test -tags e2e -count=1 -timeout 1h -v -run TestAKilledServerLosesNothingItAcknowledged ./e2e
go test -tags e2e -count=1 -timeout 1h -v -run 'PowerCut|FailedFsync|CutOffAnywhere' ./internal/store/sqlite
