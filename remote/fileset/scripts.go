package fileset

import (
	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/internal/warden"
)

// guard is the common start of the scripts that change something. $1 is the folder of the set. What it creates is closed to writing by
// others from the first moment, and the key comes out of the archive closed to everybody else.
const guard = `
set -u
umask 022
LC_ALL=C; export LC_ALL
code=1
die() { printf '%s\n' "$*" | tr '\n' ' ' >&2; echo >&2; exit "$code"; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
` + warden.Shell + `
# locked: no other command changes the set meanwhile. The lock is held by descriptor 9, and ends with the last process that has it.
locked() {
	command -v flock >/dev/null 2>&1 || return 0
	flock -n 9 2>/dev/null || [ $? -ne 1 ] || die "another command changes $dir at this moment; try again when it has ended"
}
# sound PATH...: real folders that nobody but root and whoever runs this can plant anything in, nor on the way to them
sound() {
	for place; do
		[ ! -L "$place" ] || die "$place is a symbolic link where a directory should be"
		[ -d "$place" ] || die "$place is not a directory"
	done
	guarded "$dir" "$@" || die "$risk${cure:+ (to mend it: $cure)}"
}
try() {
	what=$1; shift
	why=$("$@" 2>&1) || die "$what: $(printf '%s\n' "$why" | head -n 1)" # tar says it of every file, and that it ends
}
dir=$1
all=$dir/versions
link=$dir/current
`

// installing has the function install, which makes version $n for $owner of the digests and the archive on standard input.
const installing = `
n=$2 owner=$3
new=$all/$n
part=$all/.$n.partial
files="ca.pem cert.pem key.pem"
wanted() { # DIGEST...: one a file
	[ $# -ne 4 ] || files="$files crl.pem"
}
same() { # the files in this folder are those that are wanted
	got=
	for word in $(sha256sum $files 2>/dev/null); do
		case $word in
		*.pem) ;;
		*) got="$got $word" ;;
		esac
	done
	[ " $want" = "$got" ] || return 1
	case $files in
	*crl.pem) ;;
	*) ! there crl.pem ;;
	esac
}
prepare() { # what is there is sound, and what is missing is made
	want=
	read -r want
	wanted $want
	set --
	for place in "$dir" "$all" "$new"; do
		! there "$place" || set -- "$@" "$place"
	done
	sound "$@"
	if ! there "$all"; then
		try "$all cannot be made" mkdir -p -- "$all"
		sound "$dir" "$all"
	fi
}
install() {
	if there "$new"; then
		cd "$new" || die "$new cannot be entered"
		same || die "$new is there already and holds other files"
		return
	fi
	! there "$part" || try "$part cannot be removed" rm -rf -- "$part"
	trap 'cd /; rm -rf -- "$part"' EXIT
	trap 'exit 1' HUP INT TERM
	try "$part cannot be made" mkdir -- "$part"
	cd "$part" || die "$part cannot be entered"
	try "the files did not arrive whole" tar -x -m -o -f -
	gather
	for file in $files; do
		[ -f "$file" ] && [ ! -L "$file" ] || die "the files did not arrive whole: $file is missing"
	done
	same || die "the files did not arrive whole"
	if [ -n "$owner" ] && [ "$euid" = 0 ]; then
		try "the files cannot be given to $owner" chown -h -- "$owner" $files
	fi
	if command -v restorecon >/dev/null 2>&1; then
		try "the security labels cannot be set" restorecon -R "$part"
	fi
	try "the files cannot be written to disk" sync $files .
	try "$new cannot be made" mv -T -- "$part" "$new"
	trap - EXIT HUP INT TERM
	try "$new cannot be written to disk" sync "$all"
}
`

// all: every file of the version comes in the archive.
const all = `
gather() { :; }
`

