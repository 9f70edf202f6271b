// Package remote is the contract of a host that replssl works on: run a command there, and open connections from there.
//
// Everything else that is done to a host (laying down files, reading them back, asking after a process) is a command built by
// [github.com/replssl/replssl/remote/shell], so a host is five methods, and each of them can be had over any transport.
package remote

import (
	"context"
	"io"
	"net"

	"github.com/replssl/replssl/remote/shell"
)

// Host is one machine, reached for the length of a run. Its methods may be called from several goroutines at once.
//
// Every method returns by the deadline of its context or soon after its cancellation, whatever the machine does: a host that
// hangs must not hang its caller. Every error names the host.
type Host interface {
	// Name is the inventory's name for the host; messages use it.
	Name() string

	// Run runs one command and waits for its end, which is also the end of whatever it left behind that holds its output. A
	// command that ran and failed yields an *ExitError beside its Output; any other error says that it is not known whether, or
	// how far, the command ran.
	Run(ctx context.Context, cmd Command) (Output, error)

	// Open starts a command and gives its standard input and output as a connection, which honours deadlines; the context bounds
	// the start alone. CloseWrite ends what the command reads. A Read gives io.EOF when the command has ended well and all of its
	// output was read, and an error that wraps an *ExitError when it has failed.
	//
	// Close lets what was written arrive, and then ends the command's input and, soon after, its output. The command has to end
	// by that: it is sent SIGTERM too, but sshd passes no signal on where root is logged in (tried on OpenSSH 9.2).
	//
	// Of what the command complains of, the first and the last [MaxComplaint] bytes are kept.
	Open(ctx context.Context, line shell.Line) (net.Conn, error)

	// Dial opens a connection from the host: network "unix" to a socket path, or "tcp" to host:port. The connection honours
	// deadlines. A host that could not open it yields a *DialError.
	Dial(ctx context.Context, network, address string) (net.Conn, error)

	// Close ends the connection to the host and everything that runs over it.
	Close() error
}

// MaxOutput is how much a command may print on each of its two streams. One that prints more is ended with a *TooMuchError:
// nothing that replssl asks for comes near it.
const MaxOutput = 64 << 20

// MaxComplaint is how much is kept of either end of what an opened command prints on its standard error.
const MaxComplaint = 16 << 10

// Command is one command for [Host.Run].
type Command struct {
	Line shell.Line // what to run, by /bin/sh whatever the login shell is

	// Stdin is what the command reads; nil for none. A Read of it that is under way when the command ends may outlive Run.
	Stdin io.Reader

	// Confidential marks a command whose output is a secret, so that no error may quote it.
	Confidential bool
}

// Output is what a finished command printed.
type Output struct {
	Stdout []byte
	Stderr []byte
}
