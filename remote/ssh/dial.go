package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote/hostkey"
	"github.com/replssl/replssl/remote/plain"
)

// How far a connection came that was not made.
const (
	stepConnect   = "connect"
	stepHandshake = "handshake"
	stepLogin     = "login"
)

var errNoKey = errors.New("there is no usable identity file or agent")

// Dial connects, checks the host's key and logs in. Its errors are *ConnectError, *AuthError, and those of
// [github.com/replssl/replssl/remote/hostkey].
func Dial(ctx context.Context, config Config) (*Client, error) {
	config = config.withDefaults()
	policy, err := hostkey.Load(config.KnownHosts...)
	if err != nil {
		return nil, fmt.Errorf("%s: SSH: %w", config.Name, err)
	}
	within, cancel := context.WithTimeoutCause(ctx, config.DialTimeout, &plain.Late{Within: config.DialTimeout})
	defer cancel()
	keys := gather(config)
	defer keys.close()
	if keys.hopeless() {
		return nil, keys.failure(errNoKey)
	}
	attempt := &dialing{config: config, policy: policy, keys: keys}
	connection, wire, err := attempt.dial(within)
	if err != nil {
		return nil, err
	}
	return newClient(config, connection, wire), nil // it lives until Close: the context bounds the dialing only
}

// dialing is one attempt to log in.
type dialing struct {
	config  Config
	policy  *hostkey.Policy
	keys    *keyring
	trusted atomic.Bool // the host key was accepted: from here on a failure is one of the login
}

func (d *dialing) dial(ctx context.Context) (*ssh.Client, *wire, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", d.config.Address)
	if err != nil {
		return nil, nil, d.failure(ctx, stepConnect, err)
	}
	wire := &wire{Conn: conn}
	release := bind(ctx, conn)
	connection, channels, requests, err := ssh.NewClientConn(wire, d.config.Address, d.clientConfig(ctx))
	if err != nil {
		_ = conn.Close()
		return nil, nil, d.explain(ctx, err)
	}
	if !release() {
		_ = connection.Close()
		return nil, nil, d.failure(ctx, stepLogin, ctx.Err())
	}
	return ssh.NewClient(connection, channels, acknowledge(connection, requests)), wire, nil
}

func (d *dialing) clientConfig(ctx context.Context) *ssh.ClientConfig {
	check := d.policy.Callback()
	return &ssh.ClientConfig{
		User: d.config.User,
		AuthCallback: func(state *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
			return d.keys.next(ctx, state)
		},
		HostKeyCallback: func(hostPort string, address net.Addr, key ssh.PublicKey) error {
			err := check(hostPort, address, key)
			d.trusted.Store(err == nil)
			return err
		},
		HostKeyAlgorithms: d.policy.Algorithms(d.config.Address),
	}
}

// explain types the error of a handshake.
func (d *dialing) explain(ctx context.Context, err error) error {
	if refused := hostKeyError(err); refused != nil {
		return fmt.Errorf("%s: SSH: %w", d.config.Name, refused)
	}
	if !d.trusted.Load() {
		return d.failure(ctx, stepHandshake, err)
	}
	var network net.Error
	cut := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
	if cut || ctx.Err() != nil {
		return d.failure(ctx, stepLogin, err)
	}
	return d.keys.failure(err)
}

// failure is a *ConnectError. When the context ended, that is the reason, and not the closed connection that it left.
func (d *dialing) failure(ctx context.Context, step string, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return &ConnectError{Host: d.config.Name, Address: d.config.Address, Step: step, Err: err}
}

// acknowledge passes on what the host asks, and says something after each that wants no answer.
//
// sshd tells its host keys right after the login. Until its first command has run it leaves Nagle's algorithm on, so whatever it says
// next waits until that is acknowledged, for which the kernel takes 40 ms unless there is something to send along.
func acknowledge(connection ssh.Conn, requests <-chan *ssh.Request) <-chan *ssh.Request {
	passed := make(chan *ssh.Request)
	go func() { // until the connection ends
		defer close(passed)
		for request := range requests {
			if !request.WantReply {
				_, _, _ = connection.SendRequest(keepAliveRequest, false, nil)
			}
			passed <- request
		}
	}()
	return passed
}

// hostKeyError is the verdict on the host's key, without what the library says of the handshake that it ended; nil for other errors.
func hostKeyError(err error) error {
	var unknown *hostkey.UnknownError
	var changed *hostkey.ChangedError
	var revoked *hostkey.RevokedError
	switch {
	case errors.As(err, &unknown):
		return unknown
	case errors.As(err, &changed):
		return changed
	case errors.As(err, &revoked):
		return revoked
	}
	return nil
}
