package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// TestDeathBetweenSettingsAndRestart: our option file is in place, and the server was not restarted. The next run's restart fails: what it takes back
// is not what the dead run left, or the server would stay down.
func TestDeathBetweenSettingsAndRestart(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	allArrived := c.write()
	c.restartBy(c.hangs() + `exit 1`)
	cmd := c.command("apply", "--yes")
	must(t, cmd.Start())
	c.await("the restart command hangs", c.hanging)
	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // killed, as it should be
	endAll(t, filepath.Join(c.Dir, "hangs.pid"))
	own, err := filepath.Glob(filepath.Join(c.Primary().ConfDir, "*replssl*"))
	if err != nil || len(own) != 1 {
		t.Fatalf("the dead run has left %v: %v", own, err)
	}
	c.restartBy(`if ls "$conf"/*replssl* >/dev/null 2>&1; then echo not with that file >&2; exit 1; fi; exec "$restart"`)
	c.want(4, "apply", "--yes").says(t, "serve/primary", "FAILED", "not with that file", "(taken back)")
	c.asBefore()
	c.restartBy(`exec "$restart"`)
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

// TestSecondRunAfterAFailedRestart, where replicas are to serve TLS too: none of them gets settings that no server has been seen to start with.
func TestSecondRunAfterAFailedRestart(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	c.edit(`(?m)^account:`, "tls: {servers: all}\naccount:")
	allArrived := c.write()
	c.restartBy(`echo it is not the day for it >&2; exit 1`)
	for run := range 2 {
		c.want(4, "apply", "--yes").says(t, "serve/primary", "FAILED", "(taken back)")
		c.asBefore()
		for _, s := range c.Replicas() {
			if own, err := filepath.Glob(filepath.Join(s.ConfDir, "*replssl*")); err != nil || len(own) > 0 {
				t.Errorf("run %d: %s has %v: %v", run, s.Name, own, err)
			}
		}
	}
	c.restartBy(`exec "$restart"`)
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

// TestSecondOfThreeMovedChannels: they change with the certificate of their source, and one of them fails: all are taken back, with the source.
func TestSecondOfThreeMovedChannels(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 3})
	former := filepath.Join(c.elsewhere(365), "ca.pem")
	for _, s := range c.Replicas() {
		c.checks(s.Name, former)
		c.await(s.Name+" checks its source", func() bool { return c.receiver(s.Name) == "Yes 0" })
	}
	before := c.served()
	allArrived := c.write()
	key := filepath.Join(c.Replicas()[1].TLSDir, "versions", "1", "key.pem")
	c.restartBy(`if mkdir "$0.ran" 2>/dev/null; then cp '` + key + `' "$0.key"; echo nonsense >'` + key + `'; fi; exec "$restart"`)
	c.want(4, "apply", "--yes").says(t, "serve/primary", "FAILED", "replica2", "(taken back)")
	if now := c.served(); now != before {
		t.Errorf("it served %s, and serves %s", before, now)
	}
	for _, s := range c.Replicas() {
		status, err := c.SlaveStatus(t.Context(), s.Name)
		if err != nil || c.receiver(s.Name) != "Yes 0" || status["Slave_SQL_Running"] != "Yes" || status["Master_SSL_CA_File"] != former {
			t.Errorf("%s: %v %v", s.Name, status, err)
		}
	}
	good, err := os.ReadFile(c.restartFile() + ".key")
	must(t, err)
	replace(t, key, good)
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

// TestAdminMustUseTLS does the whole job by an administrator who must use TLS on the primary, which serves a certificate of its own, and on the
// replica.
func TestAdminMustUseTLS(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	const password = "Only-Over-TLS-7"
	secret := filepath.Join(c.Dir, "dba.password")
	must(t, os.WriteFile(secret, []byte(password+"\n"), 0o600))
	c.edit(`admin: \{user: [^}]*\}`, "admin: {user: dba, password_file: "+secret+"}")
	for _, s := range c.Servers {
		c.sql(s.Name, "SET sql_log_bin=0; CREATE USER dba@localhost IDENTIFIED BY '"+password+"' REQUIRE SSL; GRANT ALL ON *.* TO dba@localhost WITH GRANT OPTION")
	}
	files := c.elsewhere(365)
	replica := c.Replicas()[0]
	text := fmt.Sprintf("[mysqld]\nssl_ca=%[1]s/ca.pem\nssl_cert=%[1]s/cert.pem\nssl_key=%[1]s/key.pem\n", files)
	must(t, os.WriteFile(filepath.Join(replica.ConfDir, "50-elsewhere.cnf"), []byte(text), 0o600))
	must(t, os.Chmod(filepath.Join(replica.ConfDir, "50-elsewhere.cnf"), 0o644))
	must(t, c.RestartServer(t.Context(), replica.Name))
	c.want(2, "plan")
	c.want(0, "apply", "--yes")
	c.proven()
	if p := c.plan(0); len(p.Steps)+len(p.Blocked) > 0 {
		t.Errorf("after the run: %+v", p)
	}
}
