package access

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/shell"
)

// believe makes sure that the password may be told to whoever answers at the port, since a server that asks for it in the clear is told it.
// Every user of a host may listen where the server does not, so that only root, who could read it anyhow, the OS user that asks, and an
// account with the name of a database are believed. It is asked after the connection was made: who took that in has it still.
func (l *line) believe(ctx context.Context, host, address string) (isServer bool, err error) {
	out, err := l.Run(ctx, remote.Command{Line: process.LookPort(l.server.MySQL.Port)})
	if err != nil {
		return false, err
	}
	found, err := process.ParsePort(out.Stdout)
	if err != nil {
		return false, fmt.Errorf("%s: looking who listens at %s: %w", l.server.Name, address, err)
	}
	port, ok := found.Get()
	if !ok {
		return false, &foreignError{server: l.server.Name, address: address, why: "it is not known who listens there: " + found.Why()}
	}
	isServer, why := judgeEnds(port, host)
	if why != "" {
		return false, &foreignError{server: l.server.Name, address: address, why: why}
	}
	return isServer, nil
}

// judgeEnds gives why the ends that have to do with an address are not believed, if so. Of a name, which the host itself resolves, all have.
func judgeEnds(port process.Port, host string) (isServer bool, why string) {
	address, err := netip.ParseAddr(host)
	listening := false
	isServer = true
	for _, end := range port.Ends {
		if err == nil && end.Address != address.Unmap() && !end.Address.IsUnspecified() {
			continue
		}
		if !isBelieved(end.Owner, port.Asking) {
			return false, fmt.Sprintf("a program of the OS user %s has the port there", called(end.Owner))
		}
		if end.Listening {
			listening, isServer = true, isServer && end.Server
		}
	}
	if !listening {
		return false, "no program of this host listens there"
	}
	return isServer, ""
}

func isBelieved(owner process.User, asking int) bool {
	name, _ := owner.Name.Get()
	return owner.ID == 0 || owner.ID == asking || strings.Contains(name, "mysql") || strings.Contains(name, "maria")
}

func called(user process.User) string {
	if name, ok := user.Name.Get(); ok {
		return name
	}
	return fmt.Sprint(user.ID)
}

// foreignError says that the password is not told to whoever answers at an address.
type foreignError struct {
	server       topology.ServerName
	address, why string
}

func (e *foreignError) Error() string {
	return fmt.Sprintf("%s: the password is not told to %s: %s", e.server, e.address, e.why)
}

// strangerError says that another server answers at the port.
type strangerError struct {
	server   topology.ServerName
	address  string
	found    facts.Instance
	hostname string
}

func (e *strangerError) Error() string {
	return fmt.Sprintf("%s: at %s answers another server: it has port %d on host %s, and this is host %s", e.server, e.address, e.found.Port,
		e.found.Hostname, e.hostname)
}

// Hint is what a person can do.
func (e *strangerError) Hint() string {
	return fmt.Sprintf("give the port of the server itself, not of a proxy before it, as SELECT @@port tells it: servers: {%s: {mysql: {port: PORT}}}", e.server)
}

// know makes sure, once, that the server behind the port is the one of that port on this host, and no proxy or tunnel to another. A server
// keeps the host name of its start, so that it is not asked for where the host's kernel tells the process.
func (l *line) know(ctx context.Context, s *Session, at door) error {
	l.mu.Lock()
	known, there := l.known || at.network != "tcp", l.reached
	l.mu.Unlock()
	if known {
		return nil
	}
	instance, err := s.instance(ctx)
	if err != nil {
		return fmt.Errorf("%s: asking which server answers at %s: %w", l.server.Name, there.address, err)
	}
	out, err := l.Run(ctx, remote.Command{Line: shell.Words("uname", "-n")})
	if err != nil {
		return err
	}
	hostname := strings.TrimSpace(string(out.Stdout))
	if instance.Port != l.server.MySQL.Port || !there.isServer && !strings.EqualFold(instance.Hostname, hostname) {
		return &strangerError{server: l.server.Name, address: there.address, found: instance, hostname: hostname}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = true
	return nil
}

// through is how a message names the way of a login.
func (l *line) through(at door) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.network == "tcp" && l.reached.address != "" {
		return l.reached.address
	}
	return at.address
}
