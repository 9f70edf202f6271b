package ssh_test

import (
	"net"
	"sync"
	"testing"

	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/ssh"
)

// countingDialer stands before a host, counts the connections and can cut them.
type countingDialer struct {
	next  string
	mu    sync.Mutex
	times int
	conns []net.Conn
}

// before is the same way to a host, with the counter in it.
func (c *countingDialer) before(t *testing.T, config ssh.Config) ssh.Config {
	t.Helper()
	return elsewhere(t, config, remotetest.Listen(t, "tcp", c.pass))
}

func (c *countingDialer) pass(near net.Conn) {
	far, err := net.Dial("tcp", c.next)
	if err != nil {
		return
	}
	c.mu.Lock()
	c.times++
	c.conns = append(c.conns, near, far)
	c.mu.Unlock()
	var back sync.WaitGroup
	back.Go(func() { pour(near, far) })
	pour(far, near)
	back.Wait()
}

func (c *countingDialer) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.times
}

func (c *countingDialer) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
}

// pour carries what comes until either side has ended, and ends the other.
func pour(to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	for buffer := make([]byte, 1<<15); ; {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
