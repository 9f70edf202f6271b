package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// TestLevels takes a cluster with its own certificates from plaintext to each level. Two authorities are trusted, and the replicas have one
// subject with different serial numbers.
func TestLevels(t *testing.T) {
	for level, demanded := range map[string]string{
		"x509": "X509", "issuer": "ISSUER '/O=Example/CN=Example Databases'",
		"subject": "ISSUER '/O=Example/CN=Example Databases' SUBJECT '/O=Example/OU=DBA/CN=it''s a replica'",
	} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			c := start(t, lab.Options{})
			pki := newCorporate(c)
			for _, s := range c.Replicas() {
				pki.leafOf(s.Name, s.Address, "", "/O=Example/OU=DBA/CN=it's a replica")
			}
			pki.strangers()
			pki.names(c, "")
			c.require(level)
			allArrived := c.write()
			c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
			c.demands("primary", demanded)
			c.verify(0)
			allArrived()
			c.ownNothingMoves()
			c.refuses("primary", map[string]bool{
				"": false, pki.at("stranger"): false, pki.at("replica1"): true, pki.at("replica2"): true,
				pki.at("elsewhere"): level == "x509", pki.at("primary"): level != "subject",
			})
		})
	}
}

// TestRaisingTheLevel on a running cluster, whose replicas log in as one row.
func TestRaisingTheLevel(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	c.want(0, "apply", "--yes")
	c.demands("primary", "SSL")
	pki := &corporate{t: t, dir: t.TempDir()}
	pki.strangers()
	replica := func(i int) string { return filepath.Join(c.Replicas()[i].TLSDir, "current", "cert") }
	c.refuses("primary", map[string]bool{"": true, replica(0): true})
	for _, level := range []string{"x509", "issuer"} {
		allArrived := c.write()
		c.require(level)
		c.verify(5)
		ids := strings.Join(c.plan(2).ids(), " ")
		if ids != "require/primary rehearse/replica1 rehearse/replica2" {
			t.Errorf("%s: %s", level, ids)
		}
		c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
		c.verify(0)
		c.refuses("primary", map[string]bool{"": false, pki.at("stranger"): false, replica(0): true, replica(1): true})
		allArrived()
		assertNothingMoves(t, c)
	}
	c.require("subject")
	c.want(3, "apply", "--yes").says(t, "one row takes one subject", "repl@%", "/CN="+c.Replicas()[0].Address, "/CN="+c.Replicas()[1].Address, "make a row for each replica")
	c.require("ssl")
	p := c.plan(0)
	if len(p.Warnings) == 0 || !strings.Contains(p.Warnings[0].Text, "more than account.require: ssl") {
		t.Errorf("nothing tells that more is kept: %+v", p.Warnings)
	}
	c.verify(0)
}

