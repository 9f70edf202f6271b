package e2e_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

// TestReceiverThatDoesNotComeBackGetsItsFormerSettings: the key goes bad after the trial login has shown it to be good.
func TestReceiverThatDoesNotComeBackGetsItsFormerSettings(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	replica1, err := c.Server("replica1")
	must(t, err)
	untouched := c.applierID("replica2")
	allArrived := c.write()
	slow := c.behindSlowLine("replica1", 150*time.Millisecond) // so that the key is another one before the receiver starts
	bad := otherKey(t)
	key := filepath.Join(replica1.TLSDir, "versions", "1", "key.pem")
	var good []byte
	o := slow.applyWith("stop the receiver and applier of replica1", func(*os.Process) { good = replace(t, key, bad) })
	o.exits(t, 4)
	o.says(t, "change/replica1", "FAILED", "(taken back)", "1 failed", "hint: the cause: replica1:", "key-mismatch")
	c.plaintext("replica1", "replica2")
	if now := c.applierID("replica2"); now != untouched { // a change stops both threads; only the receiver is woken after the restart
		t.Errorf("the applier of replica2 was %s, and is %s", untouched, now)
	}
	if r := c.verify(5); r.Accounts[0].Require != "none" {
		t.Errorf("the account requires %s", r.Accounts[0].Require)
	}
	replace(t, key, good)
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

// TestServerThatComesBackWithoutTLSGetsItsFormerSettings: the server starts with a key that it cannot read, and so without TLS.
func TestServerThatComesBackWithoutTLSGetsItsFormerSettings(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	primary := c.Primary()
	allArrived := c.write()
	c.restartBy(`if mkdir "$0.ran" 2>/dev/null; then cp "$key" "$0.key"; echo nonsense >"$key"; fi; exec "$restart"`)
	began := time.Now()
	c.want(4, "apply", "--yes").says(t, "serve/primary", "FAILED", "(taken back)")
	if took := time.Since(began); took > 50*time.Second { // a receiver tries again by itself after 60 s
		t.Errorf("it took %s", took)
	}
	c.asBefore()
	good, err := os.ReadFile(c.restartFile() + ".key")
	must(t, err)
	replace(t, filepath.Join(primary.TLSDir, "versions", "1", "key.pem"), good)
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

// TestServerThatDoesNotStartWithOurSettingsGetsItsFormer: the restart leaves the server down until our settings are gone.
func TestServerThatDoesNotStartWithOurSettingsGetsItsFormer(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	allArrived := c.write()
	spoil := filepath.Join(c.Dir, "spoil")
	must(t, os.WriteFile(spoil, nil, 0o600))
	c.restartBy(`own=$(grep -l ssl_key "$conf"/*.cnf); if [ -e ` + spoil + ` ] && [ -n "$own" ]; then echo no_such_option >>"$own"; fi; exec "$restart"`)
	c.want(4, "apply", "--yes").says(t, "serve/primary", "FAILED", "no_such_option", "(taken back)")
	c.asBefore()
	must(t, os.Remove(spoil))
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

func TestRestartCommandThatFailsLosesNothing(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	allArrived := c.write()
	before, err := c.ServerPID("primary")
	must(t, err)
	c.restartBy(`echo it is not the day for it >&2; exit 1`)
	c.want(4, "apply", "--yes").says(t, "serve/primary", "FAILED", "it is not the day for it", "(taken back)")
	c.asBefore()
	if now, err := c.ServerPID("primary"); err != nil || now != before {
		t.Errorf("the process of the primary was %d, and is %d: %v", before, now, err)
	}
	c.restartBy(`exec "$restart"`)
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

func (c *cluster) restartFile() string { return filepath.Join(c.Dir, "restart-primary.sh") }

// restartBy lets the primary be restarted by a script, which has the usual command as $restart, the server's key as $key and its
// folder of settings as $conf.
func (c *cluster) restartBy(script string) {
	c.t.Helper()
	p, path := c.Primary(), c.restartFile()
	text := fmt.Sprintf("#!/bin/sh\nrestart='%s' key='%s/versions/1/key.pem' conf='%s'\n%s\n", p.RestartCommand, p.TLSDir, p.ConfDir, script)
	must(c.t, os.WriteFile(path, []byte(text), 0o600))
	must(c.t, os.Chmod(path, 0o700))
	inventory, err := os.ReadFile(c.inventory)
	must(c.t, err)
	if !strings.Contains(string(inventory), path) {
		c.edit(`restart: `+p.RestartCommand, "restart: "+path)
	}
}

// asBefore asserts that the primary serves without TLS and without our settings, and that both replicas replicate in plaintext.
func (c *cluster) asBefore() {
	c.t.Helper()
	have, err := c.Value(c.t.Context(), "primary", "SELECT @@have_ssl")
	must(c.t, err)
	if have == "YES" {
		c.t.Error("the primary serves TLS")
	}
	if own, err := filepath.Glob(filepath.Join(c.Primary().ConfDir, "*replssl*")); err != nil || len(own) > 0 {
		c.t.Errorf("our settings are still there: %v %v", own, err)
	}
	c.plaintext("replica1", "replica2")
}

// plaintext asserts that replicas replicate without TLS, now and not only after a while.
func (c *cluster) plaintext(names ...string) {
	c.t.Helper()
	for _, name := range names {
		status, err := c.SlaveStatus(c.t.Context(), name)
		must(c.t, err)
		if status["Slave_IO_Running"] != "Yes" || status["Slave_SQL_Running"] != "Yes" || status["Master_SSL_Allowed"] != "No" {
			c.t.Errorf("%s: %v", name, status)
		}
	}
}

// applierID is the connection id of a replica's applier: another one after each start.
func (c *cluster) applierID(name string) string {
	c.t.Helper()
	id, err := c.Value(c.t.Context(), name, "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Slave_SQL'")
	must(c.t, err)
	return id
}

func (o outcome) exits(t *testing.T, code int) {
	t.Helper()
	if o.code != code {
		t.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", o.code, code, o.stdout, o.stderr)
	}
}

// replace changes the content of a file in its place, which leaves its owner as it is, and gives the former content.
func replace(t *testing.T, path string, text []byte) (former []byte) {
	t.Helper()
	former, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, text, 0o600))
	return former
}

// otherKey is a good private key, and belongs to no certificate.
func otherKey(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
