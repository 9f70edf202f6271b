package fileset

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/shell"
)

// Repair gives the files and folders of a complete version back their owner and modes, the key first, and their security labels. It changes
// nothing that is right, and follows no link. An empty owner leaves the files to whom they belong. The folders belong to root or to whoever
// works: to another, they are given to the latter.
func Repair(dir string, version int, owner string) shell.Line {
	return owned(repairScript, dir, version, owner)
}

// Prune removes all versions but these, and what commands that were killed left behind. A version that current points to is never removed: it
// has to be among those that are kept.
func Prune(dir string, keep ...int) shell.Line {
	if len(keep) == 0 {
		return shell.Refuse(fmt.Errorf("no version of %s would be kept", dir))
	}
	var names []string
	for _, version := range keep {
		if version < 1 || version > maxVersion {
			return shell.Refuse(fmt.Errorf("%d is not the number of a version", version))
		}
		names = append(names, strconv.Itoa(version))
	}
	return inFolder(pruneScript, dir, strings.Join(names, " "))
}

// repairScript changes what it found by a descriptor, so that nothing which somebody puts in the place of a file meanwhile is changed. The
// owner comes before the mode: at no moment in between is a key closed to the server that could read it before.
const repairScript = guard + frame.Account + `
n=$2 owner=$3
new=$all/$n
uid=
# mend PATH MODE
mend() {
	[ ! -L "$1" ] || die "$1 is a symbolic link, which is not followed"
	[ -f "$1" ] || [ -d "$1" ] || die "$1 is neither a file nor a directory"
	[ -r "$1" ] || die "$1 cannot be opened"
	opened "$1" "$2" 3<"$1" || die "$1 cannot be opened"
}
opened() {
	where=$(readlink /proc/self/fd/3)
	is=$(cd -P -- "${1%/*}" && pwd -P)/${1##*/}
	[ "$where" = "$is" ] || die "$1 was put in another place meanwhile"
	facts=$(stat -L -c '%a:%u:%h:%F' /proc/self/fd/3 2>&1) || die "$1 cannot be looked at: $facts"
	mode=${facts%%:*} facts=${facts#*:}
	has=${facts%%:*} facts=${facts#*:}
	case $facts in
	1:*|*:directory) ;;
	*) die "$1 has another name elsewhere, so that it is not only a file of the set" ;;
	esac
	case $1 in
	*.pem) [ -z "$uid" ] || [ "$has" = "$uid" ] || try "$1 cannot be given to $owner" chown -- "$owner" /proc/self/fd/3 ;;
	*) [ "$has" = 0 ] || [ "$has" = "$euid" ] || try "$1 cannot be taken over" chown "$euid" /proc/self/fd/3 ;;
	esac
	[ "$mode" = "$2" ] || try "the mode of $1 cannot be set" chmod "$2" /proc/self/fd/3
}
repair() {
	locked
	mend "$new" 755
	set -- "$new/key.pem" "$new/ca.pem" "$new/cert.pem"
	! there "$new/crl.pem" || set -- "$@" "$new/crl.pem"
	for file; do
		[ -f "$file" ] && [ ! -L "$file" ] || die "$new is not complete: $file is missing, or is no file"
	done
	mend "$new/key.pem" 600
	for file; do
		[ "$file" = "$new/key.pem" ] || mend "$file" 644
	done
	if command -v restorecon >/dev/null 2>&1; then
		try "the security labels cannot be set" restorecon -R "$new"
	fi
	try "$new cannot be written to disk" sync "$@" "$new" "$all"
}
if [ -n "$owner" ]; then
	account "${owner%%:*}" || die "the host has no user $owner"
fi
sound "$dir"
mend "$all" 755
repair 9<"$all"
`

// pruneScript renames before it removes: half a version never has a version's name.
const pruneScript = guard + `
keep=" $2 "
numbered() { # NAME
	case $1 in
	''|0*|*[!0-9]*|??????????*) return 1 ;;
	esac
}
prune() {
	locked
	if there "$link"; then
		[ -L "$link" ] || die "$link is not a symbolic link"
		used=$(readlink -- "$link")
		case $keep in
		*" ${used#versions/} "*) ;;
		*) die "$link points to $used, which would not be kept" ;;
		esac
	fi
	for place in "$all"/*; do
		name=${place##*/}
		numbered "$name" || continue
		case $keep in
		*" $name "*) continue ;;
		esac
		[ -d "$place" ] && [ ! -L "$place" ] || die "$place is not a directory, and is not removed"
		gone=$all/.$name.gone
		! there "$gone" || try "$gone cannot be removed" rm -rf -- "$gone"
		try "$place cannot be put aside" mv -T -- "$place" "$gone"
	done
	for place in "$all"/.*.partial "$all"/.*.gone; do
		name=${place##*/.}
		numbered "${name%.*}" && there "$place" || continue
		try "$place cannot be removed" rm -rf -- "$place"
	done
	! there "$dir/.current.next" || try "$dir/.current.next cannot be removed" rm -f -- "$dir/.current.next"
	try "$all cannot be written to disk" sync "$all"
}
there "$all" || exit 0
sound "$dir" "$all"
prune 9<"$all"
`
