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
	Err    error // why it could not be asked; nil where it was
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
		if err != nil {
			err = fmt.Errorf("%s", l.plainCause(err))
		}
		found = append(found, Local{Socket: socket, Port: port, Err: err})
	}
	return found, nil
}
