# Go alone runs `make run` and `make check`; `make test` installs what else it needs, once.
.DEFAULT_GOAL := help
.PHONY: help run build check test soak race fuzz bench bench-peers bench-cluster lint clean

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## start a chat with its web page; ARGS='--listen :9000' sets flags
	go run ./cmd/parley serve $(ARGS)

build: ## build ./parley, a static binary
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o parley ./cmd/parley

check: ## format, vet, lint where it is installed, unit tests: before every commit
	scripts/lint.sh
	go test ./...

test: ## everything: check, race detector, fuzzing, end to end with real parts
	scripts/test.sh

soak: ## kills, power cuts, slow readers, repeats, a cluster's faults and Autobahn's cases, forty minutes of them (Linux; root, /dev/fuse)
	scripts/soak.sh

race: ## unit tests under the race detector
	go test -race ./...

fuzz: ## fuzz every target; FUZZTIME=30s says how long each
	scripts/fuzz.sh $(FUZZTIME)

bench: ## Parley beside the same chat on ws and on gws, in one room, five minutes (Linux; npm, cc)
	go run ./bench peers -only parley,ws,gws,csend -measure saturation $(ARGS)

bench-peers: ## the same beside all of bench/peers, and everything that is measured: hours (npm, cc)
	go run ./bench peers $(ARGS)

bench-cluster: ## one node and three, on PostgreSQL and Redis, side by side, twenty minutes (Linux; PostgreSQL, Redis)
	go run ./bench cluster $(ARGS)

lint: ## gofmt, go vet, golangci-lint
	scripts/lint.sh

clean: ## remove what was built and installed here
	rm -rf parley bin .cache e2e/node_modules bench/peers/*/node_modules
