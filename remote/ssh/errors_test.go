package ssh_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	gossh "golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote/plain"
	"github.com/replssl/replssl/remote/ssh"
)

// TestErrorsAreSaidPlainly: one line, the host once and in front, none of the library's words, and something to do.
func TestErrorsAreSaidPlainly(t *testing.T) {
	connect := func(step string, err error) error {
		return &ssh.ConnectError{Host: "db2", Address: "db2.example.com:22", Step: step, Err: err}
	}
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	handshake := func(err error) error { return fmt.Errorf("ssh: handshake failed: %w", err) }
	nothing := handshake(errors.New("ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain"))
	key := "identity file /k"
	for _, c := range []struct {
		err  error
		want string
		hint string
	}{
		{
			connect("connect", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED))),
			"SSH connection to db2.example.com:22: connection refused", "see whether an sshd answers at db2.example.com:22",
		},
		{
			connect("connect", dial(&net.DNSError{Name: "db2.example.com", Server: "192.0.2.53:53", Err: "no such host", IsNotFound: true})),
			"SSH connection to db2.example.com:22: the name db2.example.com does not resolve", "servers: {db2: {ssh: {address: ADDRESS}}}",
		},
		{
			connect("connect", &plain.Late{Within: 10e9}),
			"SSH connection to db2.example.com:22: no answer within 10s", "see whether an sshd answers",
		},
		{
			connect("handshake", handshake(io.EOF)),
			"SSH handshake with db2.example.com:22: the other end closed the connection", "see whether an sshd answers",
		},
		{
			connect("login", handshake(io.EOF)),
			"SSH login with db2.example.com:22: the other end closed the connection", "what its sshd logs",
		},
		{
			&ssh.AuthError{Host: "db2", User: "ops", Tried: []string{key}, Offered: true, Err: nothing},
			"SSH login as ops: the host takes none of the keys: identity file /k", "authorized_keys of ops",
		},
		{
			&ssh.AuthError{
				Host: "db2", User: "ops", Tried: []string{key}, Offered: true,
				Err: handshake(errors.New("ssh: disconnect, reason 2: Too many authentication failures")),
			},
			"SSH login as ops: the host takes none of the keys: identity file /k (disconnect, reason 2: Too many authentication failures)",
			"authorized_keys of ops",
		},
		{
			&ssh.AuthError{Host: "db2", User: "ops", Err: errors.New("there is no usable identity file or agent")},
			"SSH login as ops: there is no key to offer", "ssh.identity_file",
		},
		{
			&ssh.AuthError{Host: "db2", User: "ops", Tried: []string{key + " (not offered: no such file or directory)"}, Err: nothing},
			"SSH login as ops: there is no key to offer: identity file /k (not offered: no such file or directory)", "ssh.identity_file",
		},
		{
			&ssh.AuthError{Host: "db2", User: "ops", Wants: []string{"password"}, Err: nothing},
			"SSH login as ops: the host lets nobody in by a key alone, it wants password", "PubkeyAuthentication yes",
		},
		{&ssh.LostError{Host: "db2", Err: io.EOF}, "the SSH connection was lost: the other end closed the connection", ""},
		{
			&ssh.LostError{Host: "db2", Err: &gossh.ExitMissingError{}},
			"the SSH connection was lost: the host did not tell how the command ended", "",
		},
		{
			&ssh.LostError{Host: "db2", Err: &gossh.OpenChannelError{Reason: gossh.ConnectionFailed, Message: "Connection timed out"}},
			"the SSH connection was lost: connection timed out", "",
		},
	} {
		if got := c.err.Error(); got != "db2: "+c.want {
			t.Errorf("got  %s\nwant db2: %s", got, c.want)
		}
		hint := ""
		if with, ok := c.err.(interface{ Hint() string }); ok {
			hint = with.Hint()
		}
		if !strings.Contains(hint, c.hint) {
			t.Errorf("%s\nhint %s\nwant %s", c.want, hint, c.hint)
		}
	}
}
