package fileset

// guard is the common start of the scripts that change something. $1 is the folder of the set.
const guard = `
set -u
umask 077
LC_ALL=C; export LC_ALL
die() { printf '%s\n' "$*" | tr '\n' ' ' >&2; echo >&2; exit 1; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
# sound PATH: a real folder that nobody but its owner can plant anything in
sound() {
	[ ! -L "$1" ] || die "$1 is a symbolic link where a directory should be"
	[ -d "$1" ] || die "$1 is not a directory"
	mode=$(ls -ld -- "$1" 2>&1) || die "$1 cannot be looked at: $mode"
	case $mode in
	?????w*|????????w*) die "$1 may be written by its group or by others" ;;
	esac
}
try() {
	what=$1; shift
	why=$("$@" 2>&1) || die "$what: $why"
}
dir=$1
all=$dir/versions
`

const installScript = guard + `
n=$2 owner=$3
new=$all/$n
part=$all/.$n.partial
sizes() { printf '%s %s %s\n' $(wc -c <ca.pem) $(wc -c <cert.pem) $(wc -c <key.pem); }
! there "$dir" || sound "$dir"
! there "$all" || sound "$all"
why=$(umask 022; mkdir -p -- "$all" 2>&1) || die "$all cannot be made: $why"
sound "$dir"
sound "$all"
if there "$new"; then
	sound "$new"
	mine=$(tar -x -O -f - sizes ca.pem cert.pem key.pem 2>/dev/null | sha256sum)
	other=$(cd "$new" && { sizes; cat ca.pem cert.pem key.pem; } 2>/dev/null | sha256sum)
	[ "$mine" = "$other" ] || die "$new is there already and holds other files"
	exit 0
fi
try "$part cannot be removed" rm -rf -- "$part"
trap 'cd /; rm -rf -- "$part"' EXIT
trap 'exit 1' HUP INT TERM
try "$part cannot be made" mkdir -- "$part"
cd "$part" || die "$part cannot be entered"
try "the files did not arrive whole" tar -x -m -o -f -
for file in sizes ca.pem cert.pem key.pem; do
	[ -f "$file" ] && [ ! -L "$file" ] || die "the files did not arrive whole: $file is missing"
done
[ "$(cat sizes)" = "$(sizes)" ] || die "the files did not arrive whole"
rm -f sizes
try "the modes cannot be set" chmod 0644 ca.pem cert.pem
try "the modes cannot be set" chmod 0600 key.pem
if [ -n "$owner" ] && [ "$(id -u)" = 0 ]; then
	try "the files cannot be given to $owner" chown -- "$owner" ca.pem cert.pem key.pem
fi
try "the modes cannot be set" chmod 0755 .
if command -v restorecon >/dev/null 2>&1; then
	try "the security labels cannot be set" restorecon -R "$part"
fi
try "the files cannot be written to disk" sync ca.pem cert.pem key.pem .
cd /
try "$new cannot be made" mv -T -- "$part" "$new"
try "$new cannot be written to disk" sync "$all"
`

const switchScript = guard + `
n=$2
link=$dir/current
next=$dir/.current.next
sound "$dir"
sound "$all"
sound "$all/$n"
for file in ca.pem cert.pem key.pem; do
	[ -f "$all/$n/$file" ] && [ ! -L "$all/$n/$file" ] || die "$all/$n is not complete: $file is missing"
done
if [ -L "$link" ]; then
	[ "$(readlink -- "$link")" != "versions/$n" ] || exit 0
elif [ -e "$link" ]; then
	die "$link is not a symbolic link"
fi
try "$next cannot be removed" rm -f -- "$next"
try "$next cannot be made" ln -s -- "versions/$n" "$next"
why=$(mv -T -- "$next" "$link" 2>&1) || { rm -f -- "$next"; die "$link cannot be switched: $why"; }
try "$link cannot be written to disk" sync "$dir"
`

const unswitchScript = guard + `
link=$dir/current
there "$link" || exit 0
sound "$dir"
[ -L "$link" ] || die "$link is not a symbolic link"
try "$link cannot be removed" rm -f -- "$link"
try "$dir cannot be written to disk" sync "$dir"
`
