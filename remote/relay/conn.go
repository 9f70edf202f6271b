package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/internal/hosting"
	"github.com/replssl/replssl/remote/shell"
)

const (
	// preamble bounds what a login shell may print before the relay begins.
	preamble = 64 << 10

	// greeting is how long a server has to say something over a program that does not say when it is connected. Database servers speak
	// first, and at once.
	greeting = time.Second

	// endWithin bounds the command that ends a relay.
	endWithin = 10 * time.Second
)

// conn is a connection through a relay.
type conn struct {
	net.Conn // to the program
	relay    *Relay
	address  endpoint
	pid      string
	ctx      func() context.Context // for what is left to do when it is closed

	mu     sync.Mutex
	early  []byte // has been read behind the mark
	closed bool
}

// Dial connects through the program.
func (r *Relay) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	line := Line(network, address)
	if err := line.Err(); err != nil {
		return nil, r.misuse(network, address, err)
	}
	opened, err := r.host.Open(ctx, line)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: opened, relay: r, address: endpoint{network, address}, ctx: func() context.Context { return context.WithoutCancel(ctx) }}
	if err := c.await(ctx); err != nil {
		_ = opened.Close()
		return nil, err
	}
	return c, nil
}

// await reads up to where the relay begins.
func (c *conn) await(ctx context.Context) error {
	release := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
	defer release()
	sure, err := c.readMark()
	if err == nil && !sure && len(c.early) == 0 {
		err = c.awaitGreeting()
	}
	if ctx.Err() != nil {
		return hosting.ContextError(ctx, c.relay.host.Name(), "connecting from there to "+c.address.address)
	}
	if err != nil {
		return failure(c.relay.host, c.address.network, c.address.address, err)
	}
	release()
	return c.SetReadDeadline(time.Time{})
}

// readMark tells whether the program is sure to be connected. It keeps what came behind the mark.
func (c *conn) readMark() (sure bool, err error) {
	var seen []byte
	for buffer := make([]byte, 4<<10); len(seen) <= preamble; {
		n, err := c.Conn.Read(buffer)
		seen = append(seen, buffer[:n]...)
		if _, rest, ok := bytes.Cut(append([]byte("\n"), seen...), []byte("\n"+opening+" ")); ok {
			if mark, early, whole := bytes.Cut(rest, []byte(closing+"\n")); whole {
				c.early = early
				return c.readPID(string(mark)), nil
			}
		}
		if err != nil {
			return false, err
		}
	}
	return false, errors.New(c.relay.host.Name() + ": the login shell prints too much before the command begins")
}

func (c *conn) readPID(mark string) (sure bool) {
	pid, state, _ := strings.Cut(mark, " ")
	if _, err := strconv.Atoi(pid); err == nil {
		c.pid = pid
	}
	return " "+state == connected
}

// awaitGreeting waits for the first byte, or for the program to end without. A server that says nothing may be there all the same.
func (c *conn) awaitGreeting() error {
	if err := c.SetReadDeadline(time.Now().Add(greeting)); err != nil {
		return err
	}
	buffer := make([]byte, 4<<10)
	n, err := c.Conn.Read(buffer)
	c.early = buffer[:n]
	if n > 0 || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (c *conn) Read(buffer []byte) (int, error) {
	c.mu.Lock()
	closed, n := c.closed, copy(buffer, c.early)
	c.early = c.early[n:]
	c.mu.Unlock()
	if closed {
		return 0, c.operror("read", net.ErrClosed)
	}
	if n > 0 {
		return n, nil
	}
	n, err := c.Conn.Read(buffer)
	if err != nil && c.isClosed() {
		err = c.operror("read", net.ErrClosed)
	}
	return n, err
}

func (c *conn) Write(data []byte) (int, error) {
	if c.isClosed() {
		return 0, c.operror("write", net.ErrClosed)
	}
	n, err := c.Conn.Write(data)
	if err != nil && c.isClosed() {
		err = c.operror("write", net.ErrClosed)
	}
	return n, err
}

func (c *conn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// CloseWrite tells the peer that nothing more will be written; reading goes on.
func (c *conn) CloseWrite() error { return closeWrite(c.Conn) }

func closeWrite(conn net.Conn) error {
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// Ended says that the program, or the connection to the host, has ended.
func (c *conn) Ended() bool {
	told, ok := c.Conn.(interface{ Ended() bool })
	return ok && told.Ended()
}

// Close ends the connection. What has been written is still sent, and the program is seen to its end.
func (c *conn) Close() error {
	c.mu.Lock()
	again := c.closed
	c.closed, c.early = true, nil
	c.mu.Unlock()
	if again {
		return c.operror("close", net.ErrClosed)
	}
	_ = c.SetDeadline(time.Unix(1, 0)) // lets go of whoever reads or writes
	if !c.relay.spawn(c.finish) {
		return c.Conn.Close()
	}
	return nil
}

// finish ends the input of the program, by which that ends as soon as the server has closed its end too. One whose server does not is ended.
func (c *conn) finish() {
	defer func() { _ = c.Conn.Close() }()
	if closeWrite(c.Conn) == nil && c.drain() || c.pid == "" {
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx(), endWithin)
	defer cancel()
	// That it fails can be helped by nobody: the program ends when its server does.
	_, _ = c.relay.host.Run(ctx, remote.Command{Line: shell.Script(endScript, c.pid, c.argument())})
}

// argument is the one by which the program is known again.
func (c *conn) argument() string {
	if host, _, err := net.SplitHostPort(c.address.address); err == nil && c.address.network == "tcp" {
		return host
	}
	return c.address.address
}

// drain reads to the end, and tells whether it came in time.
func (c *conn) drain() bool {
	if c.SetReadDeadline(time.Now().Add(hosting.Grace)) != nil {
		return false
	}
	for rest := make([]byte, 4<<10); ; {
		if _, err := c.Conn.Read(rest); err != nil {
			return !errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
}

func (c *conn) operror(operation string, err error) error {
	return &net.OpError{Op: operation, Net: c.address.network, Addr: c.address, Err: err}
}

// LocalAddr is the host.
func (c *conn) LocalAddr() net.Addr {
	return endpoint{network: c.address.network, address: "@" + c.relay.host.Name()}
}

// RemoteAddr is what the program is connected to.
func (c *conn) RemoteAddr() net.Addr { return c.address }

// endpoint is the far end of a connection, as an address.
type endpoint struct{ network, address string }

func (e endpoint) Network() string { return e.network }
func (e endpoint) String() string  { return e.address }
