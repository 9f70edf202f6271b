// Package access is the way to each server: one SSH connection a host, and the SQL that runs through it.
//
// No database client runs on a host and no password is needed there: the driver in this process speaks through the host's SSH
// connection to the server's unix socket, where the server knows who asks, or as an account with a password to its port. What reaches a server is a [dialect.Statement].
package access

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
)

// Dial makes the connection to the host of a server.
type Dial func(context.Context, topology.Server) (remote.Host, error)

// Servers are the servers of a cluster, each reached when it is first asked for and kept until Close. Its methods may be called
// from several goroutines at once; statements to one server run one after the other.
type Servers struct {
	dial  Dial
	lines map[topology.ServerName]*line // not changed after New

	passwords *passwords

	mu     sync.Mutex // guards closed, so that nothing is added to ends once Close waits for it
	closed bool
	locks  map[topology.ServerName]uint64 // sessions that hold our locks
	ends   sync.WaitGroup                 // farewells
}

// New prepares the ways to the servers of a cluster, and connects to none.
func New(cluster topology.Cluster, dial Dial) *Servers {
	s := &Servers{dial: dial, lines: map[topology.ServerName]*line{}, locks: map[topology.ServerName]uint64{}, passwords: &passwords{read: map[topology.PasswordSource]reading{}}}
	for _, server := range cluster.Servers {
		s.lines[server.Name] = newLine(server, dial, s.passwords)
	}
	return s
}

// Host is the host of a server, connected. It stays usable for the whole run: when its connection is lost, the call that finds
// that out fails, and the next one connects anew.
func (s *Servers) Host(ctx context.Context, name topology.ServerName) (remote.Host, error) {
	l, err := s.line(name)
	if err != nil {
		return nil, err
	}
	if _, err := l.connect(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

func (s *Servers) line(name topology.ServerName) (*line, error) {
	if l, ok := s.lines[name]; ok {
		return l, nil
	}
	return nil, fmt.Errorf("%s: the inventory has no such server", name)
}

// partLater says goodbye while the caller goes on: nobody has to wait for the server's answer to that.
func (s *Servers) partLater(p *pool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		p.close()
		return
	}
	s.ends.Go(p.close)
}

// Close ends all connections. Calls that are under way fail.
func (s *Servers) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.ends.Wait()
	errs := make([]error, 0, len(s.lines))
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, l := range s.lines {
		all.Go(func() {
			err := l.Close()
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// closed is the error of every call after Close.
func closed(name topology.ServerName) error {
	return fmt.Errorf("%s: the connections are closed: %w", name, net.ErrClosed)
}
