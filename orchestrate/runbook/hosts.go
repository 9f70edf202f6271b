package runbook

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/shell"
)

// host is a server with the two functions by which the runbook speaks to it.
type host struct {
	Server topology.ServerName
	Run    string // the function that runs a command on its host
	Ask    string // the function that gives its database a statement
	SSH    topology.SSH
	Known  string // the files of host keys, as ssh reads them
	Client string // the command line of the database's client on the host

	Jump     string // the hosts to go through, as ssh -J takes them; empty for none
	Password string // the command that prints the administrator's password here; empty for a login without
}

func (w *writer) hosts() ([]host, error) {
	var hosts []host
	for _, s := range w.cluster.Servers {
		client, err := w.client(s, "--vertical")
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, host{
			Server: s.Name, Run: w.run(s.Name), Ask: w.ask(s.Name), SSH: s.SSH, Known: sshPaths(s.SSH.KnownHosts), Client: client,
			Jump: jumps(s.SSH.Jump), Password: printing(s.MySQL.Password),
		})
	}
	return hosts, nil
}

// sshPaths is a list of paths as ssh reads it.
func sshPaths(paths []string) string {
	words := make([]string, len(paths))
	for i, path := range paths {
		words[i] = path
		if strings.ContainsAny(path, " \t") {
			words[i] = `"` + path + `"`
		}
	}
	return strings.Join(words, " ")
}

// jumps are the hosts to go through, as ssh -J takes them. Which keys it offers there, ssh knows.
func jumps(way []topology.SSH) string {
	hops := make([]string, len(way))
	for i, hop := range way {
		hops[i] = hop.User + "@" + hostPort(hop.Address, hop.Port)
	}
	return strings.Join(hops, ",")
}

// printing is the command of bash that prints a password; its first line counts.
func printing(source topology.PasswordSource) string {
	switch {
	case source.File != "":
		return "cat " + shell.Quote(source.File)
	case source.Env != "":
		return `printf '%s\n' "$` + source.Env + `"`
	case source.Command != "":
		return shell.Raw(source.Command).String()
	}
	return ""
}

// client is a command line of the server's own client. Option files are left out: one with a [client] group could make it demand TLS,
// or log in as somebody else. A password comes before the statements, and reaches the client by a file that only it has open.
func (w *writer) client(s topology.Server, more ...string) (string, error) {
	args := append([]string{"--default-character-set", "utf8mb4", "--user", s.MySQL.Admin}, w.door(s)...)
	args = append(args, more...)
	program := w.program(s.Name)
	line := shell.Words(program, append([]string{"--no-defaults"}, args...)...)
	if !s.MySQL.Password.IsZero() {
		line = shell.Script(clientScript, append([]string{program}, args...)...)
	}
	return line.String(), line.Err()
}

// program is the client that comes with the server.
func (w *writer) program(name topology.ServerName) string {
	if w.facts.Server(name).Instance.Or(facts.Instance{}).Version.Flavour == facts.MariaDB {
		return "mariadb"
	}
	return "mysql"
}

// clientScript reads no more than the first line of its input.
const clientScript = `IFS= read -r password
program=$1; shift
exec 3<<END
[client]
password="$password"
END
exec "$program" --defaults-file=/dev/fd/3 "$@"`

func (w *writer) door(s topology.Server) []string {
	if s.MySQL.Password.IsZero() || s.MySQL.Socket != "" {
		return []string{"--socket", w.socket(s)}
	}
	return []string{"--protocol", "tcp", "--host", "127.0.0.1", "--port", strconv.Itoa(s.MySQL.Port)}
}

func (w *writer) socket(s topology.Server) string {
	if s.MySQL.Socket != "" {
		return s.MySQL.Socket
	}
	return w.facts.Server(s.Name).Instance.Or(facts.Instance{}).Socket
}

func (w *writer) server(name topology.ServerName) topology.Server {
	s, _ := w.cluster.Server(name)
	return s
}

func (w *writer) dialect(name topology.ServerName) (dialect.Dialect, error) {
	instance, ok := w.facts.Server(name).Instance.Get()
	if !ok {
		return dialect.Dialect{}, fmt.Errorf("%s: %s", name, w.facts.Server(name).Instance.Why())
	}
	return dialect.For(instance.Version)
}

func (w *writer) helpers() (helpers, error) {
	h := helpers{Version: versionQuery()}
	for _, s := range w.cluster.Servers {
		d, err := w.dialect(s.Name)
		if err != nil {
			return helpers{}, err
		}
		h.ask(d.Channels().Statement().String(), w.ask(s.Name))
		h.Sudo = h.Sudo || s.SSH.Sudo
		h.Password = h.Password || !s.MySQL.Password.IsZero()
	}
	return h, nil
}

// ask adds the function of a server to those that take a statement.
func (h *helpers) ask(statement, function string) {
	for i, asked := range h.Channels {
		if asked.Statement == statement {
			h.Channels[i].Functions += " | " + function
			return
		}
	}
	h.Channels = append(h.Channels, channelsAsked{statement, function})
}

func (w *writer) run(name topology.ServerName) string { return "on_" + w.identifier(name) }

func (w *writer) ask(name topology.ServerName) string { return "sql_" + w.identifier(name) }

// identifier makes a name that a shell's function can have. Servers whose names differ only in what it cannot have are told apart by
// their place in the inventory.
func (w *writer) identifier(name topology.ServerName) string {
	place, same := 0, 0
	for i, s := range w.cluster.Servers {
		if s.Name == name {
			place = i
		}
		if plainName(s.Name) == plainName(name) {
			same++
		}
	}
	if same > 1 {
		return plainName(name) + "_" + strconv.Itoa(place)
	}
	return plainName(name)
}

func plainName(name topology.ServerName) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, string(name))
}
