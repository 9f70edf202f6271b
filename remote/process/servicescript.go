package process

import "github.com/replssl/replssl/remote/internal/frame"

// serviceScript has $1 a PID file and $2 the root of the host's files. It ships what the kernel and the service manager say; who reads it
// decides. Only which unit systemctl is asked about is found here, as systemd itself finds it.
const serviceScript = frame.Shell + serverFiles + `
root=$2 proc=$2/proc
PATH=$PATH:/usr/sbin:/sbin
answer() {
	pid=
	{ read -r pid <"$1"; } 2>/dev/null
	case $pid in ''|0*|*[!0-9]*) return ;; esac
	[ -d "$proc/$pid" ] || return
	say "process $pid"
	while IFS= read -r line; do say "stat $line"; done 2>/dev/null <"$proc/$pid/stat"
	ancestors
	if [ -d "$root/run/systemd/system" ]; then bySystemd; else byScript; fi
}
# kin PID: sets its name and its parent.
kin() {
	name= parent=
	while read -r key value rest; do
		case $key in
		Name:) name=$value${rest:+ $rest} ;;
		PPid:) parent=$value; return 0 ;;
		esac
	done 2>/dev/null <"$proc/$1/status"
	false
}
ancestors() {
	left=30 next=
	if kin "$pid"; then next=$parent; fi
	while [ "${next:-0}" -gt 0 ] && [ "$left" -gt 0 ] && kin "$next"; do
		say "above $next $name"
		next=$parent left=$((left - 1))
	done
	if kin 1; then say "first $name"; fi
}
# groups PID: sets the paths of its control groups in the two hierarchies that systemd may keep its units in.
groups() {
	named= unified=
	while IFS= read -r line; do
		case $line in
		[0-9]*:name=systemd:*) named=${line#*:*:} ;;
		0::*) unified=${line#0::} ;;
		esac
	done 2>/dev/null <"$proc/$1/cgroup"
}
bySystemd() {
	say systemd
	groups 1
	# Its hierarchy is the one in which it has a unit of its own, init.scope; of old it had none, and only the named one.
	case $named,$unified in
	*/init.scope,*) top=$named folders=systemd ;;
	*,*/init.scope) top=$unified folders=unified ;;
	*) top=${named:-$unified} folders=systemd ;;
	esac
	top=${top%/init.scope} top=${top%/}
	say "top $top"
	groups "$pid"
	case $folders in
	systemd) path=${named:-$unified} ;;
	unified) path=$unified ;;
	esac
	say "group $path"
	[ -n "$path" ] || return 0
	rest=${path#"$top"} rest=${rest#/}
	while :; do
		unit=${rest%%/*}
		case $unit in *.slice) ;; *) break ;; esac
		case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
	done
	home=${path%"$rest"}$unit unit=${unit#_}
	say "unit $unit"
	case $unit in
	user@*) ;;
	*.service) members; show ;;
	esac
}
# members tells the processes of the unit's group and of those below it. One that is there still and that may not be looked at has no name.
# A host that is a container may see the groups from its own on.
members() {
	for base in "$root/sys/fs/cgroup/$folders" "$root/sys/fs/cgroup"; do
		folder=$base$home
		[ -r "$folder/cgroup.procs" ] || folder=$base${home#"$top"}
		[ -r "$folder/cgroup.procs" ] || continue
		for list in "$folder/cgroup.procs" "$folder"/*/cgroup.procs "$folder"/*/*/cgroup.procs; do
			[ -e "$list" ] || continue
			while read -r one; do
				if kin "$one"; then say "member $one $name"
				elif grep -qx "$one" "$list"; then say "member $one"
				fi
			done 2>/dev/null <"$list"
		done
		return
	done
}
show() {
	if text=$(SYSTEMD_BUS_TIMEOUT=10 systemctl show -p Id -p LoadState -p ActiveState -p Transient -p MainPID -p ControlGroup -- "$unit" 2>&1); then
		IFS='
' # one line a word
		set -f
		for line in $text; do say "show $line"; done
	else
		say "failed $(flat "$text")"
	fi
}
byScript() {
	scripts=
	for file in "$root"/etc/init.d/*; do
		case ${file##*/} in *mysql*|*mariadb*|*percona*) ;; *) continue ;; esac
		[ -x "$file" ] || continue
		for other in $scripts; do
			if [ "$file" -ef "$root/etc/init.d/$other" ]; then continue 2; fi
		done
		scripts="$scripts ${file##*/}"
		say "script ${file##*/}"
		text=$(service "${file##*/}" status 2>&1 </dev/null)
		say "status $?"
		say "said $(flat "$(printf '%.2000s' "$text")")"
	done
	for file in $(servers); do
		file=${file%/cmdline}
		say "server ${file##*/}"
	done
}
` + frame.Open + "answer \"$@\"\n" + frame.Close
