package hostkey_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/replssl/replssl/remote/hostkey"
)

func newSigner(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// certify makes a certificate of a host for these names, which the change may spoil.
func certify(t *testing.T, ca ssh.Signer, key ssh.PublicKey, change func(*ssh.Certificate), names ...string) *ssh.Certificate {
	t.Helper()
	c := &ssh.Certificate{Key: key, CertType: ssh.HostCert, KeyId: "host", ValidPrincipals: names, ValidBefore: uint64(time.Now().Add(time.Hour).Unix())}
	if change != nil {
		change(c)
	}
	if err := c.SignCert(rand.Reader, ca); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnAuthoritysCertificatesPass(t *testing.T) {
	ca := newSigner(t)
	policy, _ := load(t, "@cert-authority *.example.com "+plain(ca.PublicKey()), "@cert-authority [db9.example.com]:2222 "+plain(ca.PublicKey()))
	for _, key := range []ssh.PublicKey{newKey(t), newRSA(t)} { // of any type, whatever that of the authority
		for hostPort, name := range map[string]string{
			host: "db1.example.com", "db1.example.com:2222": "db1.example.com", "db9.example.com:2222": "db9.example.com",
		} {
			if err := check(policy, hostPort, certify(t, ca, key, nil, name)); err != nil {
				t.Errorf("%s: %v", hostPort, err)
			}
		}
	}
	for _, wanted := range []string{ssh.CertAlgoED25519v01, ssh.CertAlgoRSASHA512v01, ssh.CertAlgoECDSA256v01, ssh.KeyAlgoED25519} {
		if !slices.Contains(policy.Algorithms(host), wanted) {
			t.Errorf("%s is not asked for", wanted)
		}
	}
	if slices.Contains(policy.Algorithms(host), ssh.CertAlgoRSAv01) {
		t.Error("a certificate by SHA-1 is asked for")
	}
}

func TestCertificatesThatAreNotBelieved(t *testing.T) {
	ca, other := newSigner(t), newSigner(t)
	policy, file := load(t, "@cert-authority *.example.com "+plain(ca.PublicKey()))
	name := "db1.example.com"
	for what, test := range map[string]struct {
		key  ssh.PublicKey
		want string
	}{
		"expired": {
			certify(t, ca, newKey(t), func(c *ssh.Certificate) { c.ValidBefore = 1e9 }, name), "it expired 2001-09-09 01:46:40 UTC",
		},
		"too early": {
			certify(t, ca, newKey(t), func(c *ssh.Certificate) {
				c.ValidAfter, c.ValidBefore = 4e9, ssh.CertTimeInfinity
			}, name), "it is not valid before 2096-10-02",
		},
		"another name":      {certify(t, ca, newKey(t), nil, "db2.example.com"), "it is for db2.example.com, not for db1.example.com"},
		"another authority": {certify(t, other, newKey(t), nil, name), "that authority is not recorded for it in " + file},
		"of a user":         {certify(t, ca, newKey(t), func(c *ssh.Certificate) { c.CertType = ssh.UserCert }, name), "for users, not for hosts"},
		"no certificate":    {newKey(t), "it is no certificate, and " + file + " line 1 trusts those of the authority " + hostkey.Fingerprint(ca.PublicKey())},
	} {
		err := check(policy, host, test.key)
		var refused *hostkey.CertificateError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), test.want) || refused.Host != host || !strings.Contains(refused.Hint(), "@cert-authority") {
			t.Errorf("%s: got %v", what, err)
		}
	}
	var unknown *hostkey.UnknownError
	if err := check(policy, "db1.example.org:22", certify(t, ca, newKey(t), nil, "db1.example.org")); !errors.As(err, &unknown) {
		t.Errorf("a host of nobody's record: %v", err)
	}
}

func TestASignatureBySHA1IsNotBelieved(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	able, ok := ca.(ssh.AlgorithmSigner)
	if !ok {
		t.Fatal("an RSA key cannot sign with SHA-1 here")
	}
	policy, _ := load(t, "@cert-authority *.example.com "+plain(ca.PublicKey()))
	sign := func(algorithm string) error {
		signer, err := ssh.NewSignerWithAlgorithms(able, []string{algorithm})
		if err != nil {
			t.Fatal(err)
		}
		c := certify(t, signer, newKey(t), nil, "db1.example.com")
		if c.Signature.Format != algorithm {
			t.Fatalf("signed by %s, wanted %s", c.Signature.Format, algorithm)
		}
		return check(policy, host, c)
	}
	var refused *hostkey.CertificateError
	if err := sign(ssh.KeyAlgoRSA); !errors.As(err, &refused) || !strings.Contains(refused.Why, "(ssh-rsa) is by SHA-1") {
		t.Errorf("by SHA-1: got %v", err)
	}
	if err := sign(ssh.KeyAlgoRSASHA512); err != nil {
		t.Errorf("by SHA-512: %v", err)
	}
}

func TestARevokedAuthorityIsRefused(t *testing.T) {
	ca, key := newSigner(t), newKey(t)
	for what, revoked := range map[string]ssh.PublicKey{"the authority": ca.PublicKey(), "the key": key} {
		policy, _ := load(t, "@cert-authority * "+plain(ca.PublicKey()), "@revoked * "+plain(revoked))
		var refused *hostkey.RevokedError
		if err := check(policy, host, certify(t, ca, key, nil, "db1.example.com")); !errors.As(err, &refused) || refused.Line != 2 {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestOneOfSeveralFilesIsEnough(t *testing.T) {
	key := newKey(t)
	folder := t.TempDir()
	none, file := filepath.Join(folder, "none"), filepath.Join(folder, "known_hosts")
	if err := os.WriteFile(file, []byte(knownhosts.Line([]string{host}, key)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	policy, err := hostkey.Load(none, file)
	if err != nil {
		t.Fatal(err)
	}
	if err := check(policy, host, key); err != nil {
		t.Error(err)
	}
	var unread *hostkey.FileError
	if _, err := hostkey.Load(none, filepath.Join(folder, "nor this")); !errors.As(err, &unread) || unread.File != none {
		t.Errorf("got %v", err)
	}
	if _, err := hostkey.Load(file, folder); !errors.As(err, &unread) || unread.File != folder {
		t.Errorf("one that is there and cannot be read: %v", err)
	}
}

func TestSeveralTypesOfKeysAreAskedFor(t *testing.T) {
	recorded := newRSA(t)
	policy, _ := load(t, knownhosts.Line([]string{knownhosts.HashHostname("[db1.example.com]:2222")}, newKey(t)),
		knownhosts.Line([]string{"[db1.example.com]:2222"}, recorded))
	want := []string{ssh.KeyAlgoED25519, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	if got := policy.Algorithms("db1.example.com:2222"); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if err := check(policy, "db1.example.com:2222", recorded); err != nil {
		t.Error(err)
	}
}
