package e2e_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/e2e/lab"
)

// TestWhatBlocks begins with a good cluster, spoils one thing at a time, and puts it back: nothing may be changed by any of them.
func TestWhatBlocks(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	before := c.everything2()
	t.Run("a host that refuses", func(t *testing.T) {
		c := c.with(t)
		must(t, c.StopSSH(t.Context(), "replica1"))
		defer func() { must(t, c.StartSSH(t.Context(), "replica1")) }()
		c.want(3, "apply", "--yes").says(t, "blocked: replica1", "connection refused", "hint:")
	})
	t.Run("a host that hangs", func(t *testing.T) {
		c := c.with(t)
		address := silent(t)
		c.edit(`(replica1: \{.*ssh: \{)port: \d+`, "${1}address: 127.0.0.1, port: "+port(address))
		began := time.Now()
		c.want(3, "plan", "--connect-timeout", "2s").says(t, "blocked: replica1", "hint:")
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %s", took)
		}
	})
	t.Run("another host key than recorded", func(t *testing.T) {
		c := c.with(t)
		c.edit(`known_hosts: \S+known_hosts`, "known_hosts: "+c.otherHostKey("replica1"))
		c.want(3, "plan").says(t, "blocked: replica1", "is not the recorded one", "hint:")
	})
	t.Run("no host key recorded", func(t *testing.T) {
		c := c.with(t)
		empty := filepath.Join(t.TempDir(), "known_hosts")
		must(t, os.WriteFile(empty, nil, 0o600))
		c.edit(`known_hosts: \S+known_hosts`, "known_hosts: "+empty)
		c.want(3, "plan").says(t, "blocked: primary", "is not recorded", "hint:")
	})
	t.Run("login denied over SSH", func(t *testing.T) {
		c := c.with(t)
		c.edit(`identity_file: [^,]+`, "identity_file: "+otherIdentity(t))
		c.want(3, "plan").says(t, "blocked: primary", "SSH login", "hint:")
	})
	t.Run("login denied over SQL", func(t *testing.T) {
		c := c.with(t)
		c.edit(`admin: \{user: \w[^}]*\}`, "admin: {user: nobody}")
		c.want(3, "plan").says(t, "blocked: primary", "nobody", "hint:")
	})
	t.Run("another account than the inventory's", func(t *testing.T) {
		c := c.with(t)
		c.edit(`account: \{user: repl\}`, "account: {user: other}")
		c.want(3, "plan").says(t, "blocked: replica1", "logs in as repl", "other")
	})
	t.Run("a replica that the inventory does not name", func(t *testing.T) {
		c := c.with(t)
		c.edit(`replicas: \[replica1, replica2\]`, "replicas: [replica1]")
		c.edit(`(?m)^  replica2: .*\n`, "")
		c.want(3, "plan").says(t, "blocked: primary", "the inventory does not name")
	})
	t.Run("a replica that replicates from somewhere else", func(t *testing.T) {
		c := c.with(t)
		c.edit(`(?m)^  replica2: \{`, "  replica2: {replicates_from: replica1, ")
		c.want(3, "plan").says(t, "blocked: replica2", "does not replicate from replica1")
	})
	t.Run("a restart that is not allowed", func(t *testing.T) {
		c := c.with(t)
		c.edit(`allow_restart: true`, "allow_restart: false")
		c.want(3, "plan").says(t, "blocked: primary", "restarted", "--allow-restart")
		c.want(2, "plan", "--allow-restart")
	})
	t.Run("no terminal and no --yes", func(t *testing.T) {
		c.with(t).want(1, "apply").says(t, "there is no terminal to ask at", "--yes")
	})
	if after := c.everything2(); before != after {
		t.Errorf("something moved:\nbefore %s\nafter %s", before, after)
	}
}

// everything2 is everything, of servers that have no TLS dir yet.
func (c *cluster) everything2() string {
	var seen strings.Builder
	for _, s := range c.Servers {
		table, err := c.Query(c.t.Context(), s.Name, "SHOW MASTER STATUS")
		must(c.t, err)
		_, stat := os.Stat(s.TLSDir)
		fmt.Fprintln(&seen, s.Name, table, os.IsNotExist(stat), c.fileTimes(filepath.Join(filepath.Dir(s.DefaultsFile), "conf.d")))
	}
	return seen.String()
}

