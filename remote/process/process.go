// Package process tells of a running server process what the kernel knows: its user, its arguments, its connections.
//
// It does no IO: it makes command lines that ship the texts of /proc as they are, and parses those.
package process

import (
	"fmt"
	"net/netip"
	"path"
	"strings"

	"github.com/replssl/replssl/remote/confine"
	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// Process is one process that runs.
type Process struct {
	PID       int
	Real      User
	Effective User // the one whose permissions it has
	Args      seen.Value[[]string]

	// Environment are those of its variables that [OptionFileVariables] names, as it was started with them.
	Environment seen.Value[map[string]string]

	// Start is when it started, in ticks since the host's boot: together with PID it is the process and no later one.
	Start uint64

	// Label is what a security module enforces on it: the zero value is nothing.
	Label seen.Value[confine.Label]

	// Connections are its established TCP connections.
	Connections seen.Value[[]Connection]
}

// User is an OS user.
type User struct {
	ID   int
	Name seen.Value[string] // unknown when the host tells no name for the ID
}

// Connection is an established TCP connection. IPv4 addresses that are mapped into IPv6 are shown as IPv4.
type Connection struct {
	Local  netip.AddrPort
	Remote netip.AddrPort
}

// OptionFileVariables are the names of the environment's variables that a server heeds when it looks for option files, or for groups in them
// (tried on MariaDB 10.11, which prefers the names with MARIADB).
func OptionFileVariables() []string {
	return []string{"MARIADB_HOME", "MYSQL_HOME", "MARIADB_GROUP_SUFFIX", "MYSQL_GROUP_SUFFIX", "HOME"}
}

// LookPIDFile looks at the process whose ID is in a file; [ParseLook] reads what it prints. A process that does not work in the folder is
// another one: a server works in its data folder, which no two have in common, while two that share a PID file name each other there. Who may
// not see where a process works does not see its connections either.
//
// Of the process that was known before, as the same ID and start tell, it leaves out what does not change while it lives: arguments,
// environment and users. The zero value is no process.
func LookPIDFile(name, folder string, known Process) shell.Line {
	for _, one := range []string{name, folder} {
		if !path.IsAbs(one) {
			return shell.Refuse(fmt.Errorf("%q, of a PID file and its process, is not an absolute path", one))
		}
	}
	return shell.Script(lookScript, name, fmt.Sprintf("%d %d", known.PID, known.Start), folder)
}

// ParseLook tells the process, that there is none of the ID in the file, or why nobody could look: a PID file that is not there says
// nothing about the process. It fails when the answer is not whole, or not to be understood.
func ParseLook(printed []byte, known Process) (seen.Value[Process], error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return seen.Value[Process]{}, err
	}
	answer, err := readAnswer(lines)
	if err != nil {
		return seen.Value[Process]{}, err
	}
	return answer.process(known)
}

// Sockets lists the unix stream sockets that somebody listens on; [ParseSockets] reads what it prints.
func Sockets() shell.Line { return shell.Script(socketsScript) }

// ParseSockets gives the paths that look like the socket of a MySQL or MariaDB server, sorted. The sockets of MySQL's X
// protocol, which no replication uses, are left out.
func ParseSockets(printed []byte) (seen.Value[[]string], error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return seen.Value[[]string]{}, err
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "Num ") {
		return seen.Unknown[[]string](orElse(strings.Join(lines, "; "), "the host did not tell its sockets")), nil
	}
	return seen.Known(serverSockets(lines)), nil
}

func orElse(text, other string) string {
	if text != "" {
		return text
	}
	return other
}

// looksLikeServer tells the socket of a server by its path, which people choose freely but hardly ever without the name.
func looksLikeServer(socket string) bool {
	lower := strings.ToLower(socket)
	named := strings.Contains(lower, "mysql") || strings.Contains(lower, "maria")
	return path.IsAbs(socket) && named && !strings.Contains(path.Base(lower), "mysqlx") && !strings.Contains(lower, "mysqlrouter")
}
