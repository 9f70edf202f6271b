package process

import "github.com/replssl/replssl/remote/internal/frame"

// lookScript has $1 a PID file, $2 the ID and the start of the process that the caller knows, and $3 the folder that it works in. What a
// look costs is the programs that it starts, so the shell reads itself what it can, and one grep picks the lines that matter of all that is
// long.
//
// A process chooses its own name and arguments, line breaks included: its lines are prefixed, and its arguments encoded. Of its
// environment, which may hold passwords, grep lets through what [OptionFileVariables] names.
const lookScript = frame.Shell + frame.Account + `
answer() {
	pid= known=$2
	{ read -r pid <"$1"; } 2>/dev/null
	case $pid in
	''|0*|*[!0-9]*)
		if why=$(cat -- "$1" 2>&1 >/dev/null); then why="$1 does not hold the ID of a process"; fi
		say "process unknown $(flat "$why")"
		return ;;
	esac
	if ! [ -d "/proc/$pid" ]; then
		missing
	elif [ -e "/proc/$pid/cwd" ] && ! [ "/proc/$pid/cwd" -ef "$3" ]; then
		say "process unknown $1 names process $pid, which does not work in $3"
	else
		describe
	fi
}
missing() {
	# A /proc that hides the processes of others still lets the kernel tell.
	if why=$(kill -0 "$pid" 2>&1); then
		say "process unknown /proc does not show process $pid"
	else
		case $why in
		*"No such process"*) say "process absent" ;;
		*) say "process unknown $(flat "$why")" ;;
		esac
	fi
}
describe() {
	say "process $pid"
	state stat
	# The start is the 22nd word, and the 20th behind the name, which may hold anything.
	set -- ${stat##*) }
	if [ "$pid ${20}" = "$known" ]; then say known; else words; fi
	label
	connections
	state stat-after
}
# What a security module enforces on the process can change while it lives. Without one, the file cannot be read.
label() {
	file=/proc/$pid/attr/apparmor/current label= enforce= enabled=
	[ -e "$file" ] || file=/proc/$pid/attr/current
	{ read -r label <"$file"; } 2>/dev/null
	{ read -r enforce </sys/fs/selinux/enforce; } 2>/dev/null
	if [ -z "$label" ]; then
		{ read -r enabled </sys/module/apparmor/parameters/enabled; } 2>/dev/null
		[ "$enabled$enforce" = "" ] || [ "$enabled$enforce" = N ] || label="unknown $file cannot be read"
	fi
	say "label ${enforce:--} $label"
}
words() {
	if text=$(base64 "/proc/$pid/cmdline" 2>&1); then say "cmdline text" $text; else say "cmdline unknown $(flat "$text")"; fi
	say "environ $({ grep -azE '^(((MARIADB|MYSQL)_(HOME|GROUP_SUFFIX))|HOME)=' "/proc/$pid/environ" 2>&1; printf %s "$?"; } | encode)"
	users
}
state() {
	while IFS= read -r stat; do say "$1 $stat"; last=$stat; done 2>/dev/null <"/proc/$pid/stat"
	stat=$last
}
users() {
	while read -r key real effective rest; do [ "$key" != Uid: ] || break; done 2>/dev/null <"/proc/$pid/status"
	say "users $real $effective"
	if account "$real"; then say "user $real $name"; fi
	[ "$real" != "$effective" ] || return
	if account "$effective"; then say "user $effective $name"; fi
}
# The heads of the two tables and of the list, what ls complains of, sockets, and established connections. A table costs the kernel a walk
# through all that it keeps, so one that has no entry is not read.
connections() {
	set -- "/proc/$pid/net/tcp"
	key=
	if ! [ -e "/proc/$pid/net/tcp6" ]; then
		say "tcp6 none"
	else
		while read -r key word count rest; do [ "$key" != TCP6: ] || break; done 2>/dev/null <"/proc/$pid/net/sockstat6"
		if [ "$key $word $count" = "TCP6: inuse 0" ]; then say "tcp6 none"; else set -- "$@" "/proc/$pid/net/tcp6"; fi
	fi
	say "sockets begin"
	ls -ln "/proc/$pid/fd" 2>&1 | grep -aH -e '^ *sl ' -e '^total ' -e '^ls: ' -e ' -> socket:\[' \
		-e '^ *[0-9]*: [0-9A-F]*:[0-9A-F]* [0-9A-F]*:[0-9A-F]* 01 ' "$@" - 2>&1
	say "sockets end $?"
}
` + frame.Open + "answer \"$@\"\n" + frame.Close

// socketsScript picks the head of the table, and the stream sockets that somebody listens on.
const socketsScript = frame.Open + `LC_ALL=C grep -a -e '^Num ' -e '^[^ ]*: [0-9A-F]* [0-9A-F]* 00010000 0001 ' /proc/net/unix 2>&1
` + frame.Close
