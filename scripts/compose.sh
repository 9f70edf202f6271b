#!/bin/sh
# Tries docker-compose.yml from end to end on an engine of its own, which has its own network namespace and ends with this script. The base
# images come from Debian packages and from the Go that is here, so no image registry is needed, and nothing in a container reaches out.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
GO=${GO:-go}

say() { echo "compose: $*" >&2; }
skip() { say "skipped: $*"; exit 0; }
fail() { say "$*"; exit 1; }

[ "$(id -u)" = 0 ] || skip "an engine of its own is started by root only"
for program in dockerd docker debootstrap unshare iptables; do
    command -v $program >/dev/null || skip "$program is not installed (scripts/setup.sh ci installs it where apt-get can)"
done
if docker compose version >/dev/null 2>&1; then
    compose() { docker compose "$@"; }
elif command -v docker-compose >/dev/null; then
    compose() { docker-compose "$@"; }
else
    skip "neither docker compose nor docker-compose is installed"
fi

dir=$(mktemp -d /tmp/replssl-compose.XXXXXX)
engine=
finish() {
    [ -z "$engine" ] || { kill "$engine"; wait "$engine" || true; }
    find /sys/fs/cgroup -depth -type d -path "*/${dir##*/}*" -exec rmdir {} \; 2>/dev/null || true
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM
export DOCKER_HOST="unix://$dir/docker.sock" COMPOSE_PROJECT_NAME=replssl-try

# What the engine writes to /run and /etc/docker is seen by it alone, and so are its mounts and its network.
start_engine() {
    mkdir -p /etc/docker
    unshare --net --mount sh -c 'ip link set lo up && mount -t tmpfs run /run && mount -t tmpfs docker /etc/docker && exec "$@"' - \
        dockerd --host "$DOCKER_HOST" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/docker.pid" \
        --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/${dir##*/}" >"$dir/engine.log" 2>&1 &
    engine=$!
    deadline=$(($(date +%s) + 60))
    until docker info >/dev/null 2>&1; do
        kill -0 "$engine" 2>/dev/null || { engine=; skip "the engine does not start here: $(tail -n 1 "$dir/engine.log")"; }
        [ "$(date +%s)" -lt "$deadline" ] || fail "the engine does not answer in 60 s: $(tail -n 1 "$dir/engine.log")"
        sleep 0.2
    done
}

# The packages that a Dockerfile installs.
packages_of() { sed -n 's/.*--no-install-recommends \([a-z0-9 -]*\).*/\1/p' "$@" | tr '\n' ' '; }

# An index of the packages in a folder, as apt reads it.
index() {
    for deb in *.deb; do
        dpkg-deb -f "$deb"
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
    done >Packages
}

# A tree that stands for debian:bookworm-slim: it starts no service, and apt finds in it what the Dockerfiles install.
make_base() {
    tree=$dir/tree
    debootstrap --variant=minbase bookworm "$tree" >"$dir/debootstrap.log" 2>&1 || { tail "$dir/debootstrap.log" >&2; return 1; }
    # shellcheck disable=SC2086 # a list of words
    chroot "$tree" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --download-only --no-install-recommends $1 >"$dir/apt.log" 2>&1 ||
        { tail "$dir/apt.log" >&2; return 1; }
    mkdir "$tree/packages"
    mv "$tree"/var/cache/apt/archives/*.deb "$tree/packages/"
    (cd "$tree/packages" && index)
    echo 'deb [trusted=yes] file:/packages ./' >"$tree/etc/apt/sources.list"
    printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
    chmod 755 "$tree/usr/sbin/policy-rc.d"
    mkdir -p "$(dirname "$2")"
    tar -C "$tree" --one-file-system -cf "$2.new" .
    mv "$2.new" "$2"
    rm -rf "$tree"
}

import_debian() {
    packages="git make $(packages_of Dockerfile e2e/compose/database/Dockerfile)"
    base=.cache/compose/bookworm-$(echo "$packages" | sha256sum | cut -c1-12).tar
    [ -e "$base" ] || { say "making the base image of $packages"; make_base "$packages" "$base"; }
    docker import "$base" debian:bookworm-slim >/dev/null
}

# The image of Go: the Go and the modules that are here, on that base.
build_go() {
    context=$dir/go
    mkdir -p "$context/go" "$context/modules"
    tar -C "$($GO env GOROOT)" --exclude=./test --exclude=testdata --exclude=./api --exclude='*_test.go' -c . | tar -C "$context/go" -x
    GOFLAGS=-modcacherw GOMODCACHE=$context/modules GOPROXY="file://$($GO env GOMODCACHE)/cache/download,$($GO env GOPROXY)" \
        $GO list -deps ./cmd/replssl >/dev/null
    cat >"$context/Dockerfile" <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN apt-get update -q && apt-get install -q -y --no-install-recommends git make
COPY go /usr/local/go
COPY modules /go/pkg/mod
ENV GOPATH=/go GOTOOLCHAIN=local GOPROXY=off PATH=/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin
DOCKERFILE
    docker build -q -t golang:1.26-bookworm "$context" >/dev/null
    rm -rf "$context"
}

on() { # a host, and what is run on it
    compose exec -T "$@"
}
expect() { # an exit code, and the replssl command that must end with it
    code=$1
    shift
    printf '\n$ docker compose exec control replssl %s\n' "$*"
    status=0
    on control replssl "$@" >"$dir/said" 2>&1 || status=$?
    cat "$dir/said"
    [ "$status" = "$code" ] || fail "replssl $1 ended with $status, not $code"
}
says() { grep -q "$1" "$dir/said" || fail "it does not say: $1"; }

sql() { on "$1" mariadb -N -e "$2"; }
await() { # a host, and a condition
    deadline=$(($(date +%s) + 60))
    until on "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$deadline" ] || fail "in 60 s it did not come true on $1: $*"
        sleep 0.2
    done
}

# Writes a row, and counts how often its text went by on the primary's wire until both replicas had it.
seen_on_wire() {
    compose exec -T -d primary sh -c 'rm -f /tmp/wire*; echo $$ >/tmp/wire.pid; exec tcpdump -Z root -i any -U -w /tmp/wire tcp port 3306 2>/tmp/wire.log'
    await primary grep -q 'listening on' /tmp/wire.log
    sql primary "INSERT INTO shop.orders (note) VALUES ('$1')"
    position=$(sql primary 'SELECT @@gtid_binlog_pos' | tr -d '\r')
    for replica in replica1 replica2; do
        [ "$(sql $replica "SELECT MASTER_GTID_WAIT('$position', 30)" | tr -d '\r')" = 0 ] || fail "$replica did not get the row '$1'"
    done
    # shellcheck disable=SC2016 # the shell over there opens them
    await primary sh -c 'kill -INT $(cat /tmp/wire.pid); ! kill -0 $(cat /tmp/wire.pid)'
    # shellcheck disable=SC2016
    on primary sh -c 'test $(stat -c %s /tmp/wire) -gt 200' || fail "no packet went by"
    on primary grep -a -o "$1" /tmp/wire | wc -l
}

start_engine
import_debian
build_go
say "$(compose version --short 2>/dev/null), engine $(docker version --format '{{.Server.Version}}')"
compose build -q 2>"$dir/build.log" >&2 || { cat "$dir/build.log" >&2; fail "the images do not build"; }
say "the image runs as any user: $(docker run --rm --user 1234:1234 replssl version)"
compose up -d
await control test -e replssl.yaml

[ "$(seen_on_wire 'sugar for the neighbour')" -ge 2 ] || fail "the plaintext row was not seen on the wire: the check sees nothing"
expect 2 plan
expect 0 apply --yes
expect 0 verify
says '^proven:'
expect 0 apply --yes
says 'nothing to do'
[ "$(seen_on_wire 'coffee for the neighbour')" = 0 ] || fail "a row went by in plaintext"

say "the containers are made anew, on the volumes they had"
compose down
compose up -d
await control replssl verify
expect 0 verify
compose down -v
say "done: replication between the containers is encrypted, required and proven; the text of a row was on the wire before, and is not now"
