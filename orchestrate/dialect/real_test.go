package dialect_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

func asRefusal(err error, target **mysql.MySQLError) bool { return errors.As(err, target) }

// refusal is the number of the error that the server gives; 0 for none.
func refusal(err error) int {
	if e := (*mysql.MySQLError)(nil); asRefusal(err, &e) {
		return int(e.Number)
	}
	return 0
}

// TestRealServer tries on MariaDB 10.11 what this package says of it. The parts follow each other on one pair of servers.
func TestRealServer(t *testing.T) {
	l := newLab(t)
	d, err := dialect.For(mustAsk(t, l.source.DB, dialect.Version()))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("untouched", func(t *testing.T) { l.untouched(t, d) })
	l.prepare(t)
	t.Run("replication", func(t *testing.T) { l.replication(t, d) })
	t.Run("discovery", func(t *testing.T) { l.discovery(t, d) })
	for _, mode := range []string{"", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES", "ANSI,TRADITIONAL"} {
		t.Run("statements/"+mode, func(t *testing.T) { l.statements(t, d, mode) })
	}
	t.Run("accounts", func(t *testing.T) { l.accounts(t, d) })
	t.Run("privileges", func(t *testing.T) { l.privileges(t, d) })
	t.Run("password errors", func(t *testing.T) { l.passwordErrors(t) })
	t.Run("run time", func(t *testing.T) { l.runTime(t, d) })
	t.Run("keys", func(t *testing.T) { l.keys(t, d) })
	t.Run("subjects", func(t *testing.T) { l.subjects(t, d) })
	t.Run("ciphers", func(t *testing.T) { l.ciphers(t, d) })
	t.Run("reload", func(t *testing.T) { l.reload(t, d) })
	t.Run("bad files", func(t *testing.T) { l.badFiles(t, d) })
	t.Run("receiver errors", func(t *testing.T) { l.receiverErrors(t, d) })
}

// untouched: on a server that nobody touched there are no channels, no sessions and no settings made at run time.
func (l *lab) untouched(t *testing.T, d dialect.Dialect) {
	in := mustAsk(t, l.source.DB, d.Instance())
	want := facts.Instance{
		Version: in.Version, ServerID: 1, Hostname: in.Hostname, Port: l.source.port, Socket: l.source.socket,
		DataDir: l.source.dir + "/data/", PidFile: l.source.dir + "/pid", LogBin: true, Admin: "root@localhost", PerfSchema: true, TLSLibrary: in.TLSLibrary,
	}
	if in != want || in.Hostname == "" || !strings.HasPrefix(in.TLSLibrary, "OpenSSL ") {
		t.Errorf("instance\n%+v\nwant\n%+v", in, want)
	}
	if list := mustAsk(t, l.source.DB, d.RunTime()); len(list) != 0 {
		t.Errorf("settings made at run time on a fresh server: %v", list)
	}
	if list := mustAsk(t, l.source.DB, d.Channels()); len(list) != 0 {
		t.Errorf("channels: %v", list)
	}
	if s := mustAsk(t, l.replica.DB, d.Sessions(false)); len(s.DumpThreads)+len(s.Sessions) != 0 {
		t.Errorf("sessions: %+v", s)
	}
	if s := mustAsk(t, l.replica.DB, d.Settings()); s != (facts.TLSSettings{}) {
		t.Errorf("TLS settings of a server without TLS: %+v", s)
	}
	tls := facts.TLSSettings{Enabled: true, CA: l.pki.ca, Cert: l.pki.cert, Key: l.pki.key}
	if s := mustAsk(t, l.source.DB, d.Settings()); s != tls {
		t.Errorf("TLS settings: %+v", s)
	}
	l.origins(t, d)
	if n := refusal(l.replica.try("SELECT @@skip_slave_start")); n != 1193 {
		t.Errorf("skip_slave_start is a variable now (%d): AutoStart can be read", n)
	}
	if n := refusal(l.source.try("SET GLOBAL ssl_ca = '/x'")); n != 1238 || d.SettingsReload() {
		t.Errorf("SET GLOBAL ssl_ca: %d", n)
	}
}

func (s *server) try(text string) error {
	_, err := s.Exec(text)
	return err
}

// prepare makes the accounts and channels that the parts use.
func (l *lab) prepare(t *testing.T) {
	for _, s := range []*server{l.source, l.replica} {
		s.do(t, "SET sql_log_bin=0", "CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'pw'",
			"GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'",
			"CREATE USER 'we`ird''\"\\\\ user'@'"+oddHost+"' IDENTIFIED BY 'REQUIRE X509'", "SET sql_log_bin=1")
	}
	l.replica.do(t, fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%d, MASTER_USER='repl',"+
		" MASTER_PASSWORD='pw', MASTER_USE_GTID=slave_pos", l.source.port))
	l.replica.do(t, `CHANGE MASTER 'o''west "1" `+"`x`"+`' TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='repl',`+
		" MASTER_PASSWORD='pw', MASTER_DELAY=90")
}

// channel waits until a channel is as wanted.
func (l *lab) channel(t *testing.T, d dialect.Dialect, name string, ok func(facts.Channel) bool) facts.Channel {
	t.Helper()
	var found facts.Channel
	err := within(10*time.Second, func() error {
		list := mustAsk(t, l.replica.DB, d.Channels())
		i := slices.IndexFunc(list, func(c facts.Channel) bool { return c.Name == name })
		if i < 0 || !ok(list[i]) {
			return fmt.Errorf("channel %q does not become as wanted: %+v", name, list)
		}
		found = list[i]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func connected(c facts.Channel) bool { return c.Receiver == facts.Yes && c.SourceServerID != 0 }

// statements: each statement runs, whatever the sql_mode.
func (l *lab) statements(t *testing.T, d dialect.Dialect, mode string) {
	db := open(t, l.replica.login("root", ""))
	if _, err := db.Exec("SET SESSION sql_mode='" + mode + "'"); err != nil {
		t.Fatal(err)
	}
	for _, s := range questions(d) {
		if s.name == "sessions with performance_schema" {
			continue // the replica runs without
		}
		if _, err := fetch(db, s.statement); err != nil {
			t.Errorf("%s: %s: %v", s.name, s.statement, err)
		}
	}
	for _, s := range actions(t, d) {
		if _, err := db.Exec(s.statement.String()); err != nil {
			t.Errorf("%s: %s: %v", s.name, s.statement, err)
		}
		if s.name == "set TLS of channel ["+oddChannel+"]" {
			if c := l.channel(t, d, oddChannel, func(facts.Channel) bool { return true }); c.TLS != fullTLS {
				t.Errorf("TLS options read back as %+v", c.TLS)
			}
		}
	}
	if hosts := mustAsk(t, db, d.AccountHosts(oddUser)); !slices.Equal(hosts, []string{oddHost}) {
		t.Errorf("hosts of the odd account: %q", hosts)
	}
	if row := mustAsk(t, db, d.Account(oddUser, oddHost)); row.Require.Kind != facts.RequireSSL {
		t.Errorf("the odd account: %+v", row)
	}
}
