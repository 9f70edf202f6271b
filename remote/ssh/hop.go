package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/internal/hosting"
)

// hop is a jump host: one connection, which all hosts behind it share.
type hop struct {
	config Config
	reach  func(context.Context, Config) (*Client, error)

	turn chan struct{} // held by whoever connects, so that several callers make one connection

	mu     sync.Mutex // guards what follows
	client *Client
	closed bool
	ends   sync.WaitGroup // lost connections that are being closed

	failures int   // how often the jump host was not reached
	failure  error // the last time
}

func newHop(config Config, reach func(context.Context, Config) (*Client, error)) *hop {
	return &hop{config: config, reach: reach, turn: make(chan struct{}, 1)}
}

// connect gives the connection to the jump host, and makes it where there is none. Callers that come meanwhile wait for it, and share its
// failure: a jump host that hangs is waited for once.
func (h *hop) connect(ctx context.Context) (*Client, error) {
	before, _ := h.failed()
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return nil, hosting.ContextError(ctx, h.config.Name, "waiting for the SSH connection")
	}
	if client, err := h.current(); client != nil || err != nil {
		return client, err
	}
	if times, err := h.failed(); times > before {
		return nil, err
	}
	client, err := h.reach(ctx, h.config)
	if err != nil {
		h.fail(ctx, err)
		return nil, err
	}
	return client, h.keep(client)
}

// current is the connection that lives, or nil.
func (h *hop) current() (*Client, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, h.over()
	}
	if lost := h.client; lost != nil && lost.lost() != nil {
		h.client = nil
		h.ends.Go(func() { _ = lost.Close() }) // it only lets go of what the lost connection left
	}
	return h.client, nil
}

// over is the error of every call after close.
func (h *hop) over() error {
	return fmt.Errorf("%s: the SSH connections are closed: %w", h.config.Name, net.ErrClosed)
}

// keep fails when there is nothing to keep it for any more.
func (h *hop) keep(client *Client) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return errors.Join(h.over(), client.Close())
	}
	h.client = client
	return nil
}

func (h *hop) failed() (times int, last error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failures, h.failure
}

// fail notes that the jump host was not reached. A caller who gave up says nothing of it.
func (h *hop) fail(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures, h.failure = h.failures+1, err
}

func (h *hop) close() {
	h.mu.Lock()
	client := h.client
	h.client, h.closed = nil, true
	h.mu.Unlock()
	if client != nil {
		_ = client.Close()
	}
	h.ends.Wait()
}

// forward is the way from a jump host to the next host.
func (c *Client) forward(ctx context.Context, address string) (net.Conn, error) {
	conn, err := c.Dial(ctx, "tcp", address)
	var refused *remote.DialError
	if errors.As(err, &refused) {
		return nil, &forwardError{forbidden: refused.Forbidden, err: refused.Err}
	}
	return conn, err
}

// forwardError says why a jump host leads no further.
type forwardError struct {
	forbidden bool // whatever listens there, or nothing does
	err       error
}

func (e *forwardError) Error() string {
	if e.forbidden {
		return "the jump host's SSH server does not allow it"
	}
	return cause(e.err)
}
