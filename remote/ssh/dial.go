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
)

// How far a connection came that was not made.
const (
	stepConnect   = "connect"
	stepBanner    = "banner" // connected, and not a byte came
	stepHandshake = "handshake"
	stepLogin     = "login"
	stepAgent     = "agent" // during the login
)

var errNoKey = errors.New("there is no usable identity file or agent")

// way opens a connection to host:port, for SSH to run over.
type way func(ctx context.Context, address string) (net.Conn, error)

// directly is the way to what this machine reaches by itself.
func directly(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", address)
}

// dialing is one attempt to log in.
type dialing struct {
	config  Config
	policy  *hostkey.Policy
	keys    *keyring
	trusted atomic.Bool // the host key was accepted: from here on a failure is one of the login
}

// newDialing finds out what can be known before anybody is reached.
func newDialing(config Config, opener opener) (*dialing, error) {
	policy, err := hostkey.Load(config.KnownHosts...)
	if err != nil {
		return nil, fmt.Errorf("%s: SSH: %w", config.Name, err)
	}
	keys := gather(config, opener)
	if keys.hopeless() {
		return nil, keys.failure(errNoKey)
	}
	return &dialing{config: config, policy: policy, keys: keys}, nil
}

// dial connects and logs in, within the time that a host may take.
func (d *dialing) dial(ctx context.Context, connect way) (*Client, error) {
	patience := newPatience(ctx, d.config.DialTimeout)
	defer patience.end()
	d.keys.patience = patience
	within := patience.ctx
	conn, err := connect(within, d.config.Address)
	if err != nil {
		return nil, d.failure(within, stepConnect, err)
	}
	wire := &wire{Conn: conn}
	connection, err := d.login(within, wire)
	if err != nil {
		return nil, err
	}
	return newClient(d.config, connection, wire), nil
}

func (d *dialing) login(ctx context.Context, wire *wire) (*ssh.Client, error) {
	release := bind(ctx, wire)
	connection, channels, requests, err := ssh.NewClientConn(wire, d.config.recorded(), d.clientConfig(ctx))
	if err != nil {
		_ = wire.Close()
		return nil, d.explain(ctx, wire, err)
	}
	if !release() {
		_ = connection.Close()
		return nil, d.failure(ctx, stepLogin, ctx.Err())
	}
	return ssh.NewClient(connection, channels, acknowledge(connection, requests)), nil
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
		HostKeyAlgorithms: d.policy.Algorithms(d.config.recorded()),
	}
}

// explain types the error of a handshake.
func (d *dialing) explain(ctx context.Context, wire *wire, err error) error {
	if refused := hostKeyError(err); refused != nil {
		return fmt.Errorf("%s: SSH: %w", d.config.Name, refused)
	}
	switch {
	case !wire.spoken.Load():
		return d.failure(ctx, stepBanner, err)
	case !d.trusted.Load():
		return d.failure(ctx, stepHandshake, err)
	}
	if ctx.Err() != nil && d.keys.hangsAtAgent() {
		return d.failure(ctx, stepAgent, err)
	}
	var network net.Error
	cut := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
	if cut || ctx.Err() != nil {
		return d.failure(ctx, stepLogin, err)
	}
	return d.keys.failure(err)
}

// failure is a *ConnectError, or a *JumpError where the jump host itself is gone. When the context ended, that is the reason, and not the
// closed connection that it left.
func (d *dialing) failure(ctx context.Context, step string, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	var lost *LostError
	if errors.As(err, &lost) {
		return &JumpError{Host: d.config.Name, Jump: lost.Host, Err: lost}
	}
	return &ConnectError{Host: d.config.Name, Address: d.config.Address, Via: d.config.via(), Agent: d.config.AgentSocket, Step: step, Err: err}
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
	var certificate *hostkey.CertificateError
	switch {
	case errors.As(err, &unknown):
		return unknown
	case errors.As(err, &changed):
		return changed
	case errors.As(err, &revoked):
		return revoked
	case errors.As(err, &certificate):
		return certificate
	}
	return nil
}
