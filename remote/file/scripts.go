package file

import (
	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/internal/warden"
)

// readManyScript has for each pick the folder, the name's part before the star, the part behind it, and "star" or nothing.
// A folder that cannot be listed is told as such, and not as one without files.
//
// It tells which files there are, then what stat says of each, a line for each in their order, and then prints those that it can: one program
// for all of them each time, since what a look costs is the programs that it starts.
const readManyScript = frame.Shell + `
tell() { # FILE
	state=none
	if [ -e "$1" ]; then state=there; elif [ -L "$1" ]; then state=dangling; fi
	case $1 in
	*'
'*) say "path64 $state $(say "$1" | encode)" ;;
	*) say "path $state $1" ;;
	esac
}
unlisted() { # FOLDER in which nothing was found
	state=$(standing "$1")
	if [ "$state" != present ]; then
		say "pick $state"
	elif why=$(ls -- "$1/" 2>&1 >/dev/null); then
		say "pick present"
	else
		say "pick unknown $(flat "$why")"
	fi
}
answer() {
	left=$#
	while [ "$left" -gt 0 ]; do
		folder=$1 before=$2 after=$3 star=$4 found=
		shift 4
		left=$((left - 4))
		if [ -z "$star" ]; then
			say "pick present"
			tell "$folder/$before"
			set -- "$@" "$folder/$before"
			continue
		fi
		hidden=
		[ -n "$before" ] || hidden=yes # a star alone stands for hidden names too
		for match in "$folder/$before"*"$after" ${hidden:+"$folder"/.[!.]*"$after"}; do
			[ -e "$match" ] || [ -L "$match" ] || continue
			[ -n "$found" ] || say "pick present"
			found=yes
			tell "$match"
			set -- "$@" "$match"
		done
		[ -n "$found" ] || unlisted "$folder"
	done
	say facts
	[ $# -eq 0 ] || stat -L -c 'file %f %s %U:%G' -- "$@" 2>&1
	left=$#
	while [ "$left" -gt 0 ]; do
		if [ ! -f "$1" ]; then
			:
		elif [ -r "$1" ]; then
			set -- "$@" "$1"
		else
			why=$(cat -- "$1" 2>&1 >/dev/null) || say "unread $left $(flat "$why")"
		fi
		shift
		left=$((left - 1))
	done
	say texts
	[ $# -eq 0 ] || head -v -c 1048577 -- "$@"
	echo
}
` + frame.Open + "answer \"$@\"\n" + frame.Close

// change is the common start of the scripts that change something.
const change = `
set -u
umask 077
LC_ALL=C; export LC_ALL
die() { printf '%s\n' "$*" | tr '\n' ' ' >&2; echo >&2; exit 1; }
try() {
	what=$1; shift
	why=$("$@" 2>&1) || die "$what: $why"
}
file=$1 folder=$2
`

// writeScript makes the temporary file with noclobber, so that a link which is planted under its name is not followed.
const writeScript = change + warden.Shell + `
base=$3 size=$4 mode=$5 owner=$6
next=$folder/.$base.replssl
[ ! -L "$file" ] || die "$file is a symbolic link, which is not replaced"
[ ! -e "$file" ] || [ -f "$file" ] || die "$file is not a regular file"
[ -d "$folder" ] || die "there is no directory $folder"
guarded "$folder" || die "$risk${cure:+ (to mend it: $cure)}"
if [ -e "$next" ] || [ -L "$next" ]; then try "$next cannot be removed" rm -f -- "$next"; fi
trap 'rm -f -- "$next"' EXIT
trap 'exit 1' HUP INT TERM
set -C
why=$( { cat >"$next"; } 2>&1) || die "$next cannot be written: $why"
set +C
[ "$(wc -c <"$next")" -eq "$size" ] || die "the content of $file did not arrive whole"
try "the mode of $file cannot be set" chmod "$mode" "$next"
if [ -n "$owner" ] && [ "$(id -u)" = 0 ]; then
	try "$file cannot be given to $owner" chown -- "$owner" "$next"
fi
try "$file cannot be written to disk" sync "$next"
try "$file cannot be replaced" mv -T -- "$next" "$file"
trap - EXIT HUP INT TERM
# By its final name, as the label of a file goes by its path.
if command -v restorecon >/dev/null 2>&1; then
	try "the security label of $file cannot be set" restorecon "$file"
fi
try "$file cannot be written to disk" sync "$folder"
`

const removeScript = change + `
[ -e "$file" ] || [ -L "$file" ] || exit 0
[ -L "$file" ] || [ ! -d "$file" ] || die "$file is a directory"
try "$file cannot be removed" rm -f -- "$file"
try "$file cannot be written to disk" sync "$folder"
`
