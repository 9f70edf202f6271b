package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/internal/hosting"
)

// Run runs one command on the host. A command whose context ends is sent SIGTERM and its session is closed; the call does not
// wait for the host to obey.
func (c *Client) Run(ctx context.Context, cmd remote.Command) (remote.Output, error) {
	if err := cmd.Line.Err(); err != nil {
		return remote.Output{}, fmt.Errorf("%s: the command cannot be run: %w", c.name, err)
	}
	if err := c.takeSession(ctx); err != nil {
		return remote.Output{}, err
	}
	over := make(chan struct{}, 2) // one for each stream
	e := &execution{client: c, command: cmd, done: make(chan struct{})}
	e.streams = hosting.NewStreams(func() { over <- struct{}{} })
	if !c.spawn(e.run) {
		<-c.sessions
		return remote.Output{}, c.lost()
	}
	select {
	case <-e.done:
		return e.result()
	case <-ctx.Done():
		c.spawn(e.abort)
		return remote.Output{}, hosting.ContextError(ctx, c.name, "running a command")
	case <-over:
		c.spawn(e.abort)
		return remote.Output{}, &remote.TooMuchError{Host: c.name}
	case <-c.life.Done():
		return remote.Output{}, c.lost()
	}
}

// takeSession waits for a free session; execution.run gives it back, when the host has confirmed its end.
func (c *Client) takeSession(ctx context.Context) error {
	select { // an ended connection or context wins over a free session
	case <-c.life.Done():
		return c.lost()
	case <-ctx.Done():
		return hosting.ContextError(ctx, c.name, "running a command")
	default:
	}
	select {
	case c.sessions <- struct{}{}:
		return nil
	case <-c.life.Done():
		return c.lost()
	case <-ctx.Done():
		return hosting.ContextError(ctx, c.name, "waiting for one of the connection's sessions")
	}
}

// execution is one command on its way.
type execution struct {
	client  *Client
	command remote.Command
	streams hosting.Streams

	mu      sync.Mutex
	session *ssh.Session // nil until the host has opened it
	aborted bool

	done chan struct{}
	err  error // how it ended; to be read when done is closed
}

func (e *execution) run() {
	defer func() { <-e.client.sessions }()
	defer close(e.done)
	session, err := e.client.ssh.NewSession()
	if err != nil {
		e.err = fmt.Errorf("opening a session: %w", err)
		return
	}
	if !e.adopt(session) {
		_ = session.Close()
		return
	}
	e.err = e.start(session)
}

func (e *execution) start(session *ssh.Session) error {
	session.Stdin, session.Stdout, session.Stderr = e.command.Stdin, e.streams.Stdout, e.streams.Stderr
	if err := session.Start(e.command.Line.String()); err != nil {
		_ = session.Close()
		return errors.New("the host did not start the command") // the library's own error would quote the whole line
	}
	err := session.Wait()
	if err == io.EOF { //nolint:errorlint // a wrapped EOF is something else: the end of the connection
		return nil // the command ended well without reading all of its input
	}
	return err
}

// adopt keeps the session for abort, unless that has come first.
func (e *execution) adopt(session *ssh.Session) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.session = session
	return !e.aborted
}

func (e *execution) abort() {
	e.mu.Lock()
	e.aborted = true
	session := e.session
	e.mu.Unlock()
	if session == nil {
		return
	}
	_ = session.Signal(ssh.SIGTERM) // best effort, as is the close: the host may be gone
	_ = session.Close()
}

// result is what Run answers for a command that has ended.
func (e *execution) result() (remote.Output, error) {
	out := e.streams.Output()
	var failed *ssh.ExitError
	switch {
	case errors.As(e.err, &failed):
		return out, hosting.ExitError(e.client.name, e.command, failed.ExitStatus(), out)
	case e.err != nil:
		return remote.Output{}, e.client.blame(fmt.Errorf("%s: running a command: %w", e.client.name, e.err))
	case e.client.wire.ended.Load():
		// The library takes the end of the connection for the end of the output, which may have been cut short.
		return remote.Output{}, e.client.blame(&LostError{Host: e.client.name, Err: io.ErrUnexpectedEOF})
	default:
		return out, nil
	}
}
