#!/bin/sh
# Prints what tells of the service of a running server, for a file in hosts/: record.sh PID COMMENT. It runs on the host, as root.
set -u
LC_ALL=C; export LC_ALL
pid=$1
file() { # file PATH: its text, if there is one
	[ -r "$1" ] && text=$(cat "$1") || return
	printf -- '-- %s --\n%s\n' "${1#/}" "$text"
}
said() { # said COMMAND...: what it says, and its exit status if that is not 0
	text=$("$@" 2>&1 </dev/null)
	status=$?
	printf -- '-- bin/%s --\n' "$*"
	[ $status -eq 0 ] || echo "exit $status"
	printf '%s\n' "$text"
}
kin() {
	[ -d "/proc/$1" ] || return
	printf -- '-- proc/%s/status --\n' "$1"
	grep -e ^Name: -e ^Umask: -e ^State: -e ^PPid: "/proc/$1/status"
}
# path PID: of its control group, without the root of a hierarchy that systemd does not use.
path() { sed -n -e 's/^[0-9]*:name=systemd://p' -e 's/^0:://p' "/proc/$1/cgroup" | grep -vx / | head -n 1; }

printf '%s\n' "$2" "on $(. /etc/os-release; echo "$PRETTY_NAME"), $(systemctl --version 2>/dev/null | head -n 1)" "pid $pid"
printf 'args %s\n' "$(tr '\0' ' ' <"/proc/$pid/cmdline")"
file "/proc/$pid/stat"
next=$pid
while [ "${next:-0}" -gt 0 ]; do
	kin "$next"
	[ "$next" = 1 ] && break
	next=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$next/status")
done
[ "$next" = 1 ] || kin 1
file "/proc/$pid/cgroup"
file /proc/1/cgroup
if [ -d /run/systemd/system ]; then
	echo '-- run/systemd/system/empty --'
	group=$(path "$pid")
	for base in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
		grep -sqx "$pid" "$base$group/cgroup.procs" || continue
		file "$base$group/cgroup.procs"
		for one in $(cat "$base$group/cgroup.procs"); do [ "$one" = "$pid" ] || kin "$one"; done
		break
	done
	unit=$(path "$pid" | grep -o '[^/]*\.service' | head -n 1)
	[ -z "$unit" ] || said systemctl show -p Id -p LoadState -p ActiveState -p Transient -p MainPID -p ControlGroup -- "$unit"
else
	for script in /etc/init.d/*mysql* /etc/init.d/*mariadb*; do
		[ -x "$script" ] || continue
		printf -- '-- %s --\n#!/bin/sh\n' "${script#/}"
		said service "${script##*/}" status
	done
	for comm in $(grep -slx -e mysqld -e mariadbd /proc/[0-9]*/comm); do
		file "$comm"
		echo "-- ${comm#/} --" | sed s/comm/cmdline/
		tr '\0' '\n' <"${comm%comm}cmdline"
	done
fi
