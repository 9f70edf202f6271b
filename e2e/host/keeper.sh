#!/bin/sh
# Holds the namespaces of a cluster until its input ends: keeper.sh BRIDGE-ADDRESS...
set -eu
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/hosts
mount -t tmpfs -o mode=700 tmpfs /root # the clients' home
grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts || mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
ip link add hosts type bridge
for address in "$@"; do
	case $address in
	*:*) ip address add "$address" dev hosts nodad ;;
	*) ip address add "$address" dev hosts ;;
	esac
done
ip link set hosts up
echo ready
cat >/dev/null # as the first process it also collects the others
