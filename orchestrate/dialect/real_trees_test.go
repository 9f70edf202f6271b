package dialect_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// TestRealServers tries on each version what the capability table says of it: every statement of the golden files, what an account demands, and
// every trait. The parts follow each other on one pair of servers.
func TestRealServers(t *testing.T) {
	names := usual()
	if os.Getenv("REPLSSL_MATRIX") != "" {
		names = slices.Sorted(maps.Keys(trees()))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			l, d := newTreeLab(t, name)
			l.isRow(t, trees()[name][0])
			t.Run("answers", func(t *testing.T) { l.answers(t, d) })
			l.channels(t, d)
			for _, v := range trees()[name] {
				for _, mode := range []string{"", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES", "ANSI,TRADITIONAL"} {
					t.Run(fmt.Sprintf("statements/%d.%d.%d/%s", v.Major, v.Minor, v.Patch, mode), func(t *testing.T) { l.everyStatement(t, of(t, v), mode) })
				}
			}
			t.Run("requirements", func(t *testing.T) { l.requirements(t, d) })
			t.Run("hashes", func(t *testing.T) { l.hashes(t, d) })
			t.Run("no row", func(t *testing.T) { l.noRow(t, d) })
			t.Run("binlogged", func(t *testing.T) { l.binlogged(t, d) })
			t.Run("changes", func(t *testing.T) { l.changes(t, d) })
			t.Run("plaintext", func(t *testing.T) { l.plaintext(t, d) })
			t.Run("files", func(t *testing.T) { l.files(t, d) })
			t.Run("option files", func(t *testing.T) { l.optionFiles(t, d) })
			t.Run("bad files", func(t *testing.T) { l.startsWithBadFiles(t, d) })
		})
	}
}

// isRow: the tree is of the version that the golden file is named after, up to its last number.
func (l *lab) isRow(t *testing.T, want facts.Version) {
	t.Helper()
	v := mustAsk(t, l.source.DB, dialect.Version())
	if v.Flavour != want.Flavour || v.Major != want.Major || v.Minor != want.Minor {
		t.Errorf("the tree is %+v, not %+v", v, want)
	}
}

// channels makes the accounts and channels that the parts use.
func (l *lab) channels(t *testing.T, d dialect.Dialect) {
	t.Helper()
	if l.tree.name == "mysql-5.6" {
		l.onBoth(t, "DELETE FROM mysql.user WHERE User=''", "FLUSH PRIVILEGES") // it comes with some who have no name
	}
	l.onBoth(t, "CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'pw'", "GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'",
		"CREATE USER 'we`ird''\"\\\\ user'@'"+oddHost+"' IDENTIFIED BY 'REQUIRE X509'")
	to := fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%d, MASTER_USER='repl', MASTER_PASSWORD='pw', MASTER_SSL=0", l.source.port)
	switch {
	case !l.tree.mysql:
		to += ", MASTER_SSL_VERIFY_SERVER_CERT=0, MASTER_USE_GTID=slave_pos"
	case l.caching():
		to += ", GET_MASTER_PUBLIC_KEY=1"
	}
	l.replica.do(t, l.spell(d, to, ""))
	if l.tree.name != "mysql-5.6" {
		l.replica.do(t, l.spell(d, "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='repl', MASTER_PASSWORD='pw', MASTER_DELAY=90", oddChannel))
	}
}

// caching says that passwords are kept by caching_sha2_password, where nothing else is said.
func (l *lab) caching() bool {
	return l.tree.mysql && l.tree.name != "mysql-5.6" && l.tree.name != "mysql-5.7"
}

