#!/bin/sh
# Removes the control groups of clusters: sweep.sh PREFIX, which fails while one is left, as it is while the last of its processes end.
# Without a prefix: those of processes that are no more, as far as they are empty.
set -eu
grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts || mount -t cgroup2 cgroup2 /sys/fs/cgroup
left=0
for group in /sys/fs/cgroup/replssl-hosts-"${1-}"*; do
	[ -d "$group" ] || continue
	pid=${group##*/replssl-hosts-} pid=${pid%%-*}
	if [ $# -eq 0 ] && [ -d "/proc/$pid" ]; then continue; fi
	find "$group" -depth -type d -exec rmdir {} \; || true
	if [ $# -gt 0 ] && [ -d "$group" ]; then left=1; fi
done
exit "$left"
