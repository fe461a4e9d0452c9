#!/usr/bin/env bash
# Installs what `make test` needs and is not here yet, once for each state of the lists that say so: Debian packages (which take
# root), npm packages into e2e/node_modules, and the Go linters into .cache/bin.
set -euo pipefail
cd "$(dirname "$0")/.."

# They stay out of go.mod: nobody who builds Parley needs them.
tools=(
	github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	golang.org/x/vuln/cmd/govulncheck@v1.9.0
)

bin=$PWD/.cache/bin
stamp=.cache/installed-$(cat scripts/install.sh scripts/programs.txt e2e/package-lock.json | sha256sum | cut -c1-16)
PATH=$PATH:/usr/sbin # where Debian keeps nginx, and users often do not look

missing=()
while read -r program packages; do
	[[ $program == '#'* ]] && continue
	# shellcheck disable=SC2206 # several packages stand in one field
	command -v "$program" >/dev/null || missing+=($packages)
done <scripts/programs.txt

[[ -f $stamp && -d e2e/node_modules && ${#missing[@]} -eq 0 ]] && exit 0

# quietly shows a command's output only if the command fails.
quietly() {
	local out
	out=$(mktemp)
	if ! "$@" >"$out" 2>&1 </dev/null; then
		cat "$out" >&2
		rm -f "$out"
		echo "failed: $*" >&2
		return 1
	fi
	rm -f "$out"
}

if ((${#missing[@]})); then
	if ! command -v apt-get >/dev/null; then
		echo "Install these, or what your system calls them, and try again: ${missing[*]}" >&2
		exit 1
	fi
	if ((EUID)); then
		echo "Debian packages are missing. Run this, and try again:" >&2
		echo "    sudo apt-get install --no-install-recommends ${missing[*]}" >&2
		exit 1
	fi
	echo "installing from Debian: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	quietly apt-get -q update
	quietly apt-get -q install -y --no-install-recommends "${missing[@]}"
fi

if ! command -v npm >/dev/null; then
	echo "Node 20 or newer with npm is needed on the PATH." >&2
	exit 1
fi
echo "installing from npm: e2e/package-lock.json"
quietly npm --prefix e2e ci --no-progress

mkdir -p "$bin"
for tool in "${tools[@]}"; do
	echo "installing with go: $tool"
	GOBIN=$bin quietly go install "$tool"
done

rm -f .cache/installed-*
touch "$stamp"