// TestSubjectOfEachRow: each source of a chain lets in its own replica alone; and where two replicas come from two addresses, each has its row.
func TestSubjectOfEachRow(t *testing.T) {
	t.Run("chain", func(t *testing.T) {
		t.Parallel()
		c := start(t, lab.Options{ReplicatesFrom: map[string]string{"replica2": "replica1"}})
		c.require("subject")
		c.want(3, "plan").says(t, "there is none yet", "replssl pki init")
		c.want(0, "pki", "init")
		allArrived := c.write()
		c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
		one, two := filepath.Join(c.Replicas()[0].TLSDir, "current", "cert"), filepath.Join(c.Replicas()[1].TLSDir, "current", "cert")
		c.refuses("primary", map[string]bool{"": false, one: true, two: false})
		c.refuses("replica1", map[string]bool{"": false, one: false, two: true})
		allArrived()
		assertNothingMoves(t, c)
	})
	t.Run("rows", func(t *testing.T) {
		t.Parallel()
		c := start(t, lab.Options{ExtraConfig: map[string][]string{"primary": {"bind-address=*", "skip-name-resolve"}}})
		c.sql("replica2", "STOP SLAVE; CHANGE MASTER TO MASTER_HOST='::1'; START SLAVE")
		c.await("replica2 comes from ::1", func() bool { return c.receiver("replica2") == "Yes 0" })
		c.sql("primary", "SET sql_log_bin=0; RENAME USER repl@'%' TO repl@'127.0.0.0/255.255.255.0'; "+
			"CREATE USER repl@'::_' IDENTIFIED BY '"+c.Account.Password+"'; GRANT REPLICATION SLAVE ON *.* TO repl@'::_'; "+
			"CREATE USER repl@'10.9.%' IDENTIFIED BY '"+c.Account.Password+"'")
		c.require("subject")
		c.want(0, "pki", "init")
		c.want(3, "plan").says(t, "no replica logs in as repl@10.9.%", "DROP USER 'repl'@'10.9.%'")
		c.sql("primary", "SET sql_log_bin=0; DROP USER repl@'10.9.%'")
		c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
		one, two := filepath.Join(c.Replicas()[0].TLSDir, "current", "cert"), filepath.Join(c.Replicas()[1].TLSDir, "current", "cert")
		c.refuses("primary", map[string]bool{"": false, one: true, two: false})
		assertNothingMoves(t, c)
	})
}

// require sets the level in the inventory.
func (c *cluster) require(level string) {
	c.t.Helper()
	c.edit(`account: \{user: [a-z]+[^}]*\}`, "account: {user: "+c.Account.User+", require: "+level+"}")
}

// demands asserts the end of the account's row for every host.
func (c *cluster) demands(server, clause string) {
	c.t.Helper()
	shown, err := c.Value(c.t.Context(), server, "SHOW CREATE USER 'repl'@'%'")
	if err != nil || !strings.HasSuffix(shown, "REQUIRE "+clause) {
		c.t.Errorf("%s: %s, want REQUIRE %s: %v", server, shown, clause, err)
	}
}

// refuses tries logins of the account by the server's own client: never without TLS, and over TLS with these certificates, empty for none, whose
// files are FILE.pem and FILE.key or, in a set, key.pem.
func (c *cluster) refuses(server string, with map[string]bool) {
	c.t.Helper()
	s, err := c.Server(server)
	must(c.t, err)
	login := func(options ...string) ([]byte, error) {
		args := append([]string{"--no-defaults", "-h", s.Address, "-P", fmt.Sprint(s.Port), "-u", c.Account.User, "-e", "SELECT 1"}, options...)
		cmd := exec.Command("mariadb", args...)
		cmd.Env = append(os.Environ(), "MYSQL_PWD="+c.Account.Password)
		return cmd.CombinedOutput()
	}
	if out, err := login("--skip-ssl"); err == nil || !strings.Contains(string(out), "1045") {
		c.t.Errorf("%s: a login without TLS: %v: %s", server, err, out)
	}
	for cert, want := range with {
		options := []string{"--ssl"}
		if cert != "" {
			options = append(options, "--ssl-cert="+cert+".pem", "--ssl-key="+keyOf(cert))
		}
		out, err := login(options...)
		if (err == nil) != want || err != nil && !strings.Contains(string(out), "ERROR") {
			c.t.Errorf("%s: a login with the certificate %q: %v: %s", server, cert, err, out)
		}
	}
}

func keyOf(cert string) string {
	if strings.HasSuffix(cert, "/current/cert") {
		return filepath.Join(filepath.Dir(cert), "key.pem")
	}
	return cert + ".key"
}

// strangers makes the certificate of a foreign authority, and one of a second authority that root.pem trusts as well.
func (p *corporate) strangers() {
	p.t.Helper()
	p.authorities("foreign")
	p.leaf("stranger", "127.0.0.1", "foreign")
	if _, err := os.Stat(p.at("root.pem")); err == nil {
		p.authorities("second")
		p.leaf("elsewhere", "127.0.0.1", "second")
		p.append("root.pem", "secondroot.pem")
	}
}
