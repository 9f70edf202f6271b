package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/replssl/replssl/remote/hostkey"
)

// keyring offers keys to the host one after the other, and remembers what it offered.
//
// One key is one authentication method here: so a key that fails to sign (an agent may ask its owner, who declines) is
// followed by the next, where a list of keys in one method would end at it.
type keyring struct {
	config   Config
	opener   opener
	patience *patience // of the login; nil before it

	left         []key
	later        []key // encrypted files that nobody named: after the agent's keys
	named        []key // encrypted files that were named: before the agent's other keys
	known        []ssh.PublicKey
	certificates []certificate // that are to be joined with a key of the agent

	tried    []string
	exposed  []string // identity files that others may read
	offered  bool     // of the tried, one was offered
	wants    []string // the ways in that the host allows, where a key is none of them
	askAgent bool     // the agent has not been asked yet
	agent    net.Conn // nil when the agent was not asked

	mu     sync.Mutex // guards what follows
	locked *PassphraseError
	asking bool // an answer of the agent is waited for
}

// key is one that can be offered.
type key struct {
	what   string
	signer ssh.Signer
	open   func(context.Context) (ssh.Signer, error) // where not even the public half is known before
}

// gather reads the identity files; one that is not usable is remembered as tried, with the reason.
func gather(config Config, opener opener) *keyring {
	k := &keyring{config: config, opener: opener, askAgent: config.AgentSocket != "" && config.AgentSocket != NoAgent}
	for _, file := range config.CertificateFiles {
		k.addCertificate(file)
	}
	for _, file := range config.IdentityFiles {
		k.addIdentity(file, true)
	}
	if config.IdentityFiles == nil {
		for _, file := range config.usual {
			k.addIdentity(file, false)
		}
	}
	return k
}

// hopeless tells that there is nothing to offer.
func (k *keyring) hopeless() bool { return len(k.left)+len(k.named)+len(k.later) == 0 && !k.askAgent }

func (k *keyring) addIdentity(path string, named bool) {
	id, err := readIdentity(path)
	if err != nil {
		k.tried = append(k.tried, fmt.Sprintf("identity file %s (not offered: %s)", path, cause(err)))
		var exposed *exposedError
		if errors.As(err, &exposed) {
			k.exposed = append(k.exposed, path)
		}
		return
	}
	if id.public != nil {
		k.known = append(k.known, id.public)
	}
	switch {
	case id.signer != nil:
		k.left = append(k.left, k.withCertificates(key{what: id.what(), signer: id.signer}, id.certificate)...)
	case !id.encrypted: // a public key: the agent has to sign for it
		k.tried = append(k.tried, id.what()+" (public: the agent may hold its private key)")
	default:
		locked := k.withCertificates(k.lock(id), id.certificate)
		if named {
			k.named = append(k.named, locked...)
		} else {
			k.later = append(k.later, locked...)
		}
	}
}

// lock is an encrypted key: it is opened when the host has said that it takes it.
func (k *keyring) lock(id identity) key {
	open := func(ctx context.Context) (ssh.Signer, error) {
		resume := k.patience.pause() // a person may take as long as a person takes
		defer resume()
		signer, err := k.opener(ctx, k.config, id)
		var locked *PassphraseError
		if errors.As(err, &locked) {
			k.mu.Lock()
			k.locked = locked
			k.mu.Unlock()
		}
		return signer, err
	}
	if id.public == nil {
		return key{what: id.what(), open: open}
	}
	return key{what: id.what(), signer: &lazySigner{public: id.public, open: open, ring: k}}
}

// next picks what to try, for the ssh.ClientAuthCallback, until nothing is left. The agent is not asked before its keys are
// needed: one that hangs must not keep out a user whose identity file would do.
func (k *keyring) next(ctx context.Context, state *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	if !slices.Contains(state.AllowedMethods, "publickey") {
		k.wants = state.AllowedMethods
		return nil, nil //nolint:nilnil // how the library is told that there is nothing more
	}
	for {
		if len(k.left) == 0 && !k.refill(ctx) {
			return nil, nil //nolint:nilnil // as above
		}
		offer := k.left[0]
		k.left = k.left[1:]
		if offer.signer == nil {
			signer, err := offer.open(ctx)
			if err != nil {
				k.tried = append(k.tried, fmt.Sprintf("%s (not offered: %s)", offer.what, cause(err)))
				continue
			}
			offer.signer = signer
		}
		k.tried, k.offered = append(k.tried, offer.what), true
		return ssh.PublicKeys(offer.signer), nil
	}
}

