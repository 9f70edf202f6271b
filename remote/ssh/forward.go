package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/internal/hosting"
)

// Dial opens a connection from the host to a unix socket or a TCP address there, by the forwarding of its SSH server. It does
// not count as a session.
func (c *Client) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "unix" && network != "tcp" {
		return nil, fmt.Errorf("%s: connecting from there to %s: network %q is neither unix nor tcp", c.name, address, network)
	}
	if err := c.lost(); err != nil {
		return nil, err
	}
	if err := checkAddress(network, address); err != nil {
		return nil, &remote.DialError{Host: c.name, Network: network, Address: address, Err: err}
	}
	alive, cancel := c.life.Bound(ctx) // see newSession
	defer cancel()
	channel, err := c.ssh.DialContext(alive, network, address)
	if err != nil {
		return nil, c.dialError(ctx, network, address, err)
	}
	conn := newStream(c, channel, endpoint{network: network, address: address})
	if conn == nil {
		return nil, c.lost()
	}
	return conn, nil
}

// checkAddress refuses what the library would refuse too, with an error that looks like one of the connection.
func checkAddress(network, address string) error {
	if network != "tcp" {
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	return err
}

func (c *Client) dialError(ctx context.Context, network, address string, err error) error {
	if ctx.Err() != nil {
		return hosting.ContextError(ctx, c.name, "connecting from there to "+address)
	}
	failed := &remote.DialError{Host: c.name, Network: network, Address: address, Err: &retoldError{err}}
	var refused *ssh.OpenChannelError
	switch {
	case errors.As(err, &refused):
		failed.Forbidden = refused.Reason == ssh.Prohibited || refused.Reason == ssh.UnknownChannelType
		return failed
	default:
		return c.blame(failed)
	}
}

// endpoint is the far end of a forwarded connection, as an address.
type endpoint struct{ network, address string }

func (e endpoint) Network() string { return e.network }
func (e endpoint) String() string  { return e.address }
