#!/bin/sh
# Boots one machine, in the keeper's namespaces: boot.sh GROUP NAME
set -eu
group=/sys/fs/cgroup/$1 name=$2
mkdir -p "$group"
echo 0 >"$group/cgroup.procs"
exec >>"/run/hosts/$name/console" 2>&1
mount -t proc proc /proc # of this process namespace; the clients keep that of the machine
exec systemd-nspawn --quiet --register=no --keep-unit --directory="/run/hosts/$name/root" --machine="$name" --hostname="$name" \
	--network-bridge=hosts --resolv-conf=off --timezone=off --link-journal=no --console=pipe --boot
