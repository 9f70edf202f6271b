#!/bin/sh
# Shows replssl at work on real servers on this machine: plaintext replication becomes encrypted, enforced and proven while rows are
# written. Everything that it starts ends with it.
set -eu
cd "$(dirname "$0")/.."
replssl=$PWD/bin/replssl
dir=$(mktemp -d /tmp/replssl-demo.XXXXXX)
writer=

finish() {
    stop_writing
    if [ -e "$dir/lab.json" ]; then "$replssl" lab down --dir "$dir" --remove; else rm -rf "$dir"; fi
}
trap finish EXIT
trap 'exit 130' HUP INT TERM

title() { printf '\n\n=== %s\n' "$*"; }
show() { # a command, and then its output
    printf '\n$ %s\n' "$(echo "$*" | sed "s|$replssl|replssl|;s|$dir|\$LAB|g")"
    "$@"
}
expect() { # an exit code, and the command that must end with it
    code=$1
    shift
    status=0
    show "$@" || status=$?
    [ "$status" = "$code" ] || { echo "demo: it ended with $status, not $code" >&2; exit 1; }
}
sql() { "$replssl" lab sql --dir "$dir" "$@"; }
rows() { sql "$1" 'CHECKSUM TABLE shop.orders' | tail -n 1; }

# A row counts once the primary has acknowledged it; while the primary restarts, the writer tries again.
write() {
    while [ ! -e "$dir/stop" ]; do
        if sql primary "INSERT INTO shop.orders (note) VALUES ('written during the demo')" >/dev/null 2>&1; then echo; fi
    done >>"$dir/written"
}
stop_writing() {
    [ -n "$writer" ] || return 0
    : >"$dir/stop"
    wait "$writer" || true
    writer=
}

# The replication account's own password, as a client of the primary would use it.
login() {
    # shellcheck disable=SC2154
    address=$(sed -n 's/.*primary: {address: \([^,]*\),.*/\1/p' "$dir/replssl.yaml")
    port=$(sed -n 's/.*primary: .*mysql: {port: \([0-9]*\).*/\1/p' "$dir/replssl.yaml")
    password=$(sed -n 's/.*"Password": "\([^"]*\)".*/\1/p' "$dir/lab.json")
    MYSQL_PWD=$password mariadb --no-defaults -h "$address" -P "$port" -u repl "$1" -e "SHOW STATUS LIKE 'Ssl_cipher'" 2>&1
}

printf 'LAB=%s\n' "$dir"
title 'A primary and two replicas, each with an sshd beside it'
show "$replssl" lab up --dir "$dir"
cd "$dir"
write &
writer=$!

title 'Replication is in plaintext: nothing is proven (exit code 5)'
expect 5 "$replssl" verify

title 'What has to be done (exit code 2: changes pending)'
expect 2 "$replssl" plan

title 'Do it'
expect 0 "$replssl" apply --yes

title 'The proof, on fresh facts'
expect 0 "$replssl" verify

title 'The account by hand: without TLS it is refused, with TLS it is let in'
printf '\n$ mariadb -u repl --skip-ssl ...\n'
login --skip-ssl && { echo 'demo: the plaintext login was let in' >&2; exit 1; }
printf '\n$ mariadb -u repl --ssl ...\n'
login --ssl

title 'A second apply finds nothing to do'
expect 0 "$replssl" apply --yes

title 'Every row that was written meanwhile arrived'
stop_writing
position=$(sql primary 'SELECT @@gtid_binlog_pos' | tail -n 1)
for replica in replica1 replica2; do
    sql "$replica" "SELECT MASTER_GTID_WAIT('$position', 30)" >/dev/null
    [ "$(rows $replica)" = "$(rows primary)" ] || { echo "demo: $replica has other rows than the primary" >&2; exit 1; }
done
printf '\n%s rows were written meanwhile; both replicas have the rows of the primary.\n' "$(wc -l <"$dir/written")"
