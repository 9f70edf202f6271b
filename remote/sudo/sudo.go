// Package sudo makes a host on which a user may use sudo into one on which root works.
package sudo

import (
	"bytes"
	"context"
	"errors"
	"net"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/relay"
	"github.com/replssl/replssl/remote/shell"
)

// Host is the host with every command run as root, by sudo without a password, and with connections to unix sockets opened by root, so that
// who listens there sees root. Connections to TCP addresses stay as they are. The user is whom the host lets in.
//
// A command that sudo has not let through yields an [*Error]; it has not run. Every command says first that it runs, so that its own failure
// is never taken for one of sudo.
func Host(host remote.Host, user string) remote.Host {
	h := &root{Host: host, user: user}
	h.relay = relay.New(h)
	return h
}

type root struct {
	remote.Host
	user  string
	relay *relay.Relay
}

const (
	// first says that the command is run by root. Sudo quotes a command that it does not allow; therefore the mark is put together there.
	first = `printf '\n=== replssl %s ===\n' 'runs as root' >&2; HOME=~root; export HOME`
	mark  = "\n=== replssl runs as root ===\n"
)

// asRoot lets sudo speak English, whatever the user does. The shell is all that sudoers has to allow.
func asRoot(line shell.Line) shell.Line {
	return line.Behind(first, "env", "LC_ALL=C", "LANGUAGE=C", "sudo", "-n", "-u", "root", "--")
}

// Run runs the command as root.
func (r *root) Run(ctx context.Context, cmd remote.Command) (remote.Output, error) {
	cmd.Line = asRoot(cmd.Line)
	out, err := r.Host.Run(ctx, cmd)
	var failed *remote.ExitError
	if err != nil && !errors.As(err, &failed) {
		return out, err
	}
	before, own, ran := bytes.Cut(out.Stderr, []byte(mark))
	if !ran {
		return remote.Output{}, r.refusal(string(before), failed)
	}
	out.Stderr = own
	if failed == nil {
		return out, nil
	}
	return out, ownFailure(failed, string(own), cmd.Confidential)
}

// ownFailure is the failure without what sudo printed before the command ran.
func ownFailure(failed *remote.ExitError, stderr string, confidential bool) error {
	told := *failed
	if told.Stderr = stderr; confidential {
		told.Stderr = ""
	}
	return &told
}

// Open starts the command as root.
func (r *root) Open(ctx context.Context, line shell.Line) (net.Conn, error) {
	conn, err := r.Host.Open(ctx, asRoot(line))
	if err != nil {
		return nil, err
	}
	return &opened{Conn: conn, root: r}, nil
}

// opened is a command that sudo runs, or refuses to.
type opened struct {
	net.Conn
	root *root
}

func (o *opened) Read(buffer []byte) (int, error) {
	n, err := o.Conn.Read(buffer)
	return n, o.explain(err)
}

func (o *opened) Write(data []byte) (int, error) {
	n, err := o.Conn.Write(data)
	return n, o.explain(err)
}

func (o *opened) explain(err error) error {
	var failed *remote.ExitError
	if !errors.As(err, &failed) {
		return err
	}
	before, own, ran := bytes.Cut([]byte(failed.Stderr), []byte(mark))
	if !ran {
		return o.root.refusal(string(before), failed)
	}
	return ownFailure(failed, string(own), false)
}

// CloseWrite ends what the command reads.
func (o *opened) CloseWrite() error {
	half, ok := o.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// Ended says that the command, or the connection to the host, has ended.
func (o *opened) Ended() bool {
	told, ok := o.Conn.(interface{ Ended() bool })
	return ok && told.Ended()
}

// Dial connects to unix sockets as root, and to TCP addresses as the host does.
func (r *root) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network == "unix" {
		return r.relay.Dial(ctx, network, address)
	}
	return r.Host.Dial(ctx, network, address)
}

// Close ends the connection to the host, and all that runs over it.
func (r *root) Close() error {
	err := r.Host.Close()
	r.relay.Close()
	return err
}

// refusal is the error of a command that has not run.
func (r *root) refusal(said string, failed *remote.ExitError) error {
	e := &Error{Host: r.Name(), User: r.user, Why: Unclear, Said: said}
	if failed == nil {
		return e
	}
	e.Why = why(said, failed.Code)
	return e
}
