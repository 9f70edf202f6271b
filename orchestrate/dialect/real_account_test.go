package dialect_test

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// accounts: the requirement is read in every form that the server can print.
func (l *lab) accounts(t *testing.T, d dialect.Dialect) {
	l.source.do(t, "SET sql_log_bin=0",
		"CREATE USER a@plain IDENTIFIED BY 'REQUIRE SSL'",
		"CREATE USER a@tls IDENTIFIED BY 'pw' REQUIRE SSL",
		"CREATE USER a@locked IDENTIFIED BY 'pw' REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 5 MAX_STATEMENT_TIME 3.5"+
			" ACCOUNT LOCK PASSWORD EXPIRE INTERVAL 3 DAY",
		"CREATE USER a@expired REQUIRE X509 PASSWORD EXPIRE",
		"CREATE USER a@plugin IDENTIFIED VIA mysql_native_password USING PASSWORD('x') OR unix_socket AS 'it''s REQUIRE X509' REQUIRE SSL",
		`CREATE USER a@specified IDENTIFIED BY 'pw' REQUIRE ISSUER '/C=SE/CN=x y' SUBJECT '/CN=o\'b\\ REQUIRE SSL' CIPHER 'AES'`,
		"CREATE ROLE a")
	wants := map[string]facts.Requirement{
		"plain":   {Kind: facts.RequireNone},
		"tls":     {Kind: facts.RequireSSL, Clause: "SSL"},
		"locked":  {Kind: facts.RequireSSL, Clause: "SSL"},
		"expired": {Kind: facts.RequireX509, Clause: "X509"},
		"plugin":  {Kind: facts.RequireSSL, Clause: "SSL"},
		"specified": {
			Kind: facts.RequireSpecified, Issuer: "/C=SE/CN=x y", Subject: `/CN=o'b\ REQUIRE SSL`, Cipher: "AES", Clause: `ISSUER '/C=SE/CN=x y' SUBJECT '/CN=o''b\\ REQUIRE SSL' CIPHER 'AES'`,
		},
	}
	for _, mode := range []string{"sql_mode=''", "sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", "sql_quote_show_create=0"} {
		db := open(t, l.source.login("root", ""))
		if _, err := db.Exec("SET SESSION " + mode); err != nil {
			t.Fatal(err)
		}
		hosts := mustAsk(t, db, d.AccountHosts("a"))
		if !slices.Equal(hosts, []string{"expired", "locked", "plain", "plugin", "specified", "tls"}) {
			t.Errorf("%s: hosts %q", mode, hosts)
		}
		for _, host := range hosts {
			if row := mustAsk(t, db, d.Account("a", host)); row.Require != wants[host] {
				t.Errorf("%s: a@%s requires %+v, want %+v", mode, host, row.Require, wants[host])
			}
		}
		if v := ask(t, db, d.Account("a", "gone")); !v.IsAbsent() {
			t.Errorf("a row that is not there: %v", v)
		}
	}
	for host := range wants {
		record(t, l.source, "account_"+host, d.Account("a", host).Statement())
	}
	l.altered(t, d)
	l.source.do(t, "SET sql_log_bin=1")
}

