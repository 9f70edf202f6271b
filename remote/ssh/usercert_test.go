package ssh_test

import (
	"crypto/rand"
	"fmt"
	"net"
	"os/user"
	"path/filepath"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/ssh"
)

// authority signs certificates of users.
func authority(t *testing.T) gossh.Signer {
	t.Helper()
	signer, _ := remotetest.NewKey(t)
	return signer
}

func userCertificate(t *testing.T, ca gossh.Signer, key gossh.PublicKey, until time.Time) *gossh.Certificate {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	c := &gossh.Certificate{
		Key: key, CertType: gossh.UserCert, KeyId: "dba", ValidPrincipals: []string{me.Username}, ValidBefore: uint64(until.Unix()),
		Permissions: gossh.Permissions{Extensions: map[string]string{"permit-port-forwarding": ""}},
	}
	if err := c.SignCert(rand.Reader, ca); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCertificatesOfUsersLetIn at a real sshd that trusts an authority, and knows none of the keys.
func TestCertificatesOfUsersLetIn(t *testing.T) {
	ca := authority(t)
	trusted := filepath.Join(t.TempDir(), "ca")
	write(t, trusted, string(gossh.MarshalAuthorizedKey(ca.PublicKey())))
	base := startOpenSSH(t, "TrustedUserCAKeys "+trusted)
	until := time.Now().Add(time.Hour)
	fresh := func(t *testing.T) (file string, signer gossh.Signer) {
		signer, private := remotetest.NewKey(t)
		file = filepath.Join(t.TempDir(), "id")
		write(t, file, string(private))
		return file, signer
	}
	put := func(t *testing.T, path string, c *gossh.Certificate) {
		write(t, path, string(gossh.MarshalAuthorizedKey(c)))
	}
	for name, prepare := range map[string]func(*testing.T, *ssh.Config){
		"beside the key": func(t *testing.T, config *ssh.Config) {
			file, signer := fresh(t)
			put(t, file+"-cert.pub", userCertificate(t, ca, signer.PublicKey(), until))
			config.IdentityFiles = []string{file}
		},
		"in a file of its own": func(t *testing.T, config *ssh.Config) {
			file, signer := fresh(t)
			config.IdentityFiles, config.CertificateFiles = []string{file}, []string{file + ".signed"}
			put(t, file+".signed", userCertificate(t, ca, signer.PublicKey(), until))
		},
		"of a key in the agent": func(t *testing.T, config *ssh.Config) {
			file, signer := fresh(t)
			config.IdentityFiles, config.CertificateFiles, config.AgentSocket = []string{}, []string{file + ".signed"}, agentWith(t, file)
			put(t, file+".signed", userCertificate(t, ca, signer.PublicKey(), until))
		},
		"in the agent": func(t *testing.T, config *ssh.Config) {
			file, signer := fresh(t)
			raw, err := gossh.ParseRawPrivateKey([]byte(read(t, file)))
			if err != nil {
				t.Fatal(err)
			}
			keyring := agent.NewKeyring()
			if err := keyring.Add(agent.AddedKey{PrivateKey: raw, Certificate: userCertificate(t, ca, signer.PublicKey(), until)}); err != nil {
				t.Fatal(err)
			}
			config.IdentityFiles = []string{}
			config.AgentSocket = remotetest.Listen(t, "unix", func(conn net.Conn) { _ = agent.ServeAgent(keyring, conn) })
		},
		"of an encrypted key": func(t *testing.T, config *ssh.Config) {
			locked, _, public := encryptedKey(t)
			put(t, locked+"-cert.pub", userCertificate(t, ca, public, until))
			config.IdentityFiles, config.PassphraseCommand = []string{locked}, "echo passphrase"
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := base
			prepare(t, &config)
			reaches(t, newDialer(t), config)
		})
	}
	t.Run("expired", func(t *testing.T) {
		config := base
		file, signer := fresh(t)
		put(t, file+"-cert.pub", userCertificate(t, ca, signer.PublicKey(), time.Unix(1e9, 0)))
		config.IdentityFiles = []string{file}
		_ = refuses(t, newDialer(t), config, "authorized_keys", fmt.Sprintf("certificate %s-cert.pub (which expired 2001-09-09 01:46:40 UTC)", file))
	})
}
