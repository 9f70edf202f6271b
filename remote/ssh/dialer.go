package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Dialer makes the SSH connections of a run. What serves several hosts is there once: the connection to a jump host,
// and the passphrase of a key.
//
// Its fields say what holds for all hosts where a [Config] leaves it open, and are not changed after the first Dial. The zero value is ready.
type Dialer struct {
	AgentSocket string        // see [Config]
	DialTimeout time.Duration // see [Config]
	KeepAlive   time.Duration // see [Config]
	Home        string        // the home folder, for the identity files that nobody has to name; empty: there are none
	Ask         Ask           // nil: there is nobody to ask for a passphrase

	once     sync.Once
	unlocked *unlocked

	mu     sync.Mutex // guards what follows
	closed bool
	hops   map[string]*hop
}

// Dial connects, over the jump hosts where there are some, checks the host's key and logs in. Its errors are *ConnectError, *AuthError,
// *JumpError, and those of [github.com/replssl/replssl/remote/hostkey].
func (d *Dialer) Dial(ctx context.Context, config Config) (*Client, error) {
	client, err := d.reach(ctx, d.complete(config))
	if err != nil {
		return nil, err
	}
	client.sessions.prepare()
	return client, nil // it lives until Close: the context bounds the dialing only
}

// Close ends the connections to the jump hosts. What runs over them ends too.
func (d *Dialer) Close() error {
	d.mu.Lock()
	hops := d.hops
	d.hops, d.closed = nil, true
	d.mu.Unlock()
	var all sync.WaitGroup
	for _, hop := range hops {
		all.Go(hop.close)
	}
	all.Wait()
	return nil
}

// reach logs in at a host or a jump host; no session is opened there yet.
//
// There is a second try where the connection to a jump host turned out to be lost, and where the host did not wait for a person who was asked
// for a passphrase: it is known by now.
func (d *Dialer) reach(ctx context.Context, config Config) (*Client, error) {
	client, asked, err := d.reachOnce(ctx, config)
	var lost *LostError
	var cut *ConnectError
	if ctx.Err() == nil && (errors.As(err, &lost) || asked && errors.As(err, &cut)) {
		client, _, err = d.reachOnce(ctx, config)
	}
	return client, err
}

func (d *Dialer) reachOnce(ctx context.Context, config Config) (client *Client, asked bool, err error) {
	attempt, err := newDialing(config, d.open)
	if err != nil {
		return nil, false, err
	}
	defer attempt.keys.close()
	connect := directly
	if len(config.Jump) > 0 {
		hop, err := d.hop(config)
		if err != nil {
			return nil, false, err
		}
		via, err := hop.connect(ctx)
		if err != nil {
			return nil, false, &JumpError{Host: config.Name, Jump: hop.config.Name, Err: err}
		}
		connect = via.forward
	}
	client, err = attempt.dial(ctx, connect)
	return client, attempt.keys.patience.wasPaused(), err
}

// open opens an encrypted identity file, once in a run.
func (d *Dialer) open(ctx context.Context, config Config, id identity) (ssh.Signer, error) {
	d.once.Do(func() { d.unlocked = newUnlocked() })
	return d.unlocked.open(ctx, d.Ask, config.PassphraseCommand, id)
}

// hop is the last of the jump hosts on the way to a host, which may have jump hosts of its own before it.
func (d *Dialer) hop(config Config) (*hop, error) {
	before := len(config.Jump) - 1
	last := config.Jump[before]
	last.Jump = config.Jump[:before]
	last = d.complete(last)
	// Its silence has to be noticed before that of the hosts behind it, to be named as the reason; and it may not depend on them, as they share it.
	last.KeepAlive -= last.KeepAlive >> (before + 1)
	key := sameness(last)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, fmt.Errorf("%s: the SSH connections are closed: %w", config.Name, net.ErrClosed)
	}
	if d.hops == nil {
		d.hops = map[string]*hop{}
	}
	if d.hops[key] == nil {
		d.hops[key] = newHop(last, d.reach)
	}
	return d.hops[key], nil
}

// sameness is what two ways have in common that lead to the same host: all but the names.
func sameness(way Config) string {
	way.Name, way.Jump = "", slices.Clone(way.Jump)
	for i := range way.Jump {
		way.Jump[i].Name = ""
	}
	return fmt.Sprintf("%#v", way)
}

func (d *Dialer) complete(config Config) Config {
	if config.AgentSocket == "" {
		config.AgentSocket = d.AgentSocket
	}
	if config.IdentityFiles == nil && d.Home != "" {
		config.usual = usualIdentities(d.Home)
	}
	if config.DialTimeout <= 0 {
		config.DialTimeout = d.DialTimeout
	}
	if config.KeepAlive <= 0 {
		config.KeepAlive = d.KeepAlive
	}
	return config.withDefaults()
}
