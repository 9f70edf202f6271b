package ssh_test

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote/hostkey"
)

// TestCertificatesOfHosts at a real sshd whose key nobody has recorded.
func TestCertificatesOfHosts(t *testing.T) {
	ca := authority(t)
	folder := t.TempDir()
	hostKey := makeHostKey(t, filepath.Join(folder, "signed"))
	certificate := func(until time.Time) string {
		c := &gossh.Certificate{
			Key: hostKey, CertType: gossh.HostCert, KeyId: "host", ValidPrincipals: []string{"127.0.0.1", "alias"}, ValidBefore: uint64(until.Unix()),
		}
		if err := c.SignCert(rand.Reader, ca); err != nil {
			t.Fatal(err)
		}
		return string(gossh.MarshalAuthorizedKey(c))
	}
	file := filepath.Join(folder, "signed-cert.pub")
	write(t, file, certificate(time.Now().Add(time.Hour)))
	config := startOpenSSH(t, "HostKey "+filepath.Join(folder, "signed"), "HostCertificate "+file)
	known := filepath.Join(folder, "known_hosts")
	config.KnownHosts = []string{known}
	trust := func(pattern string, key gossh.PublicKey) {
		write(t, known, "@cert-authority "+pattern+" "+string(gossh.MarshalAuthorizedKey(key)))
	}
	trust("127.0.0.*", ca.PublicKey())
	reaches(t, newDialer(t), config)
	trust("alias", ca.PublicKey())
	aliased := config
	aliased.HostKeyAlias = "alias"
	reaches(t, newDialer(t), aliased)
	trust("127.0.0.*", authority(t).PublicKey())
	var refused *hostkey.CertificateError
	if err := refuses(t, newDialer(t), config, "@cert-authority", "that authority is not recorded"); !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
}

func TestAHostKeyIsRecordedUnderItsAlias(t *testing.T) {
	config := startOpenSSH(t)
	key := read(t, config.KnownHosts[0])
	_, kind, _ := strings.Cut(key, " ")
	write(t, config.KnownHosts[0], "alias "+kind)
	var unknown *hostkey.UnknownError
	if err := refuses(t, newDialer(t), config, "add this line to "+config.KnownHosts[0]); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
	config.HostKeyAlias = "alias"
	record := read(t, config.KnownHosts[0])
	write(t, config.KnownHosts[0], "")
	_ = refuses(t, newDialer(t), config, "add this line to "+config.KnownHosts[0]+": "+strings.TrimSpace(record))
	write(t, config.KnownHosts[0], record)
	reaches(t, newDialer(t), config)
}
