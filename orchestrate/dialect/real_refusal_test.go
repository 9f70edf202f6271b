package dialect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// applierError: the error of a failed account statement is shown without the statement, which carries a password in clear.
func (l *lab) applierError(t *testing.T, d dialect.Dialect) {
	l.stop(t, d, "", bothThreads)
	l.replica.do(t, "SET sql_log_bin=0", "CREATE USER twice@x", "SET sql_log_bin=1", "CHANGE MASTER TO MASTER_USER='repl'")
	l.replica.run(t, l.change(t, d, "", l.verified()))
	// An earlier part cleared the position, and another may have been stopped anywhere on the way from there.
	l.replica.do(t, "SET GLOBAL gtid_slave_pos='"+l.source.position(t)+"'")
	l.source.do(t, "CREATE USER twice@x IDENTIFIED BY 'very secret'")
	l.start(t, d, "", bothThreads)
	c := l.channel(t, d, "", func(c facts.Channel) bool { return c.ApplierError.Number != 0 })
	if c.ApplierError.Number != 1396 || !strings.HasSuffix(c.ApplierError.Text, "Query: (withheld)") {
		t.Errorf("applier error: %+v", c.ApplierError)
	}
	if strings.Contains(fmt.Sprintf("%+v", c), "very secret") {
		t.Error("the password is in the facts")
	}
	record(t, l.replica, "channels_1396", d.Channels().Statement())
}

// noTLS: with VERIFY=1 a receiver refuses a source that offers no TLS; without, it goes on in plaintext, whatever the status shows.
func (l *lab) noTLS(t *testing.T, d dialect.Dialect) {
	back := &lab{dir: l.dir, source: l.replica, replica: l.source, pki: l.pki}
	l.source.do(t, fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%d, MASTER_USER='repl',"+
		" MASTER_PASSWORD='pw'", l.replica.port))
	l.source.run(t, l.change(t, d, "", l.verified()))
	back.start(t, d, "", facts.Threads{Receiver: true})
	c := back.channel(t, d, "", func(c facts.Channel) bool { return c.ReceiverError.Number != 0 })
	if means := dialect.Explain(c.ReceiverError.Number, c.ReceiverError.Text); !strings.Contains(means, "offers none") {
		t.Errorf("%+v: %s", c.ReceiverError, means)
	}
	record(t, l.source, "channels_2026_required", d.Channels().Statement())
	if ok, why := d.RefusesPlaintext(c.TLS); !ok {
		t.Errorf("%+v should refuse plaintext: %s", c.TLS, why)
	}
	back.stop(t, d, "", bothThreads)
	chain := l.verified()
	chain.VerifyIdentity = false
	l.source.run(t, l.change(t, d, "", chain))
	back.start(t, d, "", facts.Threads{Receiver: true})
	c = back.channel(t, d, "", connected)
	if ok, _ := d.RefusesPlaintext(c.TLS); ok || !c.TLS.Enabled {
		t.Errorf("%+v runs in plaintext and is said to refuse it", c.TLS)
	}
	back.stop(t, d, "", bothThreads)
}

// position is where the binary log ends, as GTIDs.
func (s *server) position(t *testing.T) (gtids string) {
	t.Helper()
	if err := s.QueryRow("SELECT @@gtid_binlog_pos").Scan(&gtids); err != nil {
		t.Fatal(err)
	}
	return gtids
}
