package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// passphrase writes a passphrase into a file of its own.
func (c *cluster) passphrase(name, text string) string {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), name)
	must(c.t, os.WriteFile(path, []byte(text+"\n"), 0o600))
	return path
}

// untouched asserts that no host has a TLS dir, and that nothing was issued.
func (c *cluster) untouched() {
	c.t.Helper()
	for _, s := range c.Servers {
		for _, path := range []string{filepath.Join(c.Dir, s.Name, "tls"), filepath.Join(c.Dir, "pki", s.Name)} {
			if _, err := os.Lstat(path); err == nil {
				c.t.Errorf("%s was made", path)
			}
		}
	}
}

// TestSealedAuthority secures a cluster whose authority has a sealed key, looks at the certificates, spoils them and finds each fault.
func TestSealedAuthority(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	right, wrong := c.passphrase("right", "correct-horse"), c.passphrase("wrong", "battery")
	c.want(0, "pki", "init", "--seal", "--passphrase-file", right)

	c.want(1, "apply", "--yes").says(t, "is sealed; there is no terminal to ask for the passphrase at; nothing was changed")
	c.edit(`policy:`, fmt.Sprintf("tls: {authority: {passphrase_file: %s}}\npolicy:", wrong))
	c.want(1, "apply", "--yes").says(t, "is sealed; the passphrase file "+wrong+": the passphrase is wrong; nothing was changed")
	c.untouched()
	c.edit(`passphrase_file: .*wrong`, "passphrase_command: cat "+right)
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.edit(`passphrase_command: cat `, "passphrase_file: ")
	c.proven()
	c.want(0, "pki", "issue", "replica2")

	c.want(0, "pki", "list").says(t, "authority key: sealed", "primary ", "replica1 ", "2 newest")
	c.want(0, "pki", "inspect", "primary").says(t, "version 1, in use", "the certificate that it serves is that of the version in use")
	c.want(0, "pki", "lint").says(t, "nothing found", "subject: primary:")
	primary := c.Primary()
	address := fmt.Sprintf("%s:%d", primary.Address, primary.Port)
	bundle := filepath.Join(c.Dir, "pki", "ca.pem")
	c.want(0, "pki", "inspect", address, "--ca", bundle).says(t, "trusted: the chain leads to the bundle, and the certificate is for "+primary.Address)
	c.want(3, "pki", "inspect", address, "--ca", bundle, "--name", "other.example.com").says(t, "not trusted: ")
	c.spoiled()
	c.want(0, "pki", "lint").says(t, "nothing found")
}

// spoiled does to a set in use what people do by hand, one after the other, and looks whether it is told.
func (c *cluster) spoiled() {
	c.t.Helper()
	current := filepath.Join(c.Dir, "primary", "tls", "current")
	key, cert := filepath.Join(current, "key.pem"), filepath.Join(current, "cert.pem")

	must(c.t, os.Chmod(key, 0o644))
	c.want(3, "pki", "lint").says(c.t, "forbids: primary: key-open: primary:"+key+": ", "(mode 0644)", "replssl apply puts owner and modes right")
	c.want(0, "pki", "inspect", "primary").says(c.t, "(mode 0644)")
	must(c.t, os.Chmod(key, 0o600))

	own, err := os.ReadFile(cert)
	must(c.t, err)
	foreign, err := os.ReadFile(filepath.Join(c.Dir, "pki", "replica1", "1", "cert.pem"))
	must(c.t, err)
	must(c.t, os.WriteFile(cert, foreign, 0o600))
	c.want(3, "pki", "inspect", "primary").says(c.t, "is another one than that of the version in use")
	c.want(3, "pki", "lint").says(c.t, "forbids: primary: key-mismatch: primary:"+key+": ", "forbids: primary: name-missing: primary:"+cert+": ")
	must(c.t, os.WriteFile(cert, own, 0o600))

	c.sql("replica1", "STOP SLAVE")
	c.sql("replica1", "CHANGE MASTER TO MASTER_HOST='localhost'")
	c.want(3, "pki", "lint").says(c.t, `name-missing: primary:`+cert+`: "localhost" is not among its alternative names`)
	c.want(0, "pki", "lint", "--offline").says(c.t, "nothing found")
	c.sql("replica1", fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='%s'", c.Primary().Address))
	c.sql("replica1", "START SLAVE")
}