// altered: ALTER USER replaces the requirement, keeps the password, and is refused for a row that is not there.
func (l *lab) altered(t *testing.T, d dialect.Dialect) {
	hash := func() (text string) {
		if err := l.source.QueryRow("SELECT authentication_string FROM mysql.user WHERE User='a' AND Host='tls'").Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := hash()
	for _, kind := range []facts.RequirementKind{facts.RequireNone, facts.RequireSSL} {
		s, err := d.Require("a", "tls", facts.Requirement{Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		l.source.run(t, s)
		if row := mustAsk(t, l.source.DB, d.Account("a", "tls")); row.Require.Kind != kind || hash() != before || before == "" {
			t.Errorf("after %s: %+v", s, row)
		}
	}
	s, err := d.Require("a", "gone", facts.Requirement{Kind: facts.RequireSSL})
	if err != nil {
		t.Fatal(err)
	}
	if n := refusal(l.source.try(s.String())); n != 1396 {
		t.Errorf("%s: %d", s, n)
	}
}

// privileges: without a privilege an answer is unknown, never short.
func (l *lab) privileges(t *testing.T, d dialect.Dialect) {
	l.source.do(t, "SET sql_log_bin=0", "CREATE USER weak@localhost IDENTIFIED BY 'pw'", "SET sql_log_bin=1")
	db := open(t, l.source.login("weak", "pw"))
	unknown := func(name string, isUnknown bool) {
		if !isUnknown {
			t.Errorf("%s is not unknown without privileges", name)
		}
	}
	unknown("sessions", ask(t, db, d.Sessions(false)).IsUnknown())
	unknown("sessions with performance_schema", ask(t, db, d.Sessions(true)).IsUnknown())
	unknown("channels", ask(t, db, d.Channels()).IsUnknown())
	unknown("binlog status", ask(t, db, d.BinlogStatus()).IsUnknown())
	unknown("binlogs", ask(t, db, d.Binlogs()).IsUnknown())
	unknown("account hosts", ask(t, db, d.AccountHosts("repl")).IsUnknown())
	unknown("account", ask(t, db, d.Account("repl", "127.0.0.1")).IsUnknown())
	unknown("registered replicas", ask(t, db, d.Registered()).IsUnknown())
	unknown("replication accounts", ask(t, db, d.ReplicationAccounts()).IsUnknown())
	mustAsk(t, db, d.Instance())
	mustAsk(t, db, d.Settings())
	mustAsk(t, db, d.RunTime())
	l.source.do(t, "SET sql_log_bin=0", "CREATE ROLE watch", "GRANT PROCESS ON *.* TO watch", "GRANT watch TO weak@localhost",
		"SET DEFAULT ROLE watch FOR weak@localhost", "SET sql_log_bin=1")
	mustAsk(t, open(t, l.source.login("weak", "pw")), d.Sessions(false))
}

// passwordErrors: a right password that REQUIRE SSL refuses in plaintext does not count toward max_password_errors.
func (l *lab) passwordErrors(t *testing.T) {
	l.source.do(t, "SET sql_log_bin=0", "CREATE USER pe@'127.0.0.1' IDENTIFIED BY 'pw' REQUIRE SSL", "SET sql_log_bin=1",
		"SET GLOBAL max_password_errors=2")
	config := &tls.Config{RootCAs: l.pki.pool, ServerName: "127.0.0.1"}
	for range 5 {
		if n := refusal(open(t, l.source.loginTCP("pe", "pw", nil)).Ping()); n != 1045 {
			t.Fatalf("plaintext login: %d", n)
		}
	}
	if err := open(t, l.source.loginTCP("pe", "pw", config)).Ping(); err != nil {
		t.Errorf("the right password over TLS after refused plaintext logins: %v", err)
	}
	for range 2 {
		if n := refusal(open(t, l.source.loginTCP("pe", "wrong", config)).Ping()); n != 1045 {
			t.Fatalf("wrong password: %d", n)
		}
	}
	if n := refusal(open(t, l.source.loginTCP("pe", "pw", config)).Ping()); n != 4150 {
		t.Errorf("the right password after two wrong ones: %d", n)
	}
}

// runTime: settings made at run time are listed, orders and positions are not.
func (l *lab) runTime(t *testing.T, d dialect.Dialect) {
	l.stop(t, d, "", bothThreads)
	l.stop(t, d, oddChannel, bothThreads)
	l.replica.do(t, "SET GLOBAL read_only=1", "SET GLOBAL init_connect='SET @a=1'", "SET GLOBAL max_connections=200",
		"SET GLOBAL sql_slave_skip_counter=0", "SET GLOBAL innodb_buffer_pool_dump_now=1", "SET GLOBAL innodb_fast_shutdown=1",
		"SET GLOBAL gtid_slave_pos=''", "SET GLOBAL replicate_do_db='shop'", "SET GLOBAL wsrep_sst_auth='u:secret'",
		"SET GLOBAL slave_net_timeout=61", "SET GLOBAL slave_net_timeout=60")
	record(t, l.replica, "run_time", d.RunTime().Statement())
	want := []string{
		"init_connect=(not shown)", "max_connections=200", "read_only=ON", "replicate_do_db=shop",
		"slave_net_timeout=60", "wsrep_sst_auth=(not shown)",
	}
	if got := mustAsk(t, l.replica.DB, d.RunTime()); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if !mustAsk(t, l.replica.DB, d.Instance()).ReadOnly {
		t.Error("read_only was not seen")
	}
	for _, c := range mustAsk(t, l.replica.DB, d.Channels()) {
		if c.Filtered != (c.Name == "") { // the variable is that of the default channel
			t.Errorf("channel %q: filtered is %v", c.Name, c.Filtered)
		}
	}
	l.replica.do(t, "SET GLOBAL read_only=0", "SET GLOBAL replicate_do_db=''")
}

// reload: new files come into use, bad ones are refused, and nothing goes to the binary log.
func (l *lab) reload(t *testing.T, d dialect.Dialect) {
	before := mustAsk(t, l.source.DB, d.BinlogStatus())
	l.source.run(t, d.ReloadTLS())
	write(t, l.pki.key, []byte("no key"))
	err := l.source.try(d.ReloadTLS().String())
	if n := refusal(err); n != 1105 || !strings.Contains(err.Error(), "private key") {
		t.Errorf("reload of a bad key: %v", err)
	}
	config := &tls.Config{RootCAs: l.pki.pool, ServerName: "127.0.0.1"}
	l.source.do(t, "SET sql_log_bin=0", "CREATE USER still@'127.0.0.1' IDENTIFIED BY 'pw' REQUIRE SSL", "SET sql_log_bin=1")
	if err := open(t, l.source.loginTCP("still", "pw", config)).Ping(); err != nil {
		t.Errorf("after a refused reload: %v", err)
	}
	if after := mustAsk(t, l.source.DB, d.BinlogStatus()); after != before {
		t.Errorf("the reload moved the binary log from %v to %v", before, after)
	}
	if err := l.replica.try(d.ReloadTLS().String()); err != nil || mustAsk(t, l.replica.DB, d.Settings()).Enabled {
		t.Errorf("reload on a server without TLS: %v", err)
	}
}

// receiverErrors: each error that can be made here cheaply has an explanation.
func (l *lab) receiverErrors(t *testing.T, d dialect.Dialect) {
	l.source.do(t, "SET sql_log_bin=0", "ALTER USER repl@'127.0.0.1' REQUIRE SSL",
		"CREATE USER bare@'127.0.0.1' IDENTIFIED BY 'pw'", "CREATE USER shut@'127.0.0.1' IDENTIFIED BY 'pw' ACCOUNT LOCK",
		"CREATE USER old@'127.0.0.1' IDENTIFIED BY 'pw' PASSWORD EXPIRE", "SET sql_log_bin=1")
	wrong, missing := l.verified(), l.verified()
	wrong.CA, missing.CA = newPKI(t, t.TempDir()).ca, "/nonexistent/ca.pem"
	for _, c := range []struct {
		name, user string
		tls        facts.TLSOptions
		errno      int
	}{
		{"1045", "repl", facts.TLSOptions{}, 1045},
		{"2026", "repl", wrong, 2026},
		{"2026_missing", "repl", missing, 2026},
		{"1597", "bare", facts.TLSOptions{}, 1597},
		{"4151", "shut", facts.TLSOptions{}, 4151},
		{"1820", "old", facts.TLSOptions{}, 1820},
	} {
		l.stop(t, d, "", bothThreads)
		l.replica.do(t, "CHANGE MASTER TO MASTER_USER='"+c.user+"'")
		l.replica.run(t, l.change(t, d, "", c.tls))
		l.start(t, d, "", facts.Threads{Receiver: true})
		ch := l.channel(t, d, "", func(ch facts.Channel) bool { return ch.ReceiverError.Number != 0 })
		if ch.ReceiverError.Number != c.errno || dialect.Explain(c.errno, ch.ReceiverError.Text) == "" {
			t.Errorf("%s: %+v", c.name, ch.ReceiverError)
		}
		record(t, l.replica, "channels_"+c.name, d.Channels().Statement())
	}
	t.Run("applier error", func(t *testing.T) { l.applierError(t, d) })
	t.Run("source without TLS", func(t *testing.T) { l.noTLS(t, d) })
}

// subjects: a subject with every character that a string can trip over is set as it is, whatever the sql_mode of the session and of a replica
// that finds the statement in the binary log.
func (l *lab) subjects(t *testing.T, d dialect.Dialect) {
	for _, s := range []*server{l.source, l.replica} {
		s.do(t, "SET sql_log_bin=0", "CREATE USER sub@'%' IDENTIFIED BY 'pw'", "SET sql_log_bin=1")
	}
	l.replica.do(t, "SET GLOBAL sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'")
	l.start(t, d, "", bothThreads)
	l.channel(t, d, "", connected)
	for _, mode := range []string{"", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"} {
		db := open(t, l.source.login("root", ""))
		want := facts.Requirement{Kind: facts.RequireSpecified, Issuer: `/CN=\xC3\xA9 "ca"`, Subject: `/O=o'b\\ \n\x27/CN=` + mode, Cipher: "AES"}
		statements, err := d.RequireRows("sub", []facts.RowChange{{Host: "%", Former: facts.Requirement{Kind: facts.RequireNone}, Wanted: want}}, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range append([]string{"SET SESSION sql_mode='" + mode + "'"}, texts(statements)...) {
			if _, err := db.Exec(text); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		for _, s := range []*server{l.source, l.replica} {
			err := within(10*time.Second, func() error {
				if row := mustAsk(t, s.DB, d.Account("sub", "%")); !row.Require.Same(want) {
					return fmt.Errorf("sql_mode %q: server %s demands %+v, want %+v", mode, s.dir, row.Require, want)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	l.stop(t, d, "", bothThreads)
	l.replica.do(t, "SET GLOBAL sql_mode=DEFAULT")
}

func texts(statements []dialect.Statement) []string {
	list := make([]string, len(statements))
	for i, s := range statements {
		list[i] = s.String()
	}
	return list
}

// ciphers: a cipher alone lets in a login without a certificate, and refuses one with another cipher; an issuer alone does not.
func (l *lab) ciphers(t *testing.T, d dialect.Dialect) {
	config := &tls.Config{RootCAs: l.pki.pool, ServerName: "127.0.0.1"}
	l.source.do(t, "SET sql_log_bin=0", "CREATE USER cip@'127.0.0.1' IDENTIFIED BY 'pw' REQUIRE SSL")
	var name, cipher string
	if err := open(t, l.source.loginTCP("cip", "pw", config)).QueryRow("SHOW STATUS LIKE 'Ssl_cipher'").Scan(&name, &cipher); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		demand facts.Requirement
		errno  int
	}{
		{facts.Requirement{Kind: facts.RequireSpecified, Cipher: cipher}, 0},
		{facts.Requirement{Kind: facts.RequireSpecified, Cipher: "AES"}, 1045},
		{facts.Requirement{Kind: facts.RequireSpecified, Issuer: "/CN=test ca"}, 1045},
		{facts.Requirement{Kind: facts.RequireX509}, 1045},
	} {
		s, err := d.Require("cip", "127.0.0.1", test.demand)
		if err != nil {
			t.Fatal(err)
		}
		l.source.run(t, s)
		if n := refusal(open(t, l.source.loginTCP("cip", "pw", config)).Ping()); n != test.errno || test.demand.Certificate() != (test.demand.Cipher == "") {
			t.Errorf("%s: a login without a certificate: %d, want %d", test.demand, n, test.errno)
		}
	}
	l.source.do(t, "DROP USER cip@'127.0.0.1'", "SET sql_log_bin=1")
}
