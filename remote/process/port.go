package process

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// Port is who has a TCP port of the host.
type Port struct {
	Asking int // the user that looked
	Ends   []End
}

// End is the host's end of TCP connections: one that listens, or that was taken in there.
type End struct {
	Address   netip.Addr
	Listening bool
	Owner     User

	// Server says that a database server's process has it, as far as its program's name tells: it is among its open files, or where those may
	// not be seen, the two have the user in common.
	Server bool
}

// LookPort looks at who has a TCP port; [ParsePort] reads what it prints. The kernel tells the user of a socket to everybody.
func LookPort(port int) shell.Line { return shell.Script(portScript, fmt.Sprintf("%04X", port)) }

// ParsePort tells who has the port, or why nobody could look. It fails when the answer is not whole, or not to be understood.
func ParsePort(printed []byte) (seen.Value[Port], error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return seen.Value[Port]{}, err
	}
	a := &portAnswer{names: map[int]string{}}
	for _, line := range lines {
		if err := a.add(line); err != nil {
			return seen.Value[Port]{}, err
		}
	}
	switch {
	case a.why != "":
		return seen.Unknown[Port](a.why), nil
	case !a.asked || !hasHead(a.table):
		return seen.Unknown[Port]("the host did not tell its sockets"), nil
	}
	return a.port()
}

// portAnswer is what the host said of a port.
type portAnswer struct {
	asking  int
	asked   bool
	why     string
	table   []string
	names   map[int]string
	servers []portServer
}

// portServer is a database server, by its user and the sockets among its open files.
type portServer struct {
	user   int
	hidden bool
	inodes []string
}

func (a *portAnswer) add(line string) (err error) {
	word, rest := frame.Word(line)
	switch word {
	case "asking":
		a.asked = true
		a.asking, err = strconv.Atoi(rest)
	case "unknown":
		a.why = rest
	case "table":
		a.table = append(a.table, rest)
	case "user":
		number, name := frame.Word(rest)
		var id int
		id, err = strconv.Atoi(number)
		a.names[id] = name
	case "server":
		var id int
		id, err = strconv.Atoi(rest)
		a.servers = append(a.servers, portServer{user: id})
	case "hidden", "holds":
		err = a.addFile(word, rest)
	default:
		err = errors.New("it makes no sense")
	}
	if err != nil {
		return fmt.Errorf("the host's answer has the line %.80q: %w", line, err)
	}
	return nil
}

func (a *portAnswer) addFile(word, rest string) error {
	if len(a.servers) == 0 {
		return errors.New("it names no server")
	}
	last := &a.servers[len(a.servers)-1]
	if word == "hidden" {
		last.hidden = true
		return nil
	}
	if target, found := afterLast(rest, " -> socket:["); found {
		last.inodes = append(last.inodes, strings.TrimSuffix(target, "]"))
	}
	return nil
}

func (a *portAnswer) port() (seen.Value[Port], error) {
	port := Port{Asking: a.asking}
	for _, line := range a.table {
		fields := strings.Fields(line)
		if len(fields) > 0 && fields[0] == "sl" {
			continue
		}
		end, err := a.end(fields)
		if err != nil {
			return seen.Value[Port]{}, fmt.Errorf("a table of sockets cannot be understood: %w", err)
		}
		port.Ends = append(port.Ends, end)
	}
	return seen.Known(port), nil
}

func (a *portAnswer) end(fields []string) (End, error) {
	const local, state, user, inode = 1, 3, 7, 9
	if len(fields) <= inode {
		return End{}, errors.New("a line is too short")
	}
	address, err := parseAddress(fields[local])
	if err != nil {
		return End{}, err
	}
	id, err := strconv.Atoi(fields[user])
	if err != nil {
		return End{}, errors.New("a user is no number")
	}
	owner := (&answer{users: a.names}).user(id)
	end := End{Address: address.Addr(), Listening: fields[state] == "0A", Owner: owner}
	for _, server := range a.servers {
		end.Server = end.Server || server.has(id, fields[inode])
	}
	return end, nil
}

func (s portServer) has(user int, inode string) bool {
	if s.hidden {
		return s.user == user
	}
	return slices.Contains(s.inodes, inode)
}

// portScript has $1 a port in four hexadecimal digits. It picks the heads of the tables, and the sockets of the port that listen or are
// connected.
const portScript = frame.Shell + frame.Account + serverFiles + `
proc=/proc
answer() {
	say "asking $(id -u)"
	port=$1
	set -- /proc/net/tcp
	[ ! -e /proc/net/tcp6 ] || set -- "$@" /proc/net/tcp6
	if ! text=$(grep -ah -e '^ *sl ' -e "^ *[0-9]*: [0-9A-F]*:$port [0-9A-F]*:[0-9A-F]* 0[18A] " "$@" 2>&1); then
		say "unknown $(flat "$text")"
		return
	fi
	known=' '
	while read -r slot local remote state queue timer again user rest; do
		say "table $slot $local $remote $state $queue $timer $again $user $rest"
		case $slot$known in sl*|*" $user "*) continue ;; esac
		known="$known$user "
		if account "$user"; then say "user $user $name"; fi
	done <<END
$text
END
	for file in $(servers); do
		folder=${file%/cmdline}
		while read -r key real effective rest; do [ "$key" != Uid: ] || break; done 2>/dev/null <"$folder/status"
		[ "$key" = Uid: ] || continue
		say "server $effective"
		if ! [ -r "$folder/fd" ] || ! ls -ln "$folder/fd" >/dev/null 2>&1; then say hidden; continue; fi
		ls -ln "$folder/fd" 2>/dev/null | while IFS= read -r line; do
			case $line in *' -> socket:['*) say "holds $line" ;; esac
		done
	done
}
` + frame.Open + "answer \"$@\"\n" + frame.Close
