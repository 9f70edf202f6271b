package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/internal/hosting"
)

var (
	errRefused = errors.New("the host did not start the command")
	errEnded   = errors.New("the host ended the session and did not start the command")
)

// Run runs one command on the host. A command whose context ends is sent SIGTERM and its session is closed; the call does not
// wait for the host to obey.
func (c *Client) Run(ctx context.Context, cmd remote.Command) (remote.Output, error) {
	if err := cmd.Line.Err(); err != nil {
		return remote.Output{}, fmt.Errorf("%s: the command cannot be run: %w", c.name, err)
	}
	for range spare + 1 {
		session, err := c.sessions.take(ctx)
		if err != nil {
			return remote.Output{}, err
		}
		// A session that was opened ahead may have been ended by a host that does not like idle ones.
		if out, err := c.runIn(ctx, session, cmd); !errors.Is(err, errEnded) {
			return out, err
		}
	}
	return remote.Output{}, fmt.Errorf("%s: running a command: %w", c.name, errEnded)
}

func (c *Client) runIn(ctx context.Context, session *ssh.Session, cmd remote.Command) (remote.Output, error) {
	over := make(chan struct{}, 2) // one for each stream
	e := &execution{client: c, command: cmd, session: session, done: make(chan struct{})}
	e.streams = hosting.NewStreams(func() { over <- struct{}{} })
	if !c.spawn(e.run) {
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

// execution is one command on its way.
type execution struct {
	client  *Client
	command remote.Command
	session *ssh.Session
	streams hosting.Streams

	done chan struct{}
	err  error // how it ended; to be read when done is closed
}

// run lasts until the host has confirmed the end of the session.
func (e *execution) run() {
	defer e.client.sessions.release()
	defer close(e.done)
	e.session.Stdin, e.session.Stdout, e.session.Stderr = e.command.Stdin, e.streams.Stdout, e.streams.Stderr
	switch err := e.session.Start(e.command.Line.String()); {
	case err == io.EOF: //nolint:errorlint // what the library says of a session that was closed before the answer
		e.err = errEnded
	case err != nil:
		_ = e.session.Close()
		e.err = errRefused // the library's own error would quote the whole line
	default:
		e.err = e.wait()
	}
}

func (e *execution) wait() error {
	err := e.session.Wait()
	if err == io.EOF { //nolint:errorlint // a wrapped EOF is something else: the end of the connection
		return nil // the command ended well without reading all of its input
	}
	return err
}

func (e *execution) abort() {
	_ = e.session.Signal(ssh.SIGTERM) // best effort, as is the close: the host may be gone
	_ = e.session.Close()
}

// result is what Run answers for a command that has ended.
func (e *execution) result() (remote.Output, error) {
	out := e.streams.Output()
	var failed *ssh.ExitError
	switch {
	case errors.As(e.err, &failed):
		return out, hosting.ExitError(e.client.name, e.command, failed.ExitStatus(), out)
	case errors.Is(e.err, errEnded) && !e.client.wire.ended.Load():
		return remote.Output{}, e.err
	case e.err != nil:
		return remote.Output{}, e.client.blame(fmt.Errorf("%s: running a command: %w", e.client.name, &retoldError{e.err}))
	case e.client.wire.ended.Load():
		// The library takes the end of the connection for the end of the output, which may have been cut short.
		return remote.Output{}, e.client.blame(&LostError{Host: e.client.name, Err: io.ErrUnexpectedEOF})
	default:
		return out, nil
	}
}
