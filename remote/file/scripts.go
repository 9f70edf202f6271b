package file

import "github.com/replssl/replssl/remote/internal/frame"

// readOne is the shell function that tells about the file $file.
const readOne = `
answer() {
	state=$(standing "$file")
	if [ "$state" != present ]; then say "$state"; return; fi
	if ! err=$(ls -dL -- "$file" 2>&1 >/dev/null); then say "unknown its link cannot be followed: $(flat "$err")"; return; fi
	if [ ! -f "$file" ]; then say "unknown it is not a regular file"; return; fi
	size=$(stat -L -c %s -- "$file")
	if [ "$size" -gt 1048576 ]; then say "unknown it is too large: $size bytes"; return; fi
	if ! text=$( { base64 <"$file"; } 2>&1); then say "unknown $(flat "$text")"; return; fi
	say "file $(stat -L -c %a -- "$file") $size"
	stat -L -c %U -- "$file"
	stat -L -c %G -- "$file"
	say "$text" | tr -d '\n'
	echo
}
`

// readManyScript has for each pick the folder, the name's part before the star, the part behind it, and "star" or nothing.
// A folder that cannot be listed is told as such, and not as one without files.
const readManyScript = frame.Shell + readOne + `
pick() {
	folder=$1 before=$2 after=$3
	if [ -z "$4" ]; then
		say pick present
		one "$folder/$before"
		return
	fi
	state=$(standing "$folder")
	if [ "$state" != present ]; then say "pick $state"; return; fi
	if ! err=$(ls -- "$folder/" 2>&1 >/dev/null); then say "pick unknown $(flat "$err")"; return; fi
	say pick present
	for match in "$folder/$before"*"$after"; do
		if [ -e "$match" ] || [ -L "$match" ]; then one "$match"; fi
	done
	[ -n "$before" ] || for match in "$folder"/.[!.]*"$after"; do # a star alone stands for hidden names too
		if [ -e "$match" ] || [ -L "$match" ]; then one "$match"; fi
	done
}
one() {
	file=$1
	say "path $(say "$file" | encode)"
	answer
}
all() {
	while [ $# -gt 0 ]; do
		pick "$1" "$2" "$3" "$4"
		shift 4
	done
}
` + frame.Open + "all \"$@\"\n" + frame.Close

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
const writeScript = change + `
base=$3 size=$4 mode=$5 owner=$6
next=$folder/.$base.replssl
[ ! -L "$file" ] || die "$file is a symbolic link, which is not replaced"
[ ! -e "$file" ] || [ -f "$file" ] || die "$file is not a regular file"
[ -d "$folder" ] || die "there is no directory $folder"
try "$next cannot be removed" rm -f -- "$next"
trap 'rm -f -- "$next"' EXIT
trap 'exit 1' HUP INT TERM
set -C
why=$( { cat >"$next"; } 2>&1) || die "$next cannot be written: $why"
set +C
[ "$(wc -c <"$next" | tr -d ' ')" = "$size" ] || die "the content of $file did not arrive whole"
try "the mode of $file cannot be set" chmod "$mode" "$next"
if [ -n "$owner" ] && [ "$(id -u)" = 0 ]; then
	try "$file cannot be given to $owner" chown -- "$owner" "$next"
fi
try "$file cannot be written to disk" sync "$next"
try "$file cannot be replaced" mv -T -- "$next" "$file"
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