// with is the cluster with an inventory of its own, so that what a case spoils ends with it.
func (c *cluster) with(t *testing.T) *cluster {
	t.Helper()
	text, err := os.ReadFile(c.inventory)
	must(t, err)
	inventory := filepath.Join(t.TempDir(), "replssl.yaml")
	must(t, os.WriteFile(inventory, text, 0o600))
	return &cluster{Lab: c.Lab, t: t, inventory: inventory, printed: c.printed}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// silent is an address where someone listens and never says a word.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// otherHostKey is a known_hosts file that has another key for the server.
func (c *cluster) otherHostKey(name string) string {
	c.t.Helper()
	text, err := os.ReadFile(c.KnownHostsFile())
	must(c.t, err)
	server, err := c.Server(name)
	must(c.t, err)
	public, _, err := ed25519.GenerateKey(rand.Reader)
	must(c.t, err)
	key, err := ssh.NewPublicKey(public)
	must(c.t, err)
	host := fmt.Sprintf("[%s]:%d", server.Address, server.SSHPort)
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, host+" ") {
			lines[i] = host + " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
		}
	}
	path := filepath.Join(c.t.TempDir(), "known_hosts")
	must(c.t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
	return path
}

func otherIdentity(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	must(t, err)
	path := filepath.Join(t.TempDir(), "id_ed25519")
	must(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	return path
}

// TestFileAtTheTLSDirBlocks before anything is done on any server.
func TestFileAtTheTLSDirBlocks(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	replica2, err := c.Server("replica2")
	must(t, err)
	must(t, os.WriteFile(replica2.TLSDir, []byte("something else\n"), 0o600))
	allArrived := c.write()
	c.want(3, "apply", "--yes").says(t, "replica2", "it is no folder", "hint: make room")
	if text, err := os.ReadFile(replica2.TLSDir); err != nil || string(text) != "something else\n" {
		t.Errorf("the file was changed: %q %v", text, err)
	}
	r := c.verify(5)
	if r.Replicas[0].Encrypted || r.Replicas[1].Encrypted || r.Accounts[0].Require != "none" {
		t.Errorf("%+v", r)
	}
	must(t, os.Remove(replica2.TLSDir))
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

func TestSecondAccountRowLetsPlaintextIn(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	c.want(0, "apply", "--yes")
	c.sql("primary", "SET sql_log_bin=0; CREATE USER 'repl'@'localhost' IDENTIFIED BY '"+c.Account.Password+"'; GRANT REPLICATION SLAVE ON *.* TO 'repl'@'localhost'")
	r := c.verify(5)
	if r.OK || r.Logins[0].Result != "accepted" {
		t.Errorf("%+v", r)
	}
	c.want(5, "verify").says(t, "repl@localhost")
	c.want(0, "apply", "--yes")
	c.proven()
	c.sql("primary", "SET sql_log_bin=0; CREATE USER ''@'localhost' IDENTIFIED BY '"+c.Account.Password+"'")
	c.want(5, "verify").says(t, "anonymous row ''@localhost")
	c.want(3, "plan").says(t, "anonymous row ''@localhost", "hint: drop the anonymous")
}

// TestHandsOnTheChannelAreSeen: somebody lifts the requirement, puts a replica back to plaintext and sets the requirement again. The journal
// still knows when it was set first, and that must prove nothing.
func TestHandsOnTheChannelAreSeen(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	c.want(0, "apply", "--yes")
	c.sql("primary", "SET sql_log_bin=0; ALTER USER repl@'%' REQUIRE NONE")
	c.sql("replica1", "STOP SLAVE; CHANGE MASTER TO MASTER_SSL=0, MASTER_SSL_VERIFY_SERVER_CERT=0; START SLAVE")
	if err := c.WaitCaughtUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.sql("primary", "SET sql_log_bin=0; ALTER USER repl@'%' REQUIRE SSL")
	if r := c.verify(5); r.Replicas[0].Encrypted || r.Replicas[0].Proof != "none" {
		t.Errorf("%+v", r.Replicas[0])
	}
	c.want(0, "apply", "--yes")
	c.proven()
}

// TestVerifyWithoutThePassword: what cannot be tried is unknown, never refused.
func TestVerifyWithoutThePassword(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	c.want(0, "apply", "--yes")
	wrong := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(wrong, []byte("wrong\n"), 0o600))
	c.edit(`account: \{user: repl\}`, "account: {user: repl, password_file: "+wrong+"}")
	if r := c.verify(5); r.Logins[0].Result != "unknown" || r.Logins[0].Why == "" {
		t.Errorf("%+v", r.Logins)
	}
}
