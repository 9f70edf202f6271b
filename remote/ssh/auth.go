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
	config Config
	left   []key
	tried  []string
	agent  net.Conn // nil without an agent
}

type key struct {
	what   string
	signer ssh.Signer
}

// gather collects the usable keys; one that is not usable is remembered as tried, with the reason.
func gather(ctx context.Context, config Config) *keyring {
	k := &keyring{config: config}
	var preferred ssh.PublicKey
	if config.IdentityFile != "" {
		preferred = k.addIdentity(config.IdentityFile)
	}
	if config.AgentSocket != "" {
		k.addAgent(ctx, config.AgentSocket, preferred)
	}
	return k
}

// addIdentity gives back the public key of an identity that is encrypted, if it shows it: the agent may hold it unlocked.
func (k *keyring) addIdentity(path string) ssh.PublicKey {
	signer, err := readIdentity(path)
	if err == nil {
		k.left = append(k.left, key{what: "identity file " + path, signer: signer})
		return nil
	}
	k.tried = append(k.tried, fmt.Sprintf("identity file %s (not offered: %v)", path, err))
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return locked.PublicKey
	}
	return nil
}

func readIdentity(path string) (ssh.Signer, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the path is the inventory's
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return nil, fmt.Errorf("it is encrypted; an SSH agent can serve it, after ssh-add %s: %w", path, err)
	}
	return signer, err
}

// addAgent adds the keys of the agent, the preferred one first: sshd ends a login after six keys that it does not know.
func (k *keyring) addAgent(ctx context.Context, socket string, preferred ssh.PublicKey) {
	signers, err := k.askAgent(ctx, socket)
	if err == nil && len(signers) == 0 {
		err = errors.New("it holds no key")
	}
	if err != nil {
		k.tried = append(k.tried, fmt.Sprintf("agent %s (%v)", socket, err))
		return
	}
	slices.SortStableFunc(signers, func(a, b ssh.Signer) int { return rank(a, preferred) - rank(b, preferred) })
	for _, signer := range signers {
		what := "agent key " + hostkey.Fingerprint(signer.PublicKey())
		k.left = append(k.left, key{what: what, signer: signer})
	}
}

func rank(signer ssh.Signer, preferred ssh.PublicKey) int {
	if preferred != nil && bytes.Equal(signer.PublicKey().Marshal(), preferred.Marshal()) {
		return 0
	}
	return 1
}

func (k *keyring) askAgent(ctx context.Context, socket string) ([]ssh.Signer, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	k.agent = conn
	bind(ctx, conn) // never released: the agent is not needed after the login
	return agent.NewClient(conn).Signers()
}

// next is the ssh.ClientAuthCallback: it picks what to try, until nothing is left.
func (k *keyring) next(state *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	if len(k.left) == 0 || !slices.Contains(state.AllowedMethods, "publickey") {
		return nil, nil //nolint:nilnil // how the library is told that there is nothing more
	}
	offer := k.left[0]
	k.left = k.left[1:]
	k.tried = append(k.tried, offer.what)
	return ssh.PublicKeys(offer.signer), nil
}

func (k *keyring) failure(err error) error {
	return &AuthError{Host: k.config.Name, User: k.config.User, Tried: k.tried, Err: err}
}

func (k *keyring) close() {
	if k.agent != nil {
		_ = k.agent.Close()
	}
}
