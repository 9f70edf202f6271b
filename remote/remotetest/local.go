package remotetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os/exec"
	"slices"
	"sync"
	"syscall"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/internal/hosting"
)

// Local is this machine as a host: a real /bin/sh and real connections, with no SSH between.
type Local struct {
	name string
	life *hosting.Life

	mu      sync.Mutex
	opened  map[*localConn]struct{}
	running sync.WaitGroup
}

var _ remote.Host = (*Local)(nil)

// NewLocal is this machine under that name.
func NewLocal(name string) *Local {
	return &Local{name: name, life: hosting.NewLife(), opened: map[*localConn]struct{}{}}
}

// RunLocal runs one command on this machine.
func RunLocal(ctx context.Context, cmd remote.Command) (remote.Output, error) {
	host := NewLocal("here")
	defer func() { _ = host.Close() }()
	return host.Run(ctx, cmd)
}

// Name is the name it was given.
func (l *Local) Name() string { return l.name }

// Run runs the command in a process group of its own, which the end of the context kills as a whole.
func (l *Local) Run(ctx context.Context, cmd remote.Command) (remote.Output, error) {
	if err := cmd.Line.Err(); err != nil {
		return remote.Output{}, fmt.Errorf("%s: the command cannot be run: %w", l.name, err)
	}
	if !l.enter() {
		return remote.Output{}, l.ended()
	}
	within, cancel := l.within(ctx)
	defer cancel(nil)
	streams := hosting.NewStreams(func() { cancel(&remote.TooMuchError{Host: l.name}) })
	done := make(chan error, 1)
	go func() {
		defer l.running.Done()
		done <- execute(within, cmd, streams)
	}()
	select {
	case err := <-done:
		return l.result(ctx, within, cmd, streams, err)
	case <-within.Done(): // whatever escaped from the group may hold the output for long
		return l.result(ctx, within, cmd, streams, context.Cause(within))
	}
}

func execute(ctx context.Context, cmd remote.Command, streams hosting.Streams) error {
	process := exec.CommandContext(ctx, "/bin/sh", "-c", cmd.Line.String())
	process.Stdout, process.Stderr = streams.Stdout, streams.Stderr
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process.Cancel = func() error { return syscall.Kill(-process.Process.Pid, syscall.SIGKILL) }
	if cmd.Stdin != nil {
		// A pipe of our own: os/exec would wait for a Read that never returns.
		input, err := process.StdinPipe()
		if err != nil {
			return err
		}
		go func() {
			_, _ = io.Copy(input, cmd.Stdin)
			_ = input.Close()
		}()
	}
	return process.Run()
}

func (l *Local) result(ctx, within context.Context, cmd remote.Command, streams hosting.Streams, err error) (remote.Output, error) {
	var tooMuch *remote.TooMuchError
	var failed *exec.ExitError
	switch {
	case errors.As(context.Cause(within), &tooMuch):
		return remote.Output{}, tooMuch
	case ctx.Err() != nil:
		return remote.Output{}, hosting.ContextError(ctx, l.name, "running a command")
	case l.life.Err() != nil:
		return remote.Output{}, l.ended()
	case errors.As(err, &failed):
		out := streams.Output()
		return out, hosting.ExitError(l.name, cmd, exitCode(failed), out)
	case err != nil:
		return remote.Output{}, fmt.Errorf("%s: running a command: %w", l.name, err)
	}
	return streams.Output(), nil
}

func exitCode(failed *exec.ExitError) int {
	if status, ok := failed.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return failed.ExitCode()
}

// Dial connects from this machine.
func (l *Local) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "unix" && network != "tcp" {
		return nil, fmt.Errorf("%s: connecting from there to %s: network %q is neither unix nor tcp", l.name, address, network)
	}
	if !l.enter() {
		return nil, l.ended()
	}
	defer l.running.Done()
	within, cancel := l.within(ctx)
	defer cancel(nil)
	var dialer net.Dialer
	conn, err := dialer.DialContext(within, network, address)
	switch {
	case err == nil:
		return l.keep(conn)
	case ctx.Err() != nil:
		return nil, hosting.ContextError(ctx, l.name, "connecting from there to "+address)
	case l.life.Err() != nil:
		return nil, l.ended()
	default:
		return nil, &remote.DialError{Host: l.name, Network: network, Address: address, Err: err}
	}
}

// Close ends what runs and closes the connections that were opened.
func (l *Local) Close() error {
	l.mu.Lock()
	l.life.End(net.ErrClosed)
	opened := slices.Collect(maps.Keys(l.opened))
	l.mu.Unlock()
	for _, conn := range opened {
		_ = conn.Close()
	}
	l.running.Wait()
	return nil
}

// enter counts a call in, unless the host is closed.
func (l *Local) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.life.Err() != nil {
		return false
	}
	l.running.Add(1)
	return true
}

// within is ctx, ended by Close as well.
func (l *Local) within(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	within, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-l.life.Done():
			cancel(net.ErrClosed)
		case <-within.Done():
		}
	}()
	return within, cancel
}

func (l *Local) ended() error { return fmt.Errorf("%s: the host is closed: %w", l.name, net.ErrClosed) }

func (l *Local) keep(conn net.Conn) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.life.Err() != nil {
		_ = conn.Close()
		return nil, l.ended()
	}
	kept := &localConn{Conn: conn, host: l}
	l.opened[kept] = struct{}{}
	return kept, nil
}

// localConn leaves its host's books when it is closed.
type localConn struct {
	net.Conn
	host *Local
}

func (c *localConn) Close() error {
	c.host.mu.Lock()
	delete(c.host.opened, c)
	c.host.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite tells the peer that nothing more will be written.
func (c *localConn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}
