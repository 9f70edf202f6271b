package pkistore

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// ownFiles are the files of a server as an administrator keeps them.
func ownFiles(t *testing.T) (paths topology.Given, files Files) {
	t.Helper()
	store := withCA(t)
	issue(t, store, "db1", 1)
	files, err := store.Files("db1", 1)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	paths = topology.Given{
		CA: filepath.Join(dir, "corporate.pem"), Cert: filepath.Join(dir, "db1.pem"), Key: filepath.Join(dir, "db1.key"),
		Chain: filepath.Join(dir, "chain.pem"), CRL: filepath.Join(dir, "revoked.pem"),
	}
	write(t, paths.CA, append([]byte("ours\n"), files.CA...), 0o644)
	write(t, paths.Cert, files.Cert, 0o644)
	write(t, paths.Chain, files.CA, 0o644)
	write(t, paths.CRL, revoked(t, store, files.CA), 0o644)
	write(t, paths.Key, []byte(files.Key.Reveal()), 0o600)
	return paths, files
}

// revoked is a list of the store's authority, below a comment.
func revoked(t *testing.T, store Store, ca []byte) []byte {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(store.Dir(), "ca-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	authority, err := pki.ParseAuthority(ca, key)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour)}
	der, err := x509.CreateRevocationList(rand.Reader, template, authority.Cert, authority.Key)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte("a list\n"), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})...)
}

func write(t *testing.T, path string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestOwnFilesAreReadAsTheyGoToTheHost(t *testing.T) {
	paths, files := ownFiles(t)
	own, err := ReadOwn(paths)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(own.CA, files.CA) || !bytes.Equal(own.Cert, files.Cert) { // no comment, no root behind the certificate
		t.Errorf("%s\n%s", own.CA, own.Cert)
	}
	if own.Key.Reveal() != files.Key.Reveal() || own.KeySHA256 != digest([]byte(files.Key.Reveal())) || own.KeyForm != pki.PKCS1 || own.KeyFingerprint == "" {
		t.Errorf("%q %q %q", own.KeySHA256, own.KeyForm, own.KeyFingerprint)
	}
	if list, err := os.ReadFile(paths.CRL); err != nil || !bytes.Equal(own.CRL, list) {
		t.Errorf("%q %v", own.CRL, err)
	}
	paths.Chain, paths.CRL = "", ""
	if own, err = ReadOwn(paths); err != nil || own.CRL != nil || !bytes.Equal(own.Cert, files.Cert) {
		t.Errorf("%+v %v", own, err)
	}
}

// TestOwnFilesThatCannotBeUsed: the error names the operator's path once, tells why, and helps.
func TestOwnFilesThatCannotBeUsed(t *testing.T) {
	for name, c := range map[string]struct {
		spoil      func(*topology.Given)
		path       func(topology.Given) string
		says, hint string
	}{
		"missing":     {func(p *topology.Given) { p.CA += ".not" }, func(p topology.Given) string { return p.CA }, "no such file", "correct the path"},
		"a folder":    {func(p *topology.Given) { p.Cert = filepath.Dir(p.Cert) }, func(p topology.Given) string { return p.Cert }, "it is no file", "correct the path"},
		"no chain":    {func(p *topology.Given) { p.Chain = p.CRL }, func(p topology.Given) string { return p.Chain }, "not a certificate", "openssl x509 -in /"},
		"no key":      {func(p *topology.Given) { p.Key = p.CRL; _ = os.Chmod(p.CRL, 0o600) }, func(p topology.Given) string { return p.Key }, "private key", "openssl pkey -in /"},
		"CRL missing": {func(p *topology.Given) { p.CRL += ".not" }, func(p topology.Given) string { return p.CRL }, "no such file", "correct the path"},
		"a pipe": {func(p *topology.Given) {
			_ = os.Remove(p.Key)
			_ = unix.Mkfifo(p.Key, 0o600)
		}, func(p topology.Given) string { return p.Key }, "it is no file", "correct the path"},
		"too large": {func(p *topology.Given) { _ = os.Truncate(p.CA, maxFile+1) }, func(p topology.Given) string { return p.CA }, "larger than", "inspect"},
	} {
		t.Run(name, func(t *testing.T) {
			paths, _ := ownFiles(t)
			c.spoil(&paths)
			_, err := ReadOwn(paths)
			var fault *OwnError
			if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.path(paths)+": ") || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%v", err)
			}
			if !strings.Contains(fault.Hint(), c.hint) {
				t.Errorf("the hint is %q", fault.Hint())
			}
			if strings.Count(err.Error(), c.path(paths)) > 1 {
				t.Errorf("the path is told twice: %v", err)
			}
		})
	}
}

func TestOwnKeyThatOthersCanRead(t *testing.T) {
	paths, _ := ownFiles(t)
	if err := os.Chmod(paths.Key, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err := ReadOwn(paths)
	var open *ModeError
	if !errors.As(err, &open) || open.Path != paths.Key {
		t.Errorf("%v", err)
	}
}

// TestOwnFilesAreReadAnew: what is remembered of one look is never taken for what the next one finds.
func TestOwnFilesAreReadAnew(t *testing.T) {
	paths, _ := ownFiles(t)
	reader := NewOwnReader()
	servers := []topology.Server{{Name: "db1", Given: paths}}
	before := reader.All(servers)["db1"]
	if before.Err != nil {
		t.Fatal(before.Err)
	}
	other, _ := ownFiles(t)
	cert, err := os.ReadFile(other.Cert)
	if err != nil {
		t.Fatal(err)
	}
	write(t, paths.Cert, cert, 0o644)
	after := reader.All(servers)["db1"]
	if after.Err != nil || bytes.Equal(after.Own.Cert, before.Own.Cert) || after.Own.KeyFingerprint != before.Own.KeyFingerprint {
		t.Errorf("%+v", after)
	}
	if err := os.Remove(paths.Key); err != nil {
		t.Fatal(err)
	}
	if gone := reader.All(servers)["db1"]; gone.Err == nil {
		t.Error("a key that is gone is still known")
	}
}
