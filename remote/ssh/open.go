package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/internal/hosting"
	"github.com/replssl/replssl/remote/shell"
)

// Open starts a command in a session of its own, which is one of the few that a connection may have until the command has ended.
func (c *Client) Open(ctx context.Context, line shell.Line) (net.Conn, error) {
	if err := line.Err(); err != nil {
		return nil, fmt.Errorf("%s: the command cannot be run: %w", c.name, err)
	}
	for range spare + 1 { // as in Run
		session, err := c.sessions.take(ctx)
		if err != nil {
			return nil, err
		}
		if conn, err := c.openIn(ctx, session, line); !errors.Is(err, errEnded) {
			return conn, err
		}
	}
	return nil, fmt.Errorf("%s: starting a command: %w", c.name, errEnded)
}

func (c *Client) openIn(ctx context.Context, session *ssh.Session, line shell.Line) (net.Conn, error) {
	a := &attached{client: c, session: session, complaints: &hosting.Ends{}, started: make(chan error, 1), over: make(chan struct{})}
	if !c.spawn(func() { a.run(line) }) {
		return nil, c.lost()
	}
	select {
	case err := <-a.started:
		if err != nil {
			return nil, err
		}
		return a.conn()
	case <-ctx.Done():
		c.spawn(a.abort)
		return nil, hosting.ContextError(ctx, c.name, "starting a command")
	case <-c.life.Done():
		return nil, c.lost()
	}
}

// attached is a command that runs, as the channel of a stream.
type attached struct {
	client     *Client
	session    *ssh.Session
	input      io.WriteCloser
	output     io.Reader
	complaints *hosting.Ends

	started chan error
	over    chan struct{}
	err     error // how it ended; to be read when over is closed
}

// run lasts until the host has confirmed the end of the session.
func (a *attached) run(line shell.Line) {
	a.client.sessions.hold(1)
	defer a.client.sessions.release()
	defer a.client.sessions.hold(-1)
	defer close(a.over)
	err := a.start(line)
	a.started <- err
	if err == nil {
		a.err = a.session.Wait()
	}
}

func (a *attached) start(line shell.Line) (err error) {
	if a.input, err = a.session.StdinPipe(); err != nil {
		return err
	}
	if a.output, err = a.session.StdoutPipe(); err != nil {
		return err
	}
	a.session.Stderr = a.complaints
	switch err := a.session.Start(line.String()); {
	case err == io.EOF: //nolint:errorlint // as in execution.run
		return errEnded
	case err != nil:
		_ = a.session.Close()
		return a.client.startError()
	}
	return nil
}

// startError does not quote the library's own error, which would quote the whole line.
func (c *Client) startError() error {
	err := fmt.Errorf("%s: starting a command: %w", c.name, errRefused)
	if c.wire.ended.Load() {
		return c.blame(err)
	}
	return err
}

func (a *attached) abort() {
	_ = a.session.Signal(ssh.SIGTERM) // best effort, as is the close: the host may be gone
	_ = a.session.Close()
}

func (a *attached) conn() (net.Conn, error) {
	stream := newStream(a.client, a, endpoint{network: "command", address: a.client.name})
	if stream == nil {
		return nil, a.client.lost()
	}
	return &command{stream: stream, attached: a}, nil
}

// Read gives the end of the output when it is known how the command ended.
func (a *attached) Read(buffer []byte) (int, error) {
	n, err := a.output.Read(buffer)
	if err != nil {
		<-a.over
	}
	return n, err
}

func (a *attached) Write(data []byte) (int, error) { return a.input.Write(data) }

func (a *attached) CloseWrite() error { return a.input.Close() }

// Close leaves the command, whose input has ended, a while to end by itself.
func (a *attached) Close() error {
	grace := time.NewTimer(hosting.Grace)
	defer grace.Stop()
	select {
	case <-a.over:
	case <-a.client.life.Done():
	case <-grace.C:
	}
	a.abort()
	return nil
}

// command is the stream of a command, which tells how that ended.
type command struct {
	*stream
	attached *attached
}

func (c *command) Read(buffer []byte) (int, error) {
	n, err := c.stream.Read(buffer)
	if err == io.EOF { //nolint:errorlint // as it comes from the stream
		err = c.ending("read", err)
	}
	return n, err
}

func (c *command) Write(data []byte) (int, error) {
	n, err := c.stream.Write(data)
	if errors.Is(err, io.ErrClosedPipe) {
		err = c.ending("write", err)
	}
	return n, err
}

// ending is how the command failed, or the error of a stream whose command did not fail, or not yet.
func (c *command) ending(operation string, err error) error {
	select {
	case <-c.attached.over:
	default:
		return err
	}
	var failed *ssh.ExitError
	switch ended := c.attached.err; {
	case ended == nil:
		return err
	case errors.As(ended, &failed):
		told := remote.Output{Stderr: []byte(c.attached.complaints.String())}
		return c.operror(operation, hosting.ExitError(c.client.name, remote.Command{}, failed.ExitStatus(), told))
	default:
		return c.operror(operation, fmt.Errorf("%s: running a command: %w", c.client.name, &retoldError{ended}))
	}
}