// deriving: the archive brings the authorities, and version $4 has the rest. The copy of its key is closed to everybody else from its first moment.
const deriving = `
from=$all/$4
gather() {
	for file in $files; do
		[ "$file" = ca.pem ] || (umask 077; cp -- "$from/$file" "$file") 2>/dev/null || die "$from/$file cannot be copied"
	done
	for file in $files; do
		[ "$file" = key.pem ] || try "the files cannot be opened to the server" chmod 644 "$file"
	done
}
derived() { # what is wanted of all files: DIGEST of the authorities
	sound "$from"
	for file in cert.pem key.pem; do
		[ -f "$from/$file" ] && [ ! -L "$from/$file" ] || die "$from is not complete: $file is missing"
	done
	! there "$from/crl.pem" || files="$files crl.pem"
	[ -n "$want" ] || die "the files did not arrive whole"
	for file in $files; do
		[ "$file" = ca.pem ] || want="$want $(sha256sum < "$from/$file" | head -c 64)" || die "$from/$file cannot be read"
	done
}
`

// switching has the function switch, which makes the link point to version $n.
const switching = `
switch() {
	for file in ca.pem cert.pem key.pem; do
		[ -f "$all/$n/$file" ] && [ ! -L "$all/$n/$file" ] || die "$all/$n is not complete: $file is missing"
	done
	! there "$all/$n/crl.pem" || { [ -f "$all/$n/crl.pem" ] && [ ! -L "$all/$n/crl.pem" ]; } || die "$all/$n/crl.pem is not a regular file"
	if [ -L "$link" ]; then
		[ "$link" -ef "$all/$n" ] && [ "$(readlink -- "$link")" = "versions/$n" ] && return
	elif [ -e "$link" ]; then
		die "$link is not a symbolic link"
	fi
	next=$dir/.current.next
	! there "$next" || try "$next cannot be removed" rm -f -- "$next"
	try "$next cannot be made" ln -s -- "versions/$n" "$next"
	why=$(mv -T -- "$next" "$link" 2>&1) || { rm -f -- "$next"; die "$link cannot be switched: $why"; }
	try "$link cannot be written to disk" sync "$dir"
}
`

// proving has the function prove, which lets $owner read the files of the version before anything points at them.
const proving = frame.Account + readers + `
barrier() { # the first folder on the way that the user cannot pass
	walk='walk() {
	set -f
	way=
	IFS=/
	for step in $1; do
		way=$way${step:+/$step}
		[ -z "$step" ] || [ -x "$way" ] || { echo "$way"; return; }
	done
}
walk "$1"'
	as_user "$walk" "$new" 2>/dev/null
}
prove() {
	account "${owner%%:*}" || die "whether $owner can read $new cannot be tried: the host has no such user"
	if [ "$uid" = "$euid" ]; then
		eval "$readers"
		said=$(readers "$new" $files)
	elif [ "$euid" = 0 ]; then
		said=$(as_reader "$new" $files 2>&1)
	else
		die "whether $owner can read $new cannot be tried: only root can"
	fi
	case $said in
	*"read "*" no"*)
		code=3
		[ "$uid" = "$euid" ] || at=$(barrier)
		[ -z "${at:-}" ] || die "$owner cannot read $new: it may not pass $at ($(stat -c '%A %U:%G' -- "$at" 2>/dev/null))"
		die "$owner cannot read $new: $said"
		;;
	esac
	for file in $files; do
		case $said in
		*"read $file yes"*) ;;
		*) die "whether $owner can read $new cannot be tried: $said" ;;
		esac
	done
}
`

const installScript = guard + installing + all + `
identity
prepare
{ locked; install; } 9<"$all"
`

const switchScript = guard + switching + `
n=$2
sound "$dir" "$all" "$all/$n"
{ locked; switch; } 9<"$all"
`

const installAndSwitchScript = guard + installing + all + switching + proving + `
identity
prepare
{
	locked
	install
	code=4
	cd /
	[ -z "$owner" ] || prove
	sound "$dir" "$all" "$new"
	switch
} 9<"$all"
`

const deriveScript = guard + installing + deriving + proving + `
identity
prepare
derived
{
	locked
	install
	cd /
	[ -z "$owner" ] || prove
} 9<"$all"
`

const unswitchScript = guard + `
there "$link" || exit 0
sound "$dir"
[ -L "$link" ] || die "$link is not a symbolic link"
try "$link cannot be removed" rm -f -- "$link"
try "$dir cannot be written to disk" sync "$dir"
`
