#!/bin/sh
# Makes the tree of files that all hosts share: base.sh TREE DEBS; REPLSSL_DEBIAN is the mirror, if not the one that debootstrap takes
# Its digest names the tree in the cache, so a change here makes a new one. It runs in a mount namespace of its own.
set -eu
tree=$1 debs=$2

debootstrap --variant=minbase --cache-dir="$debs" bookworm "$tree" ${REPLSSL_DEBIAN:+"$REPLSSL_DEBIAN"}

# Nothing starts while it is installed, and nothing waits for the disk.
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"
printf 'force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n' >"$tree/etc/dpkg/dpkg.cfg.d/hosts"
echo 'de_DE.UTF-8 UTF-8' >"$tree/etc/locale.gen"

# A server of a few rows: small logs, because each host copies them into memory.
mkdir -p "$tree/etc/mysql/mariadb.conf.d"
cat >"$tree/etc/mysql/mariadb.conf.d/70-small.cnf" <<'END'
[mariadbd]
innodb_log_file_size = 4M
innodb_buffer_pool_size = 16M
innodb_flush_log_at_trx_commit = 2
END

mount -t proc proc "$tree/proc"
mount --bind "$debs" "$tree/var/cache/apt/archives"
chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive sh -eu -c '
	apt-get update -q
	apt-get install -q -y --no-install-recommends systemd systemd-sysv dbus libpam-systemd # at first, for it enables every unit it finds
	apt-get install -q -y --no-install-recommends openssh-server openssh-client sudo mariadb-server iproute2 iptables procps locales \
		zsh fish tcsh
'

# What each host has of its own, and what would slow its start.
rm -f "$tree"/etc/ssh/ssh_host_* "$tree/etc/machine-id" "$tree/var/lib/dbus/machine-id" "$tree/usr/sbin/policy-rc.d"
rm -rf "$tree"/var/lib/apt/lists/*
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
	getty.target console-getty.service systemd-timesyncd.service systemd-networkd.service systemd-networkd.socket; do
	ln -sf /dev/null "$tree/etc/systemd/system/$unit"
done
