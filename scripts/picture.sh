#!/bin/sh
# Makes docs/live.svg anew: `replssl apply` on a real lab, in which one replica lags, seen in a real terminal at the moment when that one is
# held, others are being changed and one restarts. It needs bin/replssl and tmux; everything that it starts ends with it.
set -eu
cd "$(dirname "$0")/.."
replssl=$PWD/bin/replssl
dir=$(mktemp -d /tmp/orders.XXX)
chmod 711 "$dir" # the servers run as another user
export TMUX_TMPDIR="$dir" TMUX='' LC_ALL=C.UTF-8

finish() {
    tmux kill-server 2>/dev/null || true
    kill $writers 2>/dev/null || true
    [ ! -e "$dir/lab/lab.json" ] || "$replssl" lab down --dir "$dir/lab" --remove
    rm -rf "$dir"
}
writers=
trap finish EXIT
trap 'exit 130' HUP INT TERM

"$replssl" lab up --dir "$dir/lab" --replicas 6 --source replica5=replica2 --account all
sed -i 's/^cluster: .*/cluster: orders/; s/^policy: .*/policy: {allow_restart: true, max_lag: 8s}/' "$dir/lab/replssl.yaml"

sql() { "$replssl" lab sql --dir "$dir/lab" "$@" >/dev/null 2>&1; }
sql replica4 'LOCK TABLES shop.orders READ; SELECT SLEEP(60)' &
writers=$!
while :; do sql primary "INSERT INTO shop.orders (note) VALUES ('it waits')" || true; sleep 1; done &
writers="$writers $!"
sleep 12 # the lag that the picture is to show

tmux -f /dev/null -u new-session -d -x 100 -y 24 -c "$dir/lab" "NO_COLOR= $replssl apply --yes; cat"
: >"$dir/seen"
until grep -Eq 'proven:|^error:' "$dir/seen"; do
    tmux capture-pane -e -p >"$dir/seen"
    if grep -q 'held:' "$dir/seen" && grep -q 'serve: restart' "$dir/seen" && grep -q 'change: st' "$dir/seen"; then
        go run ./scripts/picture <"$dir/seen" >docs/live.svg
        exit
    fi
done
echo "picture: the moment did not come: try again" >&2
exit 1
