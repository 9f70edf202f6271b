#!/bin/sh
# Plays every scenario on every pair of servers that servers.sh brings, and writes docs/compatibility.md from what was seen. What ended well is
# kept in .cache/matrix, and not played again by the next run of the same program: so a run that was cut short is taken up where it was. It takes half an
# hour from scratch on two cores; REPLSSL_MATRIX_FRESH=1 forgets what is kept. REPLSSL_MATRIX_SERVERS names the servers to play on, "mysql-5.7 mysql-9.7"; all
# without it. Every statement and every trait of the capability table is tried on each server, too.
set -eu
cd "$(dirname "$0")/.."
GO=${GO:-go}

results=$PWD/.cache/matrix
mkdir -p "$results"
[ -z "${REPLSSL_MATRIX_FRESH-}" ] || rm -f "$results"/*.json

REPLSSL_MATRIX_PROGRAM=$(sha256sum bin/replssl | cut -c 1-16)
export REPLSSL_BIN="$PWD/bin/replssl" REPLSSL_MATRIX=1 REPLSSL_MATRIX_RESULTS="$results" REPLSSL_MATRIX_PROGRAM
failed=
$GO test -count=1 -timeout 1h -run '^TestRealServers$' ./orchestrate/dialect || failed=yes
$GO test -count=1 -timeout 5h -parallel "${REPLSSL_MATRIX_PARALLEL:-4}" -run '^TestMatrix$' ./e2e || failed=yes

scenarios=$(mktemp)
trap 'rm -f "$scenarios"' EXIT
REPLSSL_MATRIX_SCENARIOS=$scenarios $GO test -count=1 -run '^TestScenarioNames$' ./e2e >/dev/null
$GO run ./e2e/compatibility/page "$results" docs/compatibility.md "$scenarios"
[ -z "$failed" ] || { echo "matrix: some failed; what ended well is kept" >&2; exit 1; }
