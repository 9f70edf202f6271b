// Package warden has the shell functions that tell who else could change a folder, or put another in its place, before anything is written
// into it.
//
// The rule is the same for every login. A folder, and each that leads to it through whatever links, belongs to root or to the user who
// works; its group may write only where it is that user's own primary group, and others never. So as root nobody but root may write, and a
// plain user trusts what that user could change anyhow. On the way to a folder a sticky one may be written by its group and by others, since
// nobody can replace what another has made there.
package warden

import (
	"encoding/base64"
	"errors"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/seen"
)

// Shell are the functions. After guarded FOLDER WITHIN..., which is false where the rule is broken or cannot be tried, risk says why and cure
// is the commands that mend it. It is empty where nobody knows, and where they could take from others what they live in: of a folder that is a
// mere way, and of one that its owner alone may pass. WITHIN are real folders below FOLDER, which need not exist. The variables euid and
// egid are set by identity. It starts one program, and one more for each link on the way and for each thing that is wrong.
const Shell = `
say() { printf '%s\n' "$*"; }
identity() { # sets euid and egid
	euid= egid=
	while read -r key real effective rest; do
		case $key in
		Uid:) euid=$effective ;;
		Gid:) egid=$effective; break ;;
		esac
	done 2>/dev/null </proc/self/status
	[ -n "$egid" ] || { euid=$(id -u) egid=$(id -g); }
}
word() { # TEXT as a word of a shell
	case $1 in
	*[!a-zA-Z0-9_./@:+,-]*) say "'$(say "$1" | sed "s/'/'\\\\''/g")'" ;;
	*) say "$1" ;;
	esac
}
guarded() {
	risk= cure= where= broken= hopeless= goal=$1 ahead=$1/ here= last= links=0
	identity
	shift
	within=$#
	for place; do
		shift
		if [ "$place" != "$goal" ] && [ -d "$place" ]; then set -- "$@" "$place"; else within=$((within - 1)); fi
	done
	while [ -n "$ahead" ]; do
		step=${ahead%%/*} ahead=${ahead#*/}
		case $step in
		''|.) continue ;;
		..) here=${here%/*}; continue ;;
		esac
		set -- "$@" "$here/"
		[ -x "$here/" ] || { risk="$here/, which leads to $goal, may not be passed"; return 1; }
		if [ -L "$here/$step" ]; then
			links=$((links + 1))
			to=$(readlink -- "$here/$step") && [ "$links" -le 40 ] || { risk="the link $here/$step cannot be followed"; return 1; }
			if [ -k "${here:-/}" ]; then
				owner=$(stat -c %u -- "$here/$step") || { risk="the link $here/$step cannot be looked at"; return 1; }
				place=$here/$step where=", which leads to $goal,"
				case $owner in 0|"$euid") ;; *) wrong "is a link of the user $(stat -c %U -- "$place"), who could lead it elsewhere" ;; esac
			fi
			case $to in /*) here= ;; esac
			ahead=$to/$ahead
		elif [ -d "$here/$step" ]; then
			here=$here/$step last=$here
		else
			last=none ahead=
		fi
	done
	[ "$last" = none ] || set -- "$@" "$here/"
	seen=$(stat -L -c %A:%u:%g -- "$@" 2>&1) || { risk="$goal and what leads to it cannot be looked at: $seen"; return 1; }
	for bits in $seen; do
		place=${1%/} where=
		[ "$within" -gt 0 ] || [ $# -eq 1 -a "$last" != none ] || where=", which leads to $goal,"
		judge
		within=$((within - 1))
		shift
	done
	[ -z "$hopeless" ] || cure=
	[ -z "$broken" ]
}
judge() { # by $bits, $place and $where, of which the last is empty for a folder that is no mere way
	place=${place:-/}
	case $bits in
	*:0:*|*:"$euid":*) ;;
	*) wrong "belongs to the user $(stat -L -c %U -- "$place"), who could put others in the place of what is in it" "$(passable "chown $(id -un)")" ;;
	esac
	case ${where:+way}:$bits in
	way:?????????[tT]:*) return ;;
	esac
	case $bits in
	?????w????:*:"$egid") ;;
	?????w*) wrong "may be written by its group $(stat -L -c %G -- "$place")" "chmod g-w $(word "$place")" ;;
	esac
	case $bits in
	????????w*) wrong "may be written by others" "chmod o-w $(word "$place")" ;;
	esac
}
passable() { # VERB: what takes a folder from its owner, where that owner can still pass it, and so what serves from it
	case $bits in
	?????????[xt]*) say "$1 $(word "$place")" ;;
	esac
}
wrong() { # WHAT CURE: the one of a folder that is a mere way is its owners' business
	broken=yes
	risk="${risk:+$risk; }$place$where $1"
	[ -z "$where" ] && [ -n "${2-}" ] || hopeless=yes
	cure="${cure:+$cure; }${2-}"
}
`

// Look is the function by which an answer tells of it: watched FOLDER WITHIN... prints what [Parse] reads.
const Look = Shell + `
watched() {
	if guarded "$@"; then say safe
	elif [ -n "$broken" ]; then say "risk $(printf %s "$risk" | encode) $(printf %s "$cure" | encode)"
	else say "unknown $(flat "$risk")"
	fi
}
`

var errNonsense = errors.New("what the host says of who may write to a folder makes no sense")

// Parse reads what watched printed: absent where nobody else could change anything.
func Parse(text string) (seen.Value[seen.Risk], error) {
	word, rest := frame.Word(text)
	switch word {
	case "safe":
		return seen.Absent[seen.Risk](), nil
	case "unknown":
		return seen.Unknown[seen.Risk](rest), nil
	case "risk":
		first, second := frame.Word(rest)
		why, whyErr := base64.StdEncoding.DecodeString(first)
		cure, cureErr := base64.StdEncoding.DecodeString(second)
		if whyErr == nil && cureErr == nil && len(why) > 0 {
			return seen.Known(seen.Risk{Why: string(why), Cure: string(cure)}), nil
		}
	}
	return seen.Value[seen.Risk]{}, errNonsense
}
