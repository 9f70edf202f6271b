#!/bin/sh
# Runs the suites over real servers. Root runs them twice: as root, and as a normal user from a folder outside this one, where
# nothing but the compiled suites is at hand.
set -eu
cd "$(dirname "$0")/.."
GO=${GO:-go}
normal=replssl-test

suites() { $GO list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./e2e/...; }

# The suites build a replssl with the race detector where they can.
command -v gcc >/dev/null || export REPLSSL_BIN="$PWD/bin/replssl"

echo "=== the suites over real servers, as $(id -un)"
$GO test -count=1 -v -timeout 40m -skip '^TestMatrix$' ./e2e/...

# Its scenarios wait for servers more than they reckon, so that more of them than there are cores are played at a time.
echo "=== scenarios over servers of other versions, as $(id -un)"
$GO test -count=1 -v -timeout 40m -parallel "$((2 * $(nproc)))" -run '^TestMatrix$' ./e2e

if [ "$(id -u)" != 0 ]; then
    echo "=== not root: the suites over real servers ran as $(id -un) only"
    exit 0
fi

id "$normal" >/dev/null 2>&1 || useradd --system --create-home --home-dir "/var/lib/$normal" --shell /bin/sh "$normal"
home=$(mktemp -d /tmp/e2e.XXXXXX)
trap 'rm -rf "$home"' EXIT
trap 'exit 130' HUP INT TERM
mkdir "$home/tmp" "$home/bin"
cp bin/replssl "$home/bin/"
cp README.md "$home/" # a suite tries what it says
for dir in $(suites); do
    name=$(echo "${dir#"$PWD"/}" | tr / -)
    mkdir "$home/$name"
    $GO test -c -o "$home/$name/suite.test" "$dir"
    if [ -d "$dir/testdata" ]; then cp -R "$dir/testdata" "$home/$name/"; fi
done
chmod 755 "$home"
chown -R "$normal" "$home"

failed=
for suite in "$home"/*/suite.test; do
    echo "=== $(basename "$(dirname "$suite")") as $normal"
    (cd "$(dirname "$suite")" && runuser -u "$normal" -- env -i PATH=/usr/bin:/bin HOME="$home" TMPDIR="$home/tmp" \
        REPLSSL_BIN="$home/bin/replssl" ./suite.test -test.v -test.timeout 40m -test.skip '^TestMatrix$') || failed="$failed $suite"
done
[ -z "$failed" ] || { echo "failed as $normal:$failed" >&2; exit 1; }
