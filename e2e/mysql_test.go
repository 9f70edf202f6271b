package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

func startMySQL(t *testing.T, o lab.Options) *cluster {
	t.Helper()
	o.Server = labtest.Tree(t, "mysql-9.7")
	return start(t, o)
}

// TestMySQL takes servers of MySQL 9.7 from plaintext to encrypted, enforced and proven while rows are written. None of them restarts, and no
// applier stops.
func TestMySQL(t *testing.T) {
	t.Parallel()
	c := startMySQL(t, lab.Options{})
	allArrived := c.write()
	before := c.verify(5)
	if before.OK || before.Replicas[0].Proof != "plaintext" && before.Replicas[0].Proof != "none" || before.Logins[0].Result != "accepted" {
		t.Errorf("plaintext replication is judged %+v", before)
	}
	if ids := c.plan(2).ids(); slices.Contains(ids, "config/primary") || slices.Contains(ids, "wake/replica1") || !slices.Contains(ids, "serve/primary") {
		t.Errorf("steps %v", ids)
	}
	running, appliers := c.pids(), c.appliers()
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.proven()
	if now := c.pids(); !slices.Equal(now, running) {
		t.Errorf("a server was restarted: processes %v, and before %v", now, running)
	}
	if now := c.appliers(); !slices.Equal(now, appliers) {
		t.Errorf("an applier was stopped: threads %v, and before %v", now, appliers)
	}
	for _, replica := range c.verify(0).Replicas {
		if replica.Proof != "observed" || replica.Verified != "identity" || replica.Cipher == nil || !strings.HasPrefix(*replica.TLSVersion, "TLSv1.") {
			t.Errorf("%+v", replica)
		}
	}
	allArrived()
	assertNothingMoves(t, c)
	c.startsAsItRuns()
}

// startsAsItRuns restarts the primary, which has to come back with what it persists.
func (c *cluster) startsAsItRuns() {
	c.t.Helper()
	must(c.t, c.RestartServer(c.t.Context(), c.Primary().Name))
	c.await("receivers of the restarted primary", func() bool {
		for _, s := range c.Replicas() {
			status, err := c.SlaveStatus(c.t.Context(), s.Name)
			must(c.t, err)
			if status["Slave_IO_Running"] != "Yes" {
				must(c.t, c.Exec(c.t.Context(), s.Name, "STOP REPLICA IO_THREAD; START REPLICA IO_THREAD"))
				return false
			}
		}
		return true
	})
	c.proven()
	if p := c.plan(0); len(p.Steps)+len(p.Blocked) > 0 {
		c.t.Errorf("after a restart: %+v", p)
	}
}

func (c *cluster) pids() []string {
	c.t.Helper()
	var list []string
	for _, s := range c.Servers {
		pid, err := c.ServerPID(s.Name)
		must(c.t, err)
		list = append(list, fmt.Sprint(s.Name, " ", pid))
	}
	return list
}

// appliers are the threads that coordinate them, by the ids of their sessions.
func (c *cluster) appliers() []string {
	c.t.Helper()
	var list []string
	for _, s := range c.Replicas() {
		id, err := c.Value(c.t.Context(), s.Name,
			"SELECT PROCESSLIST_ID FROM performance_schema.threads WHERE NAME = 'thread/sql/replica_sql'")
		must(c.t, err)
		list = append(list, s.Name+" "+id)
	}
	return list
}

// TestMySQLThatRefusesItsReload keeps what it served, and the paths that it had, for now and for its next start.
func TestMySQLThatRefusesItsReload(t *testing.T) {
	t.Parallel()
	c := startMySQL(t, lab.Options{Replicas: 1})
	c.sql("primary", "SET GLOBAL ssl_crl = ''")
	allArrived := c.write()
	c.want(4, "apply", "--yes").says(t, "3888", "hint:")
	for variable, want := range map[string]string{"ssl_ca": "ca.pem", "ssl_cert": "server-cert.pem", "ssl_key": "server-key.pem"} {
		if got, err := c.Value(t.Context(), "primary", "SELECT @@global."+variable); err != nil || got != want {
			t.Errorf("%s is %q, and was %q: %v", variable, got, want, err)
		}
	}
	if n, err := c.Value(t.Context(), "primary", "SELECT COUNT(*) FROM performance_schema.persisted_variables"); err != nil || n != "0" {
		t.Errorf("%s variables are persisted: %v", n, err)
	}
	allArrived()
	c.sql("primary", "SET GLOBAL ssl_crl = DEFAULT")
	c.want(0, "apply", "--yes")
	c.proven()
}
