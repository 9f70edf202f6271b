package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/process"
)

// greetWithin bounds the wait for whatever is behind a socket that may be the server's: it may be a stranger that says nothing.
const greetWithin = 3 * time.Second

// findSocket gives the server's unix socket: the inventory's, or the one that was found before, or one that is looked for now.
func (l *line) findSocket(ctx context.Context) (string, error) {
	if l.server.MySQL.Socket != "" {
		return l.server.MySQL.Socket, nil
	}
	l.mu.Lock()
	found := l.socket
	l.mu.Unlock()
	if found != "" {
		return found, nil
	}
	found, err := l.searchSocket(ctx)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.socket = found
	return found, nil
}

// forgetSocket lets the next call look again: a server may come back from a restart with another socket.
func (l *line) forgetSocket() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server.MySQL.Socket == "" && l.socket != "" && !l.closed {
		pool := l.pool
		l.socket, l.pool = "", nil
		if pool != nil {
			l.ends.Go(pool.close)
		}
	}
}

// listSockets lists the sockets of the host that may be a server's.
func (l *line) listSockets(ctx context.Context) ([]string, error) {
	out, err := l.Run(ctx, remote.Command{Line: process.Sockets()})
	if err != nil {
		return nil, err
	}
	seen, err := process.ParseSockets(out.Stdout)
	if err != nil {
		return nil, fmt.Errorf("%s: listing the unix sockets: %w", l.server.Name, err)
	}
	sockets, ok := seen.Get()
	if !ok {
		return nil, fmt.Errorf("%s: listing the unix sockets: %s", l.server.Name, seen.Why())
	}
	return sockets, nil
}

// searchSocket asks behind every socket of the host that may be a server's which port it has. All are asked at once, and none is left out
// when the port was found: servers that listen on different addresses may have the same.
func (l *line) searchSocket(ctx context.Context) (string, error) {
	sockets, err := l.listSockets(ctx)
	if err != nil {
		return "", err
	}
	ports, errs := make([]int, len(sockets)), make([]error, len(sockets))
	var all sync.WaitGroup
	for i, socket := range sockets {
		all.Go(func() { ports[i], errs[i] = l.portBehind(ctx, socket) })
	}
	all.Wait()
	missed := &SocketError{Server: l.server.Name, Port: l.server.MySQL.Port}
	for i, socket := range sockets {
		switch err := errs[i]; {
		case err != nil && (IsLost(err) || ctx.Err() != nil):
			return "", err
		case err != nil:
			missed.Tried = append(missed.Tried, socket+": "+l.plainCause(err))
			missed.note(l.refusedLogin(socket, err))
		case ports[i] == l.server.MySQL.Port:
			missed.Several = append(missed.Several, socket)
		default:
			missed.Tried = append(missed.Tried, fmt.Sprintf("%s: its server has port %d", socket, ports[i]))
		}
	}
	if len(missed.Several) == 1 {
		return missed.Several[0], nil
	}
	return "", missed
}

func (l *line) portBehind(ctx context.Context, socket string) (int, error) {
	pool, err := l.newPool(ctx, door{network: "unix", address: socket}, func(config *mysql.Config) {
		config.Timeout, config.ReadTimeout = greetWithin, greetWithin
	})
	if err != nil {
		return 0, err
	}
	defer pool.close()
	conn, err := pool.conn(ctx)
	if err != nil {
		return 0, err
	}
	session := &Session{server: l.server.Name, conn: conn, heard: pool.heard}
	defer session.release()
	return session.port(ctx)
}

// plainCause leaves out the host, which the caller names.
func (l *line) plainCause(err error) string {
	if refused := l.refusedLogin("", err); refused != nil {
		return fmt.Sprintf("the login as %s%s was refused (%d): %s", refused.Account, refused.manner(), refused.Number, refused.Text)
	}
	return withoutName(l.server.Name, err)
}

func (s *Session) port(ctx context.Context) (int, error) {
	instance, err := s.instance(ctx)
	return instance.Port, err
}

func (s *Session) instance(ctx context.Context) (facts.Instance, error) {
	seen := Ask(ctx, s, dialect.Version())
	version, ok := seen.Get()
	if !ok {
		return facts.Instance{}, errors.New(seen.Why())
	}
	d, err := dialect.For(version)
	if err != nil {
		return facts.Instance{}, err
	}
	instance := Ask(ctx, s, d.Instance())
	if !instance.IsKnown() {
		return facts.Instance{}, errors.New(instance.Why())
	}
	return instance.Or(facts.Instance{}), nil
}
