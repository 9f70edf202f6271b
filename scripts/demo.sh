#!/bin/sh
# Shows replssl at work on real servers on this machine: plaintext replication becomes encrypted, enforced and proven while the
# rows stay the same. Everything that it starts ends with it.
set -eu
cd "$(dirname "$0")/.."
replssl=$PWD/bin/replssl
dir=$(mktemp -d /tmp/replssl-demo.XXXXXX)

finish() {
    if [ -e "$dir/lab.json" ]; then "$replssl" lab down --dir "$dir" --remove; else rm -rf "$dir"; fi
}
trap finish EXIT
trap 'exit 130' HUP INT TERM

show() { # a command, and then its output
    printf '\n$ %s\n' "$(echo "$*" | sed "s|$PWD/bin/||;s|$dir|\$LAB|g")"
    "$@"
}
sql() { "$replssl" lab sql --dir "$dir" "$@"; }
rows() { sql "$1" 'CHECKSUM TABLE shop.orders'; }

printf 'LAB=%s\n' "$dir"
show "$replssl" lab up --dir "$dir"
cd "$dir"
show "$replssl" lab sql --dir "$dir" primary "SHOW GLOBAL VARIABLES LIKE 'have_ssl'"
show "$replssl" lab sql --dir "$dir" replica1 'SELECT * FROM shop.orders'

status=0
show "$replssl" plan || status=$?
[ "$status" = 2 ] || { echo "demo: plan should see changes to make (2) and ended with $status" >&2; exit 1; }
show "$replssl" apply --yes
show "$replssl" verify

sql primary "INSERT INTO shop.orders (note) VALUES ('sent over TLS')"
position=$(sql primary 'SELECT @@gtid_binlog_pos' | tail -n 1)
for replica in replica1 replica2; do
    sql "$replica" "SELECT MASTER_GTID_WAIT('$position', 30)" >/dev/null
    [ "$(rows $replica)" = "$(rows primary)" ] || { echo "demo: $replica has other rows than the primary" >&2; exit 1; }
done
show "$replssl" lab sql --dir "$dir" replica2 'SELECT * FROM shop.orders'
printf '\nBoth replicas have the rows of the primary.\n'
