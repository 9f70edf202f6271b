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

// client is a command line of the server's own client. Option files are left out: one with a [client] group could make it demand TLS,
// or log in as somebody else.
func (w *writer) client(s topology.Server, more ...string) (string, error) {
	args := []string{"--no-defaults", "--default-character-set", "utf8mb4", "--user", s.MySQL.Admin, "--socket", w.socket(s)}
	line := shell.Words("mariadb", append(args, more...)...)
	return line.String(), line.Err()
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
	d, err := w.dialect(w.cluster.Primary().Name)
	if err != nil {
		return helpers{}, err
	}
	return helpers{Channels: d.Channels().Statement().String(), Version: versionQuery()}, nil
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
