package fileset

import (
	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/internal/warden"
)

// lookScript prints facts, one a line, that ParseLook knows. $1 is the folder of the set, $2 the reader, and the rest are digests of keys.
//
// One program looks at all files, one makes all digests and one prints all texts, since what a look costs is the programs that it starts.
// They get the names from within the folder, which are plain. A file's content is read only when it is a regular file: a pipe would
// block for ever.
const lookScript = frame.Shell + frame.Account + warden.Look + readers + `
dir=$1 reader=$2
shift 2
known=" $* " regular= texts= me= myid=
# lines TEXT COMMAND: gives each line to the command
lines() {
	set -f
	IFS='
'
	for line in $1; do unset IFS; "$2" "$line"; done
	unset IFS
	set +f
}
guards() { # who else could change what is there
	told=$(watched "$dir" "$dir/versions")
	say "within $told"
	[ "$told" = safe ] || told=$(watched "$dir")
	say "guard $told"
}
outside() {
	if found=$(stat -c 'file . %f %s %u %U:' -- "$dir" 2>&1); then
		say "${found%%:*}"
		why=$(ls -d -- "$dir/versions" 2>&1 >/dev/null) || say "closed $(flat "$why")"
	else
		case $found in
		*': No such file or directory') say "dir absent" ;;
		*) say "dir unknown $(flat "$found")" ;;
		esac
	fi
}
inside() {
	set -- /proc/self/. . current versions
	if [ -d versions ] && [ ! -L versions ]; then
		for path in versions/*; do
			case ${path#versions/} in
			0*|*[!0-9]*|??????????*) continue ;;
			esac
			say "version ${path#versions/}"
			set -- "$@" "$path" "$path/ca.pem" "$path/cert.pem" "$path/key.pem" "$path/crl.pem"
		done
		listed
	fi
	for path in versions/.*.partial versions/.*.gone .current.next; do
		[ ! -e "$path" ] && [ ! -L "$path" ] || unfinished "${path##*/}"
	done
	facts=$(stat -c 'file %n %f %s %u %U:%N' -- "$@" 2>&1)
	lines "$facts" fact
	context
	[ -n "$regular" ] || return
	sums=$(sha256sum $regular 2>&1)
	lines "$sums" sum
	[ -z "$texts" ] || grep -aH '' $texts 2>&1
	try
}
unfinished() { # NAME of what a command that was killed has left
	case $1 in
	.current.next) say "left $1" ;;
	.[1-9]*)
		n=${1#.}
		case ${n%.*} in
		*[!0-9]*|??????????*) ;;
		*) say "left $1" ;;
		esac
		;;
	esac
}
context() { # of the key in use, by which SELinux decides
	{ read -r enforce </sys/fs/selinux/enforce; } 2>/dev/null
	[ "${enforce:-0}" != 1 ] || say "context $(stat -c %C current/key.pem 2>/dev/null)"
}
listed() { # A pattern that nothing fits stands for itself: then the folder is empty, or it could not be read.
	if [ "$path" != 'versions/*' ] || why=$(ls versions 2>&1 >/dev/null); then
		say "list complete"
	else
		say "list unknown $(flat "$why")"
	fi
}
fact() { # a line of stat
	case $1 in
	"file "*) say "${1%%:*}" ;;
	*) say "unseen $1"; return ;;
	esac
	as=${1#*:}
	set -- ${1%%:*}
	case $2:$3 in
	/proc/self/.:*) myid=$5 me=$6; say "login $6" ;;
	current:a???) link "$as" ;;
	versions/*/key.pem:8???) regular="$regular $2" ;;
	versions/*/*:8???)
		regular="$regular $2"
		if [ "$4" -le 1048576 ]; then texts="$texts $2"; else say "pem $2 unknown it is too large"; fi ;;
	esac
}
link() { # 'current' -> 'versions/1', as stat shows it
	n=${1#"'current' -> 'versions/"}
	n=${n%"'"}
	case $n in
	''|*[!0-9]*) say "link64 $(readlink -- current | encode)" ;;
	*) say "link versions/$n" ;;
	esac
}
sum() { # a line of sha256sum
	case $1 in
	*" versions/"*.pem) say "sha256 ${1##* } ${1%% *}" ;;
	*) say "unsummed $1"; return ;;
	esac
	case $1 in
	*/key.pem) public "${1##* }" "${1%% *}" ;;
	esac
}
public() { # FILE DIGEST
	case $known in
	*" $2 "*) say "public $1 unknown nobody asked for it, as the digest of the file is known"; return ;;
	esac
	if ! command -v openssl >/dev/null 2>&1; then
		say "public $1 unknown openssl is not installed"
	elif text=$(openssl pkey -in "$1" -passin pass: -pubout </dev/null 2>/dev/null); then
		say "public $1" $text
	elif openssl version >/dev/null 2>&1; then
		say "public $1 absent"
	else
		say "public $1 unknown openssl does not run"
	fi
}
try() {
	if [ -z "$reader" ]; then
		say "reader unknown no user was asked for"
	elif [ "$me" = "$reader" ]; then
		eval "$readers"
		readers "$dir" $regular
	elif ! account "$reader"; then
		say "reader unknown the host has no user $(flat "$reader")"
	elif [ "$myid" != 0 ]; then
		say "reader unknown $(flat "$me") cannot try it as $(flat "$reader"): only root can"
	else
		told=
		said=$(as_reader "$dir" $regular 2>&1)
		lines "$said" reading
		[ -n "$told" ] || say "reader unknown trying it as $(flat "$reader") failed: $(flat "$said")"
	fi
}
reading() {
	case $1 in
	"read versions/"*) say "$1"; told=yes ;;
	esac
}
` + frame.Open + `
guards
if [ -d "$dir" ] && [ ! -L "$dir" ] && { cd -- "$dir"; } 2>/dev/null; then inside; else outside; fi
` + frame.Close

// readers has the shell function that tries to read files, as a text for the shell of another user too; and as_reader, which runs it as
// the user that account found. runuser costs several times as much as setpriv, and writes to the log of logins.
const readers = `
readers='
readers() { # FOLDER NAME...
	folder=$1
	shift
	for name; do
		if { read -r line <"$folder/$name"; } 2>/dev/null || why=$(head -c 1 "$folder/$name" 2>&1 >/dev/null); then
			echo "read $name yes"
		else
			case $why in
			*"Permission denied") echo "read $name no" ;;
			*) echo "read $name unknown $(printf %s "$why" | tr "\n\r" "  ")" ;;
			esac
		fi
	done
}
'
as_reader() { as_user "$readers"'readers "$@"' "$@"; } # FOLDER NAME...
as_user() { # SCRIPT ARGUMENT...
	script=$1
	shift
	cd /
	set -- /bin/sh -c "LC_ALL=C; export LC_ALL
$script" sh "$@"
	if command -v setpriv >/dev/null 2>&1 && setpriv --reuid="$uid" --regid="$gid" --init-groups -- "$@"; then return; fi
	if command -v runuser >/dev/null 2>&1; then runuser -u "$name" -- "$@"; else echo neither setpriv nor runuser works; fi
}
`
