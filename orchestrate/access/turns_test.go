package access_test

import (
	"context"
	"net"
	"sync"

	"github.com/replssl/replssl/e2e/reach"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
)

// turns counts how often somebody waits for an answer over the connections to servers: for one to be opened, and each time that is read after
// something was said.
type turns struct {
	mu    sync.Mutex
	waits int
}

func (c *turns) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits++
}

func (c *turns) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waits
}

func (c *turns) dial(ctx context.Context, s topology.Server) (remote.Host, error) {
	host, err := reach.Dial(ctx, s)
	return &turnHost{host, c}, err
}

type turnHost struct {
	remote.Host

	turns *turns
}

func (h *turnHost) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := h.Host.Dial(ctx, network, address)
	h.turns.add()
	return &turnConn{Conn: conn, turns: h.turns}, err
}

type turnConn struct {
	net.Conn

	turns *turns
	spoke bool
}

func (c *turnConn) Write(data []byte) (int, error) {
	c.spoke = true
	return c.Conn.Write(data)
}

func (c *turnConn) Read(into []byte) (int, error) {
	if c.spoke {
		c.spoke = false
		c.turns.add()
	}
	return c.Conn.Read(into)
}
