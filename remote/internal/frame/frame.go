// Package frame marks the answer of a script within what a host prints.
//
// Start-up files of shells and PAM modules greet, warn and say good-bye on stdout. What stands between the marks is the answer,
// and an answer without its end mark was cut short.
package frame

import (
	"errors"
	"strings"
)

const (
	begin = "=== replssl begin ==="
	end   = "=== replssl end ==="

	// Open is the shell command that prints the first mark, on a line of its own after whatever came before.
	Open = "printf '\\n" + begin + "\\n'\n"

	// Close is the shell command that prints the end mark.
	Close = "printf '" + end + "\\n'\n"

	// Shell are the shell functions that answers are made with.
	Shell = `
LC_ALL=C; export LC_ALL
say() { printf '%s\n' "$*"; }
flat() { printf '%s' "$1" | tr '\n\r' '  '; }
encode() { base64 | tr -d '\n'; }
# standing PATH: present, absent, or unknown and why. Only "no such file" is absence.
standing() {
	if err=$(ls -d -- "$1" 2>&1 >/dev/null); then say present; return; fi
	case $err in
	*': No such file or directory') say absent ;;
	*) say "unknown $(flat "$err")" ;;
	esac
}
`

	// Account is the shell function that finds a user of the host.
	Account = `
# account NAME-OR-ID: sets name, uid and gid; false when the host has no such user.
account() {
	found=$(getent passwd "$1" 2>/dev/null) || # a small system may lack getent
		found=$(grep -e "^$1:" -e "^[^:]*:[^:]*:$1:" /etc/passwd 2>/dev/null) || return 1
	name=${found%%:*} found=${found#*:*:}
	uid=${found%%:*} found=${found#*:}
	gid=${found%%:*}
	[ "$name" = "$1" ] || [ "$uid" = "$1" ]
}
`
)

// Lines are the lines of the answer.
func Lines(printed []byte) ([]string, error) {
	_, rest, found := strings.Cut("\n"+string(printed), "\n"+begin+"\n")
	if !found {
		return nil, errors.New("the host gave no answer")
	}
	answer, _, found := strings.Cut("\n"+rest, "\n"+end+"\n")
	if !found {
		return nil, errors.New("the host's answer was cut short")
	}
	if answer == "" {
		return nil, nil
	}
	return strings.Split(answer[1:], "\n"), nil
}

// Body is an answer as it is, for one that holds bytes of any kind: marks among them do not end it. Its last line break is the script's.
func Body(printed []byte) (string, error) {
	_, rest, found := strings.Cut("\n"+string(printed), "\n"+begin+"\n")
	if !found {
		return "", errors.New("the host gave no answer")
	}
	at := strings.LastIndex(rest, "\n"+end+"\n")
	if at < 0 {
		return "", errors.New("the host's answer was cut short")
	}
	return rest[:at], nil
}

// Word splits the first word off a line.
func Word(line string) (word, rest string) {
	word, rest, _ = strings.Cut(line, " ")
	return word, rest
}
