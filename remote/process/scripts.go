package process

import "github.com/replssl/replssl/remote/internal/frame"

// ship prints a text of /proc, encoded: a process chooses its own name and arguments, line breaks included.
const ship = `
ship() { # NAME PATH
	if text=$( { base64 <"$2"; } 2>&1); then
		say "$1 text $(say "$text" | tr -d '\n')"
	else
		say "$1 unknown $(flat "$text")"
	fi
}
`

// lookScript has $1 a PID file.
const lookScript = frame.Shell + ship + `
answer() {
	if ! pid=$( { cat <"$1"; } 2>&1); then say "process unknown $(flat "$pid")"; return; fi
	pid=$(say "$pid" | tr -d ' \t\r\n')
	case $pid in
	''|0*|*[!0-9]*) say "process unknown $(flat "$1") does not hold the ID of a process"; return ;;
	esac
	if ! [ -d "/proc/$pid" ]; then
		# A /proc that hides the processes of others still lets the kernel tell.
		if why=$(kill -0 "$pid" 2>&1); then
			say "process unknown /proc does not show process $pid"
		else
			case $why in
			*"No such process"*) say "process absent" ;;
			*) say "process unknown $(flat "$why")" ;;
			esac
		fi
		return
	fi
	say "process $pid"
	ship stat "/proc/$pid/stat"
	ship status "/proc/$pid/status"
	ship cmdline "/proc/$pid/cmdline"
	if text=$(ls -l "/proc/$pid/fd" 2>&1) || [ -n "$text" ]; then
		say "fd text $(say "$text" | encode)"
	else
		say "fd unknown nothing is listed"
	fi
	ship tcp "/proc/$pid/net/tcp"
	if [ -e "/proc/$pid/net/tcp6" ]; then ship tcp6 "/proc/$pid/net/tcp6"; else say "tcp6 text "; fi
	for id in $(sed -n 's/^Uid:[[:space:]]*\([0-9]*\)[[:space:]]*\([0-9]*\).*/\1 \2/p' "/proc/$pid/status" 2>/dev/null); do
		name=$(user "$id") && say "user $id known $name"
	done
	ship stat-after "/proc/$pid/stat"
}
user() { # ID; its line of the user database
	if command -v getent >/dev/null 2>&1; then getent passwd "$1"; else grep "^[^:]*:[^:]*:$1:" /etc/passwd; fi | head -n 1 | cut -d : -f 1 | grep .
}
` + frame.Open + "answer \"$@\"\n" + frame.Close

const socketsScript = frame.Shell + ship + frame.Open + "ship unix /proc/net/unix\n" + frame.Close