// refill turns to what was kept for later: the agent's keys, and encrypted files.
func (k *keyring) refill(ctx context.Context) bool {
	if k.askAgent {
		k.askAgent = false
		k.addAgent(ctx, k.config.AgentSocket)
	} else {
		k.left = append(k.left, k.named...)
		k.left = append(k.left, k.later...)
		k.named, k.later = nil, nil
	}
	return len(k.left) > 0 || len(k.named)+len(k.later) > 0 && k.refill(ctx)
}

// addAgent adds the keys of the agent, those of identity files first: sshd ends a login after six keys that it does not know. What the agent
// can sign for needs no passphrase.
func (k *keyring) addAgent(ctx context.Context, socket string) {
	signers, err := k.listAgent(ctx, socket)
	if err == nil && len(signers) == 0 {
		err = errors.New("it holds no key")
	}
	if err != nil {
		k.tried = append(k.tried, fmt.Sprintf("agent %s (%s)", socket, cause(err)))
		return
	}
	var first, rest []key
	for _, signer := range signers {
		offer := key{what: "agent key " + hostkey.Fingerprint(signer.PublicKey()), signer: &agentSigner{signer, k}}
		if k.knows(signer.PublicKey()) {
			first = append(first, k.withCertificates(offer, nil)...)
			k.forget(signer.PublicKey())
		} else if !k.config.IdentitiesOnly {
			rest = append(rest, k.withCertificates(offer, nil)...)
		}
	}
	k.left = slices.Concat(k.left, first, k.named, rest)
	k.named = nil
}

// knows says that a key, or that of a certificate, belongs to an identity file.
func (k *keyring) knows(public ssh.PublicKey) bool {
	return slices.ContainsFunc(k.known, func(known ssh.PublicKey) bool { return sameKey(known, public) })
}

// forget leaves out the encrypted file of a key that the agent holds.
func (k *keyring) forget(public ssh.PublicKey) {
	held := func(offer key) bool { return offer.signer != nil && sameKey(offer.signer.PublicKey(), public) }
	k.named, k.later = slices.DeleteFunc(k.named, held), slices.DeleteFunc(k.later, held)
}

func (k *keyring) listAgent(ctx context.Context, socket string) ([]ssh.Signer, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	k.agent = conn
	bind(ctx, conn) // never released: the agent is not needed after the login
	defer k.waitForAgent()()
	return agent.NewClient(conn).Signers()
}

// waitForAgent notes that the agent is being waited for, until the release.
func (k *keyring) waitForAgent() (release func()) {
	set := func(asking bool) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.asking = asking
	}
	set(true)
	return func() {
		if ended := k.patience.ended(); !ended { // else it is what the login hung at
			set(false)
		}
	}
}

// hangsAtAgent says that the time ended while the agent was waited for.
func (k *keyring) hangsAtAgent() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.asking
}

func (k *keyring) failure(err error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return &AuthError{
		Host: k.config.Name, User: k.config.User, Tried: k.tried, Exposed: k.exposed, Offered: k.offered, Wants: k.wants, Locked: k.locked, Err: err,
	}
}

func (k *keyring) close() {
	if k.agent != nil {
		_ = k.agent.Close()
	}
}

// sameKey compares two keys; a certificate is the same as the key that it is of.
func sameKey(a, b ssh.PublicKey) bool { return bytes.Equal(bare(a).Marshal(), bare(b).Marshal()) }

func bare(public ssh.PublicKey) ssh.PublicKey {
	if parsed, err := ssh.ParsePublicKey(public.Marshal()); err == nil { // the agent's keys are blobs
		public = parsed
	}
	if certificate, ok := public.(*ssh.Certificate); ok {
		return certificate.Key
	}
	return public
}
