package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"

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
	if c.life.Err() != nil {
		return nil, c.lost()
	}
	channel, err := c.ssh.DialContext(ctx, network, address)
	if err != nil {
		return nil, c.dialError(ctx, network, address, err)
	}
	conn := newStream(c, channel, endpoint{network: network, address: address})
	if conn == nil {
		return nil, c.lost()
	}
	return conn, nil
}

func (c *Client) dialError(ctx context.Context, network, address string, err error) error {
	if ctx.Err() != nil {
		return hosting.ContextError(ctx, c.name, "connecting from there to "+address)
	}
	failed := &remote.DialError{Host: c.name, Network: network, Address: address, Err: err}
	var refused *ssh.OpenChannelError
	switch {
	case errors.As(err, &refused):
		failed.Forbidden = refused.Reason == ssh.Prohibited || refused.Reason == ssh.UnknownChannelType
		return failed
	case isAddressError(err):
		return failed
	default:
		return c.blame(failed)
	}
}

// isAddressError tells a wrong address, which never left this program, from a connection that failed.
func isAddressError(err error) bool {
	var address *net.AddrError
	return errors.As(err, &address)
}

// endpoint is the far end of a forwarded connection, as an address.
type endpoint struct{ network, address string }

func (e endpoint) Network() string { return e.network }
func (e endpoint) String() string  { return e.address }
