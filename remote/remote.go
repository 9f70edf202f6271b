// Package remote is the contract of a host that replssl works on: run a command there, and open connections from there.
//
// Everything else that is done to a host (laying down files, reading them back, asking after a process) is a command built by
// [github.com/replssl/replssl/remote/shell], so a host is four methods, and each of them can be had over any transport.
package remote

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/replssl/replssl/remote/shell"
)

// Host is one machine, reached for the length of a run. Its methods may be called from several goroutines at once.
//
// Every method returns by the deadline of its context or soon after its cancellation, whatever the machine does: a host that
// hangs must not hang its caller.
type Host interface {
	// Name is the inventory's name for the host; messages use it.
	Name() string

	// Run runs one command and waits for its end. A command that ran and failed yields an *ExitError; any other error says
	// that it is not known whether, or how far, the command ran.
	Run(ctx context.Context, cmd Command) (Output, error)

	// Dial opens a connection from the host: network "unix" to a socket path, or "tcp" to host:port.
	// The connection honours deadlines.
	Dial(ctx context.Context, network, address string) (net.Conn, error)

	// Close ends the connection to the host and everything that runs over it.
	Close() error
}

// Command is one command for [Host.Run].
type Command struct {
	Line  shell.Line // what to run, by /bin/sh whatever the login shell is
	Stdin io.Reader  // nil for none

	// Confidential marks a command whose output is a secret, so that no error may quote it.
	Confidential bool
}

// Output is what a finished command printed.
type Output struct {
	Stdout []byte
	Stderr []byte
}

// ExitError says that a command ran to its end on the host and failed.
type ExitError struct {
	Host   string
	Code   int    // exit status; 128+N when signal N ended it
	Stderr string // empty for a confidential command
}

func (e *ExitError) Error() string {
	text := strings.Join(strings.Fields(e.Stderr), " ")
	const most = 200
	if len(text) > most {
		text = text[:most] + "…"
	}
	if text == "" {
		return fmt.Sprintf("%s: the command failed with exit status %d", e.Host, e.Code)
	}
	return fmt.Sprintf("%s: %s (exit status %d)", e.Host, text, e.Code)
}
