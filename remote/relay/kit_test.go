package relay_test

import (
	"context"
	"net"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/shell"
)

// noisy is a host whose login shell prints.
type noisy struct{ *remotetest.Local }

func (n noisy) Open(ctx context.Context, line shell.Line) (net.Conn, error) {
	return n.Local.Open(ctx, shell.Script(`printf 'Welcome!\nYou have mail.'; echo oops >&2; exec /bin/sh -c "$1"`, line.String()))
}

// counting counts what is asked of a host.
type counting struct {
	remote.Host
	dials int
}

func (c *counting) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	c.dials++
	return c.Host.Dial(ctx, network, address)
}
