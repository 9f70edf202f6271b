package access

import (
	"context"
	"fmt"

	"github.com/replssl/replssl/orchestrate/topology"
)

// Local is a server on a host, by the unix socket that leads to it.
type Local struct {
	Socket string
	Port   int   // of the server; 0 where that is not known
	Err    error // why it could not be asked: a [LoginError] where it turns the account away; nil where it was asked
}

// Find asks behind every unix socket of the host that may be a server's, in the order in which the host lists them. Its error is about the
// host.
func (s *Servers) Find(ctx context.Context, name topology.ServerName) ([]Local, error) {
	l, err := s.line(name)
	if err != nil {
		return nil, err
	}
	sockets, err := l.listSockets(ctx)
	if err != nil {
		return nil, err
	}
	var found []Local
	for _, socket := range sockets {
		port, err := l.portBehind(ctx, socket)
		if IsLost(err) || ctx.Err() != nil {
			return nil, err
		}
		found = append(found, Local{Socket: socket, Port: port, Err: l.turnedAway(socket, err)})
	}
	return found, nil
}

// turnedAway tells a refused login from the rest of what may be wrong behind a socket.
func (l *line) turnedAway(socket string, err error) error {
	if refused := l.refusedLogin(socket, err); refused != nil {
		return refused
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %s", l.server.Name, socket, l.plainCause(err))
}
