package remotetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/internal/hosting"
	"github.com/replssl/replssl/remote/shell"
)

// Open starts the command in a process group of its own, which the end of the connection kills as a whole.
func (l *Local) Open(ctx context.Context, line shell.Line) (net.Conn, error) {
	if err := line.Err(); err != nil {
		return nil, fmt.Errorf("%s: the command cannot be run: %w", l.name, err)
	}
	if !l.enter() {
		return nil, l.ended()
	}
	defer l.running.Done()
	if ctx.Err() != nil {
		return nil, hosting.ContextError(ctx, l.name, "starting a command")
	}
	opened, err := start(l.name, line)
	if err != nil {
		return nil, fmt.Errorf("%s: starting a command: %w", l.name, err)
	}
	l.running.Go(opened.wait)
	return l.keep(opened)
}

// localCommand is a process whose ends are pipes, which have deadlines.
type localCommand struct {
	name       string
	process    *exec.Cmd
	in, out    *os.File
	complaints hosting.Ends
	closed     sync.Once
	over       chan struct{}
	err        error // how it ended; to be read when over is closed
}

func start(name string, line shell.Line) (*localCommand, error) {
	reads, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, writes, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, reads.Close(), in.Close())
	}
	c := &localCommand{name: name, process: exec.Command("/bin/sh", "-c", line.String()), in: in, out: out, over: make(chan struct{})}
	c.process.Stdin, c.process.Stdout, c.process.Stderr = reads, writes, &c.complaints
	c.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = c.process.Start()
	_, _ = reads.Close(), writes.Close()
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	return c, nil
}

func (c *localCommand) wait() {
	defer close(c.over)
	c.err = c.process.Wait()
}

func (c *localCommand) Read(buffer []byte) (int, error) {
	n, err := c.out.Read(buffer)
	if err == io.EOF {
		<-c.over
		return n, c.ending(err)
	}
	return n, said(err)
}

func (c *localCommand) ending(err error) error {
	var failed *exec.ExitError
	if !errors.As(c.err, &failed) {
		return err
	}
	told := remote.Output{Stderr: []byte(c.complaints.String())}
	return &net.OpError{Op: "read", Net: "command", Err: hosting.ExitError(c.name, remote.Command{}, exitCode(failed), told)}
}

func (c *localCommand) Write(data []byte) (int, error) {
	n, err := c.in.Write(data)
	return n, said(err)
}

// said is an error of a pipe in the words of a connection.
func said(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return net.ErrClosed
	}
	return err
}

// CloseWrite ends what the command reads.
func (c *localCommand) CloseWrite() error { return said(c.in.Close()) }

// Close ends the input at once, and the command when its time is over.
func (c *localCommand) Close() error {
	c.closed.Do(func() {
		_ = c.in.Close() // it may be closed already
		_ = c.out.Close()
		go c.end()
	})
	return nil
}

func (c *localCommand) end() {
	grace := time.NewTimer(hosting.Grace)
	defer grace.Stop()
	select {
	case <-c.over:
	case <-grace.C:
		_ = syscall.Kill(-c.process.Process.Pid, syscall.SIGKILL)
	}
}

func (c *localCommand) LocalAddr() net.Addr  { return commandAddr(c.name) }
func (c *localCommand) RemoteAddr() net.Addr { return commandAddr(c.name) }

func (c *localCommand) SetDeadline(deadline time.Time) error {
	return errors.Join(c.SetReadDeadline(deadline), c.SetWriteDeadline(deadline))
}

func (c *localCommand) SetReadDeadline(deadline time.Time) error {
	return c.out.SetReadDeadline(deadline)
}

func (c *localCommand) SetWriteDeadline(deadline time.Time) error {
	return c.in.SetWriteDeadline(deadline)
}

// commandAddr is a host, as the address of a command there.
type commandAddr string

func (commandAddr) Network() string  { return "command" }
func (a commandAddr) String() string { return string(a) }
