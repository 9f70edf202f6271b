package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/replssl/replssl/remote/hostkey"
)

// keyring offers keys to the host one after the other, and remembers what it offered.
//
// One key is one authentication method here: so a key that fails to sign (an agent may ask its owner, who declines) is
// followed by the next, where a list of keys in one method would end at it.
type keyring struct {
	config    Config
	left      []key
	tried     []string
	offered   bool          // of the tried, one was offered
	wants     []string      // the ways in that the host allows, where a key is none of them
	askAgent  bool          // the agent has not been asked yet
	preferred ssh.PublicKey // of an encrypted identity: the agent may hold it unlocked
	agent     net.Conn      // nil when the agent was not asked
}

type key struct {
	what   string
	signer ssh.Signer
}

// gather reads the identity file; one that is not usable is remembered as tried, with the reason.
func gather(config Config) *keyring {
	k := &keyring{config: config, askAgent: config.AgentSocket != ""}
	for _, file := range config.IdentityFiles {
		k.addIdentity(file)
	}
	return k
}

// hopeless tells that there is nothing to offer.
func (k *keyring) hopeless() bool { return len(k.left) == 0 && !k.askAgent }

func (k *keyring) addIdentity(path string) {
	signer, err := readIdentity(path)
	if err == nil {
		k.left = append(k.left, key{what: "identity file " + path, signer: signer})
		return
	}
	k.tried = append(k.tried, fmt.Sprintf("identity file %s (not offered: %s)", path, cause(err)))
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		k.preferred = locked.PublicKey
	}
}

func readIdentity(path string) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	var fault *os.PathError
	if errors.As(err, &fault) {
		return nil, fault.Err // the path is told already
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, &identityError{path: path, err: err}
	}
	return signer, nil
}

// identityError says why a file holds no key that can be offered.
type identityError struct {
	path string
	err  error
}

func (e *identityError) Error() string {
	var locked *ssh.PassphraseMissingError
	if errors.As(e.err, &locked) {
		return "it is encrypted; an SSH agent can serve it, after ssh-add " + e.path
	}
	return "it holds no private key of a kind that is known"
}

func (e *identityError) Unwrap() error { return e.err }

// next picks what to try, for the ssh.ClientAuthCallback, until nothing is left. The agent is not asked before its keys are
// needed: one that hangs must not keep out a user whose identity file would do.
func (k *keyring) next(ctx context.Context, state *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	if len(k.left) == 0 && k.askAgent {
		k.askAgent = false
		k.addAgent(ctx, k.config.AgentSocket)
	}
	if !slices.Contains(state.AllowedMethods, "publickey") {
		k.wants = state.AllowedMethods
		return nil, nil //nolint:nilnil // how the library is told that there is nothing more
	}
	if len(k.left) == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	offer := k.left[0]
	k.left = k.left[1:]
	k.tried, k.offered = append(k.tried, offer.what), true
	return ssh.PublicKeys(offer.signer), nil
}

// addAgent adds the keys of the agent, the preferred one first: sshd ends a login after six keys that it does not know.
func (k *keyring) addAgent(ctx context.Context, socket string) {
	signers, err := k.listAgent(ctx, socket)
	if err == nil && len(signers) == 0 {
		err = errors.New("it holds no key")
	}
	if err != nil {
		k.tried = append(k.tried, fmt.Sprintf("agent %s (%s)", socket, cause(err)))
		return
	}
	slices.SortStableFunc(signers, func(a, b ssh.Signer) int { return k.rank(a) - k.rank(b) })
	for _, signer := range signers {
		what := "agent key " + hostkey.Fingerprint(signer.PublicKey())
		k.left = append(k.left, key{what: what, signer: signer})
	}
}

func (k *keyring) rank(signer ssh.Signer) int {
	if k.preferred != nil && bytes.Equal(signer.PublicKey().Marshal(), k.preferred.Marshal()) {
		return 0
	}
	return 1
}

func (k *keyring) listAgent(ctx context.Context, socket string) ([]ssh.Signer, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	k.agent = conn
	bind(ctx, conn) // never released: the agent is not needed after the login
	return agent.NewClient(conn).Signers()
}

func (k *keyring) failure(err error) error {
	return &AuthError{Host: k.config.Name, User: k.config.User, Tried: k.tried, Offered: k.offered, Wants: k.wants, Err: err}
}

func (k *keyring) close() {
	if k.agent != nil {
		_ = k.agent.Close()
	}
}
