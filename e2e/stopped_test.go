package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

// TestKeepStopped: an applier that somebody has stopped on purpose stays so, also where its server restarts, and all else is proven.
func TestKeepStopped(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	c.edit(`(?m)^account:`, "tls: {servers: all}\naccount:")
	c.sql("replica1", "STOP SLAVE SQL_THREAD")
	c.want(3, "plan").says(t, "the applier of replica1 is stopped", "if it should stay stopped: --keep-stopped")
	allArrived := c.write()
	c.want(0, "apply", "--yes", "--keep-stopped").says(t, "enforced and running, but for what is kept stopped: the applier of replica1")
	if status, err := c.SlaveStatus(t.Context(), "replica1"); err != nil || status["Slave_IO_Running"] != "Yes" || status["Slave_SQL_Running"] != "No" {
		t.Errorf("replica1: %v %v", status, err)
	}
	c.want(5, "verify").says(t, "the applier of replica1 does not run (No)", "if it should stay stopped: --keep-stopped")
	c.want(0, "verify", "--keep-stopped").says(t, "the applier of replica1")
	c.want(0, "apply", "--yes", "--keep-stopped").says(t, "nothing to do")

	c.sql("replica1", "STOP SLAVE") // the whole channel: then there is no connection to be seen
	c.want(5, "verify").says(t, "the receiver of replica1 does not run (No)")
	c.want(0, "verify", "--keep-stopped").says(t, "its options refuse plaintext when it starts", "the receiver of replica1, the applier of replica1")
	c.sql("replica1", "CHANGE MASTER TO MASTER_SSL_VERIFY_SERVER_CERT=0")
	c.want(5, "verify", "--keep-stopped").says(t, "its options would not refuse plaintext when it starts")
	c.sql("replica1", "CHANGE MASTER TO MASTER_SSL_VERIFY_SERVER_CERT=1; START SLAVE")
	c.await("replica1 runs again", func() bool { return c.receiver("replica1") == "Yes 0" })
	c.proven()
	allArrived()
}

// TestVerifyDoesNotWaitInVain: a receiver that trusts its source no more does not reach the position, however long that is waited for.
func TestVerifyDoesNotWaitInVain(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	c.want(0, "apply", "--yes")
	other := c.elsewhere(365)
	c.want(0, "apply", "--yes")
	c.sql("replica1", "STOP SLAVE; CHANGE MASTER TO MASTER_SSL_CA='"+other+"/ca.pem'; START SLAVE")
	c.await("replica1 is kept out", func() bool { return strings.HasPrefix(c.receiver("replica1"), "Connecting 2026") })
	allArrived := c.write()
	began := time.Now()
	c.want(5, "verify", "--wait", "10m").says(t, "error 2026", "the receiver of replica1 is at")
	if took := time.Since(began); took > 5*time.Minute {
		t.Errorf("it took %s", took)
	}
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}
