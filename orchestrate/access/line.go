package access

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/shell"
)

// line is the way to one server. It is a remote.Host of its own, which hands every call on to the connection of the moment.
type line struct {
	server topology.Server
	dial   Dial

	passwords *passwords
	once      *once

	turn chan struct{} // held by whoever connects, so that several callers make one connection

	mu     sync.Mutex // guards what follows
	host   remote.Host
	socket string // where the server was found, if the inventory does not say
	pool   *pool  // the administrator's one connection
	known  bool   // the server behind the port is the right one
	closed bool

	reached reached
	manners map[door]*manner

	ends sync.WaitGroup // lost connections that are being closed

	failures int   // how often the host was not reached
	failure  error // the last time
}

var _ remote.Host = (*line)(nil)

func newLine(server topology.Server, dial Dial, p *passwords) *line {
	return &line{server: server, dial: dial, passwords: p, once: newOnce(), turn: make(chan struct{}, 1), manners: map[door]*manner{}}
}

// Name is the inventory's name of the server.
func (l *line) Name() string { return string(l.server.Name) }

// Run hands the command on. It is never repeated: nobody knows how far a command came whose connection was lost.
func (l *line) Run(ctx context.Context, cmd remote.Command) (remote.Output, error) {
	host, err := l.connect(ctx)
	if err != nil {
		return remote.Output{}, err
	}
	out, err := host.Run(ctx, cmd)
	l.judge(host, err)
	return out, err
}

// Open hands the command on. As with Run, it is never repeated.
func (l *line) Open(ctx context.Context, cmd shell.Line) (net.Conn, error) {
	host, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := host.Open(ctx, cmd)
	l.judge(host, err)
	return conn, err
}

// Dial opens a connection from the host. It is tried again over a new connection to the host when the old one is lost, since
// nothing has been said yet.
func (l *line) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := l.dialOnce(ctx, network, address)
	if IsLost(err) {
		return l.dialOnce(ctx, network, address)
	}
	return conn, err
}

func (l *line) dialOnce(ctx context.Context, network, address string) (net.Conn, error) {
	host, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := host.Dial(ctx, network, address)
	l.judge(host, err)
	return conn, err
}

// connect gives the connection to the host, and makes it where there is none. Callers that come meanwhile wait for it, and share its
// failure: a host that hangs is waited for once.
func (l *line) connect(ctx context.Context) (remote.Host, error) {
	before, _ := l.failed()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, l.gaveUp(ctx, "waiting for the SSH connection")
	}
	if host, err := l.current(); host != nil || err != nil {
		return host, err
	}
	if times, err := l.failed(); times > before {
		return nil, err
	}
	host, err := l.dial(ctx, l.server)
	if err != nil {
		l.fail(ctx, err)
		return nil, err
	}
	if !l.keep(host) {
		return nil, errors.Join(closed(l.server.Name), host.Close())
	}
	return host, nil
}

func (l *line) failed() (times int, last error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failures, l.failure
}

// fail notes that the host was not reached. A caller who gave up says nothing of the host.
func (l *line) fail(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures, l.failure = l.failures+1, err
}

func (l *line) current() (remote.Host, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, closed(l.server.Name)
	}
	return l.host, nil
}

// keep is false when there is nothing to keep it for any more.
func (l *line) keep(host remote.Host) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.host = host
	}
	return !l.closed
}

// judge forgets the connection when an error says that it is lost.
func (l *line) judge(host remote.Host, err error) {
	if !IsLost(err) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.host == host && !l.closed {
		l.host = nil
		l.ends.Go(func() { _ = host.Close() }) // it only lets go of what the lost connection left
	}
}

// Close ends the connections to the server and to its host.
func (l *line) Close() error {
	l.mu.Lock()
	pool, host := l.pool, l.host
	l.pool, l.host, l.closed = nil, nil, true
	l.mu.Unlock()
	if pool != nil {
		pool.close() // first, so that the server hears of it
	}
	var err error
	if host != nil {
		err = host.Close()
	}
	l.ends.Wait()
	return err
}
