// Package relay connects to sockets of a host by a program that runs there, for hosts whose SSH server does not forward, and for sockets that
// ask who is at the other end: that is the user of the program.
package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"github.com/replssl/replssl/remote"
)

// Relay connects to sockets of one host. Its methods may be called from several goroutines at once.
type Relay struct {
	host remote.Host

	mu      sync.Mutex // guards closing, so that nothing is added to ends once Close waits for them
	closing bool
	ends    sync.WaitGroup // programs that are seen to their end
}

// New makes a relay of the programs that the host has. Each connection is one [remote.Host] Open.
func New(host remote.Host) *Relay { return &Relay{host: host} }

// Close waits until no connection has anything left to do on the host, which has been closed before.
func (r *Relay) Close() {
	r.mu.Lock()
	r.closing = true
	r.mu.Unlock()
	r.ends.Wait()
}

func (r *Relay) spawn(work func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing {
		return false
	}
	r.ends.Go(work)
	return true
}

func (r *Relay) misuse(network, address string, err error) error {
	if network == "unix" || network == "tcp" {
		return &remote.DialError{Host: r.host.Name(), Network: network, Address: address, Err: err}
	}
	return fmt.Errorf("%s: connecting from there to %s: %w", r.host.Name(), address, err)
}

// Host is a host whose Dial goes on through a relay where the SSH server does not open the connection, and once that has helped, at once
// through the relay. A connection that neither can open tells the reason of the relay, which knows it.
func Host(host remote.Host) remote.Host { return &relayed{Host: host, relay: New(host)} }

type relayed struct {
	remote.Host
	relay     *Relay
	unix, tcp atomic.Bool // no connection of that kind is opened without the relay
}

// Dial connects from the host.
func (r *relayed) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	always := &r.unix
	if network == "tcp" {
		always = &r.tcp
	}
	if always.Load() {
		return r.relay.Dial(ctx, network, address)
	}
	conn, err := r.Host.Dial(ctx, network, address)
	var failed *remote.DialError
	if err == nil || !errors.As(err, &failed) || network == "tcp" && !failed.Forbidden {
		return conn, err // of a unix socket, OpenSSH does not tell why it was not opened
	}
	conn, err = r.relay.Dial(ctx, network, address)
	if err == nil {
		always.Store(true)
	}
	return conn, both(failed, err)
}

// both is the error of a connection that was tried both ways.
func both(forwarding *remote.DialError, relayed error) error {
	var missing *NoProgramError
	if !errors.As(relayed, &missing) {
		return relayed
	}
	told := *forwarding
	told.Err = &NoProgramError{Err: forwarding.Err}
	return &told
}

// Close ends the connection to the host, and all that runs over it.
func (r *relayed) Close() error {
	err := r.Host.Close()
	r.relay.Close()
	return err
}
