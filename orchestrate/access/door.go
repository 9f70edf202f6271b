package access

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/secret"
)

// door is where the administrator's account is let in: a unix socket, or the server's port as it is reached from its own host.
type door struct{ network, address string }

// byTCP says that the account logs in over the server's port. One that has a password may not be let in through the socket, so that the socket
// is taken only where the inventory names it.
func byTCP(m topology.MySQL) bool { return !m.Password.IsZero() && m.Socket == "" }

func (l *line) findDoor(ctx context.Context) (door, error) {
	if byTCP(l.server.MySQL) {
		return door{network: "tcp", address: net.JoinHostPort("127.0.0.1", strconv.Itoa(l.server.MySQL.Port))}, nil
	}
	socket, err := l.findSocket(ctx)
	return door{network: "unix", address: socket}, err
}

// dialServer connects from the host to the server's port: over the loopback, and where the server does not listen there, at its address.
func (l *line) dialServer(ctx context.Context) (net.Conn, error) {
	port := strconv.Itoa(l.server.MySQL.Port)
	var tried []error
	for _, host := range []string{"127.0.0.1", "::1", l.server.Address} {
		conn, err := l.dialBelieved(ctx, host, port)
		var closed *remote.DialError
		var foreign *foreignError
		switch {
		case errors.As(err, &foreign):
			tried = append(tried, foreign)
		case err == nil || !errors.As(err, &closed) || closed.Forbidden:
			return conn, err
		default:
			tried = append(tried, closed)
		}
	}
	return nil, &portError{server: l.server.Name, tried: tried}
}

// dialBelieved connects, and makes sure that the password may be told there, before anything is said.
func (l *line) dialBelieved(ctx context.Context, host, port string) (net.Conn, error) {
	address := net.JoinHostPort(host, port)
	conn, err := l.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	isServer, err := l.believe(ctx, host, address)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reached = reached{address: address, isServer: isServer}
	return conn, nil
}

// reached is where the last login over the port was tried.
type reached struct {
	address  string
	isServer bool // a database server's process of this host listens there
}

// portError says that the server listens at none of the addresses.
type portError struct {
	server topology.ServerName
	tried  []error
}

func (e *portError) Error() string {
	told := make([]string, len(e.tried))
	for i, err := range e.tried {
		told[i] = withoutName(e.server, err)
	}
	return fmt.Sprintf("%s: %s", e.server, strings.Join(told, "; "))
}

// Hint is what a person can do.
func (e *portError) Hint() string {
	return fmt.Sprintf("see whether the server runs and listens (SELECT @@port, @@bind_address, @@skip_networking), and give its port: "+
		"servers: {%s: {mysql: {port: PORT}}}; or its socket, if the account may log in there: servers: {%s: {mysql: {socket: /PATH}}}", e.server, e.server)
}

// unverified is for a connection within the SSH connection, from the host to itself, to a server that may have no certificate that anybody
// trusts yet, or one that has expired. It is there for accounts that must use TLS: what nobody may read or change on the way is seen to by SSH,
// whose host key is checked, and on the host by the kernel. Whoever could stand in between there has the port ([line.believe] looks at that) or
// may write to the socket's folder, and would be told as much without TLS. So old versions will do, too.
func unverified() *tls.Config {
	return OfAnyVersion(&tls.Config{InsecureSkipVerify: true}) //nolint:gosec // see above
}

// OfAnyVersion lets a configuration speak all versions and suites that there are, beside the better ones, which both sides still prefer. Old
// servers have no other: yaSSL has TLS 1.0 or 1.1 and no suite with an exchange of elliptic curves (tried on MySQL 5.6.24 and 5.7.22), and neither
// has MySQL 8.0.15 (tried).
func OfAnyVersion(config *tls.Config) *tls.Config {
	config.MinVersion = tls.VersionTLS10
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
	return config
}

// once lets one login with a password be tried at a time, and none after one that was refused: servers lock accounts.
type once struct {
	turn    chan struct{}
	refused error // to be read by whoever has the turn
}

func newOnce() *once { return &once{turn: make(chan struct{}, 1)} }

// careful is a connector that heeds once.
type careful struct {
	driver.Connector
	once *once
}

func (c careful) Connect(ctx context.Context) (driver.Conn, error) {
	select {
	case c.once.turn <- struct{}{}:
		defer func() { <-c.once.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c.once.refused != nil {
		return nil, c.once.refused
	}
	conn, err := c.Connector.Connect(ctx)
	if refused, ok := refusal(err); ok && isFinal(int(refused.Number)) {
		c.once.refused = err
	}
	return conn, err
}

// password is the administrator's; empty where the socket tells the server who asks.
func (l *line) password(ctx context.Context) (secret.Text, error) {
	password, err := l.passwords.of(ctx, l.server.MySQL.Password)
	if err != nil {
		return password, &namedError{server: l.server.Name, doing: "SQL login as " + l.server.MySQL.Admin, err: err}
	}
	return password, nil
}
