package process

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// Server is a database server that runs on a host.
type Server struct {
	PID int

	// Options are those of its command line that tell which option files it reads: --defaults-... and --no-defaults.
	Options []string
}

// Servers lists the database servers that run on the host and see its files; [ParseServers] reads what it prints. It knows them by the names
// of their programs. Those in containers are left out. They are unknown where the host hides the processes of others.
func Servers() shell.Line { return shell.Script(serversScript, "") }

// ParseServers gives the servers by their IDs. It fails when the answer is not whole, or not to be understood.
func ParseServers(printed []byte) (seen.Value[[]Server], error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return seen.Value[[]Server]{}, err
	}
	var servers []Server
	for _, line := range lines {
		word, rest := frame.Word(line)
		switch word {
		case "server":
			pid, err := strconv.Atoi(rest)
			if err != nil {
				return seen.Value[[]Server]{}, fmt.Errorf("the host's answer names the process %.80q", rest)
			}
			servers = append(servers, Server{PID: pid})
		case "options":
			if err := addOptions(servers, rest); err != nil {
				return seen.Value[[]Server]{}, err
			}
		case "unknown":
			return seen.Unknown[[]Server](rest), nil
		default:
			return seen.Value[[]Server]{}, fmt.Errorf("the host's answer has the line %.80q, which makes no sense", line)
		}
	}
	return seen.Known(servers), nil
}

// addOptions takes lines of grep, each ended by a NUL byte: /proc/PID/cmdline:OPTION.
func addOptions(servers []Server, encoded string) error {
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return errors.New("the host's answer about command lines cannot be decoded")
	}
	for _, one := range strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00") {
		if one == "" {
			continue
		}
		file, option, _ := strings.Cut(one, ":")
		for i := range servers {
			if file == fmt.Sprintf("/proc/%d/cmdline", servers[i].PID) {
				servers[i].Options = append(servers[i].Options, option)
			}
		}
	}
	return nil
}

// serverFiles is the shell function that lists the command lines of all database servers below $proc. A server's program that only explains
// itself, as for a check of its configuration, or that fills a new data folder, is none.
const serverFiles = `
servers() {
	set --
	for file in $(grep -slx -e mysqld -e mariadbd "$proc"/[0-9]*/comm); do
		file=${file%/comm}/cmdline first=
		{ read -r first <"$file"; } 2>/dev/null
		# One that has ended, and that nobody has collected yet, has no command line.
		[ -z "$first" ] || set -- "$@" "$file"
	done
	[ $# -eq 0 ] || grep -sLxz -e --help -e --bootstrap -e --validate-config -e --print-defaults "$@"
}
`

// serversScript has $1 the root of the host's files. It starts one program where no server runs, and four where some do. A server that ends meanwhile has no options, and reads no
// files any more.
const serversScript = frame.Shell + serverFiles + `
proc=$1/proc
answer() {
	# Anybody may read the name of process 1, unless /proc is mounted with hidepid.
	if ! [ -r "$proc/1/comm" ]; then
		say "unknown /proc does not show the processes of other users (hidepid)"
		return
	fi
	set --
	for file in $(servers); do
		folder=${file%/cmdline}
		# The root of a container is another folder; one that may not be seen is taken for that of the host.
		if [ -e "$folder/root" ] && ! [ "$folder/root" -ef / ]; then continue; fi
		say "server ${folder##*/}"
		set -- "$@" "$file"
	done
	[ $# -gt 0 ] || return 0
	if text=$(grep -saHz -e '^--defaults-' -e '^--no-defaults$' "$@" | encode); then
		say "options $text"
	else
		say "unknown the command lines of the host's servers could not be read"
	fi
}
` + frame.Open + "answer\n" + frame.Close
