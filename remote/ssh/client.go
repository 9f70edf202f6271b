// Package ssh reaches a host over one SSH connection, kept for the length of a run.
//
// The protocol library knows neither contexts nor deadlines. So every wait here is a select over what is waited for, the
// caller's context and the life of the connection; what is given up ends by itself, at the latest when the connection does.
package ssh

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/internal/hosting"
	"github.com/replssl/replssl/remote/plain"
)

// Config says how to reach a host.
type Config struct {
	Name    string // the inventory's name for the host
	Address string // host:port, the name under which known_hosts records it
	User    string

	// IdentityFiles are private keys; of a public one the agent has to hold the other half. Nil: those of the home folder that ssh takes, where the
	// [Dialer] has one. They are offered first, then what AgentSocket, the path of an SSH agent's socket or [NoAgent], holds; IdentitiesOnly:
	// of that only the keys of the files. A certificate beside its key (NAME-cert.pub) is found, others are CertificateFiles.
	IdentityFiles    []string
	CertificateFiles []string
	IdentitiesOnly   bool
	AgentSocket      string
	usual            []string

	// PassphraseCommand prints the passphrase of an encrypted identity file, as its first line. It runs on this machine, by /bin/sh. Empty: a
	// person is asked, where the [Dialer] knows one.
	PassphraseCommand string

	// Jump are the hosts to go through, the nearest first; their own Jump is not heeded. What lies behind a jump host is connected to from there, by
	// its sshd's forwarding.
	Jump []Config

	// KnownHosts are the files that record the host's key, under the HostKeyAlias where there is one, else under the Address. The host must be in
	// one of them.
	KnownHosts   []string
	HostKeyAlias string

	DialTimeout time.Duration // from the first packet to being logged in; 0 is 30 s
	KeepAlive   time.Duration // between two questions whether the host still answers; 0 is 5 s
}

const (
	defaultDialTimeout = 30 * time.Second
	defaultKeepAlive   = 5 * time.Second

	keepAliveRequest = "keepalive@openssh.com" // which no server knows: it is answered, where an answer is wanted, by a refusal
)

func (c Config) withDefaults() Config {
	if c.DialTimeout <= 0 {
		c.DialTimeout = defaultDialTimeout
	}
	if c.KeepAlive <= 0 {
		c.KeepAlive = defaultKeepAlive
	}
	return c
}

// NoAgent as an AgentSocket says that no agent is asked.
const NoAgent = "none"

// recorded is host:port as known_hosts files have it.
func (c Config) recorded() string {
	if c.HostKeyAlias == "" {
		return c.Address
	}
	return net.JoinHostPort(c.HostKeyAlias, "22") // an alias stands there without a port, as one of port 22 does
}

// via is the name of the jump host from which the host is reached, or empty.
func (c Config) via() string {
	if len(c.Jump) == 0 {
		return ""
	}
	return c.Jump[len(c.Jump)-1].Name
}

// Client is a host reached over SSH. It implements [remote.Host].
type Client struct {
	name     string
	ssh      *ssh.Client
	wire     *wire
	sessions *sessions

	// life ends with the connection, and its reason is the error that pending and later calls get.
	life *hosting.Life

	mu      sync.Mutex // guards closing, so that nothing is added to workers once Close waits for them
	closing bool
	workers sync.WaitGroup
}

var _ remote.Host = (*Client)(nil)

// newClient takes over a connection that is logged in, and what it runs on.
func newClient(config Config, connection *ssh.Client, wire *wire) *Client {
	c := &Client{
		name: config.Name, ssh: connection, wire: wire,
		life: hosting.NewLife(),
	}
	c.sessions = newSessions(c)
	c.spawn(c.watch)
	c.spawn(func() { c.keepAlive(config.KeepAlive) })
	return c
}

// Name is the inventory's name for the host.
func (c *Client) Name() string { return c.name }

// Close ends the connection and whatever runs over it, and returns when all of that is over.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.fail(fmt.Errorf("%s: the SSH connection is closed: %w", c.name, net.ErrClosed))
	c.workers.Wait()
	return nil
}

// fail ends the connection for this reason, unless it has ended for another one before.
func (c *Client) fail(why error) {
	c.life.End(why)
	_ = c.ssh.Close() // it fails only when the connection is gone, which is what is wanted
}

// watch notices that the host has ended the connection.
func (c *Client) watch() {
	c.fail(&LostError{Host: c.name, Err: c.ssh.Wait()})
}

// spawn starts a goroutine that Close waits for; it does not once Close has begun.
func (c *Client) spawn(work func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return false
	}
	c.workers.Go(work)
	return true
}

// lost is the error of the ended connection, and nil while it lives.
func (c *Client) lost() error { return c.life.Err() }

// blame replaces an error that is only the echo of an ended connection by the reason of that end. The echo can be heard a
// moment before the reason is known, therefore the wait.
func (c *Client) blame(err error) error {
	soon := time.NewTimer(time.Second)
	defer soon.Stop()
	select {
	case <-c.life.Done():
		return c.lost()
	case <-soon.C:
		return err
	}
}

// keepAlive asks the host again and again for any answer, and ends the connection when none comes: a peer that vanished
// sends no packet to tell so.
func (c *Client) keepAlive(interval time.Duration) {
	const patience = 3 // in intervals: a host under load may be slow to answer
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-c.life.Done():
			return
		case <-tick.C:
		}
		if err := c.ping(patience * interval); err != nil {
			c.fail(&LostError{Host: c.name, Err: err})
			return
		}
	}
}

func (c *Client) ping(patience time.Duration) error {
	answer := make(chan error, 1)
	c.spawn(func() {
		_, _, err := c.ssh.SendRequest(keepAliveRequest, true, nil) // any answer will do, a refusal too
		answer <- err
	})
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case err := <-answer:
		return err
	case <-c.life.Done():
		return c.lost()
	case <-limit.C:
		return errors.New("it has not answered for " + plain.Duration(patience))
	}
}