// everyStatement: each statement runs, whatever the sql_mode, and each question is answered readably.
func (l *lab) everyStatement(t *testing.T, d dialect.Dialect, mode string) {
	db := open(t, l.replica.login("root", ""))
	if _, err := db.Exec("SET SESSION sql_mode='" + mode + "'"); err != nil {
		t.Fatal(err)
	}
	for _, s := range questions(d) {
		if _, err := fetch(db, s.statement); err != nil {
			t.Errorf("%s: %s: %v", s.name, s.statement, err)
		}
	}
	list, former := actions(t, d), mustAsk(t, db, d.Settings())
	if d.PersistsSettings() {
		list = append(list, keeping(t, d)...)
	}
	for _, s := range list {
		if _, err := db.Exec(s.statement.String()); err != nil {
			t.Errorf("%s: %s: %v", s.name, s.statement, err)
		}
		if name, ok := strings.CutPrefix(s.name, "set TLS of channel ["); ok {
			name = strings.TrimSuffix(name, "]")
			if c := l.channel(t, d, name, func(facts.Channel) bool { return true }); c.TLS != fullTLS {
				t.Errorf("TLS options read back as %+v", c.TLS)
			}
		}
	}
	if row := mustAsk(t, db, d.Account(oddUser, oddHost)); row.Require.Kind != facts.RequireSSL {
		t.Errorf("the odd account: %+v", row)
	}
	if hosts := mustAsk(t, db, d.AccountHosts(oddUser)); !slices.Equal(hosts, []string{oddHost}) {
		t.Errorf("hosts of the odd account: %q", hosts)
	}
	if d.PersistsSettings() {
		back, err := d.Forget(former, facts.TLSSettings{})
		if err != nil {
			t.Fatal(err)
		}
		l.replica.run(t, back...)
	}
	for _, c := range mustAsk(t, db, d.Channels()) {
		l.stop(t, d, c.Name, bothThreads)
	}
}

// answers: every question is answered with something that is understood, on a server with TLS and on one that is not told of any.
func (l *lab) answers(t *testing.T, d dialect.Dialect) {
	for _, s := range []*server{l.source, l.replica} {
		in := mustAsk(t, s.DB, d.Instance())
		if in.Admin != "root@localhost" || !in.LogBin || in.Port != s.port || in.Socket != s.socket || !in.PerfSchema {
			t.Errorf("instance: %+v", in)
		}
		mustAsk(t, s.DB, d.BinlogStatus())
		mustAsk(t, s.DB, d.Binlogs())
		mustAsk(t, s.DB, d.Sessions(false))
		mustAsk(t, s.DB, d.Sessions(true))
		mustAsk(t, s.DB, d.Registered())
		mustAsk(t, s.DB, d.ReplicationAccounts())
		mustAsk(t, s.DB, d.InstalledPlugins())
		mustAsk(t, s.DB, d.Grants())
	}
	l.origin(t, d)
	given := facts.TLSSettings{Enabled: true, CA: l.pki.ca, Cert: l.pki.cert, Key: l.pki.key}
	if s := mustAsk(t, l.source.DB, d.Settings()); s != given {
		t.Errorf("TLS settings: %+v", s)
	}
	mustAsk(t, l.replica.DB, d.Settings())
	list, told := ask(t, l.source.DB, d.RunTime()).Get()
	l.source.do(t, "SET GLOBAL slave_net_timeout=59")
	after, _ := ask(t, l.source.DB, d.RunTime()).Get()
	if len(list) != 0 || told != (len(after) == 1) {
		t.Errorf("set at run time: %v, then %v", list, after)
	}
}

// origin: where the server says that it has its values from, as far as it tells.
func (l *lab) origin(t *testing.T, d dialect.Dialect) {
	t.Helper()
	cert := mustAsk(t, l.source.DB, d.Variables())["ssl_cert"]
	if cert.Value != l.pki.cert || cert.Origin != facts.FromArguments && cert.Origin != facts.FromSomewhere {
		t.Errorf("ssl_cert: %+v", cert)
	}
	for name, v := range mustAsk(t, l.replica.DB, d.Variables()) {
		if v.Origin != facts.FromNothing {
			t.Errorf("%s, which nobody has set: %+v", name, v)
		}
	}
}
