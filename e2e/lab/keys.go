package lab

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// writeKeys makes the client's key, a host key for each sshd, and the list of the host keys.
func (l *Lab) writeKeys() error {
	client, err := writeKey(l.IdentityFile(), "replssl-lab")
	if err != nil {
		return err
	}
	if err := writeFile(l.AuthorizedKeysFile(), ssh.MarshalAuthorizedKey(client), 0o644); err != nil {
		return err
	}
	var known strings.Builder
	for i, s := range l.Servers {
		if i > 0 && s.HostKeyFile == l.Servers[0].HostKeyFile {
			continue
		}
		host, err := writeKey(s.HostKeyFile, s.Name)
		if err != nil {
			return err
		}
		known.WriteString(knownhosts.Line([]string{knownhosts.Normalize(s.SSHAddress())}, host) + "\n")
	}
	return writeFile(l.KnownHostsFile(), []byte(known.String()), 0o644)
}

func writeKey(path, comment string) (ssh.PublicKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("lab: make %s: %w", path, err)
	}
	block, err := ssh.MarshalPrivateKey(private, comment)
	if err != nil {
		return nil, fmt.Errorf("lab: make %s: %w", path, err)
	}
	if err := writeFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, err
	}
	return ssh.NewPublicKey(public)
}

// writeFile writes a file with exactly this mode, whatever the umask is.
func writeFile(path string, content []byte, mode os.FileMode) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	if err := os.Chmod(path, mode); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	return nil
}

// newPassword makes 24 characters that mean nothing special in SQL.
func newPassword() string { return rand.Text()[:24] }
