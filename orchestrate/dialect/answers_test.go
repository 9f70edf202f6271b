package dialect_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

func row(pairs ...string) dialect.Row {
	r := dialect.Row{}
	for i := 0; i < len(pairs); i += 2 {
		r[pairs[i]] = dialect.Cell{Text: pairs[i+1]}
	}
	return r
}

func TestSessions(t *testing.T) {
	d := mariadb1011(t)
	encrypted := func(recording string, perfSchema bool) facts.Value[facts.Transport] {
		s, ok := d.Sessions(perfSchema).Read(recorded(t, recording)).Get()
		if !ok || len(s.DumpThreads) != 1 || len(s.Sessions) != 0 {
			t.Fatalf("%s: %+v", recording, s)
		}
		return s.DumpThreads[0].Transport
	}
	if v, ok := encrypted("sessions_tls", true).Get(); !ok || !v.Encrypted || !v.Cipher.IsUnknown() || !v.Version.IsUnknown() {
		t.Errorf("over TLS: %+v", v)
	}
	if v, ok := encrypted("sessions_plaintext", true).Get(); !ok || v.Encrypted || !v.Cipher.IsAbsent() {
		t.Errorf("in plaintext: %+v", v)
	}
	if v := encrypted("sessions_without_performance_schema", false); !strings.Contains(v.Why(), "performance_schema=ON") {
		t.Errorf("without performance_schema: %v", v)
	}
}

func TestSessionKinds(t *testing.T) {
	session := func(id, user, host, command string) dialect.Row {
		return row("id", id, "user", user, "host", host, "command", command, "self", "9", "connection_type", "")
	}
	rows := []dialect.Row{
		session("9", "root", "localhost", "Query"),
		session("1", "system user", "", "Slave_IO"),
		session("2", "event_scheduler", "localhost", "Daemon"),
		session("3", "repl", "db2:4000", "Sleep"),
		session("4", "system user", "db3:1", "Binlog Dump"),
		session("5", "unauthenticated user", "db2:4001", "Connect"),
	}
	s, ok := mariadb1011(t).Sessions(true).Read(rows).Get()
	want := []facts.Session{{ID: 3, User: "repl", Host: "db2:4000"}, {ID: 5, User: "unauthenticated user", Host: "db2:4001"}}
	if !ok || !slices.Equal(s.Sessions, want) || len(s.DumpThreads) != 1 || s.DumpThreads[0].ID != 4 {
		t.Errorf("%+v", s)
	}
	if why := s.DumpThreads[0].Transport.Why(); !strings.Contains(why, "no row") {
		t.Errorf("a thread that performance_schema does not know: %q", why)
	}
	if v := mariadb1011(t).Sessions(true).Read(rows[1:]); !v.IsUnknown() {
		t.Errorf("a list without the asker: %v", v)
	}
}

func TestInstancePaths(t *testing.T) {
	read := func(pid, socket string) facts.Instance {
		return mariadb1011(t).Instance().Read([]dialect.Row{row("version", "10.11.6-MariaDB", "version_comment", "x", "server_id", "1",
			"hostname", "h", "port", "3306", "socket", socket, "datadir", "/var/lib/mysql/", "pid_file", pid, "read_only", "0", "frozen", "0",
			"log_bin", "1", "admin", "root@localhost", "performance_schema", "0", "logins", "FILE", "member_of", "", "members", "0", "tls_library", "OpenSSL 3.0.17")}).Or(facts.Instance{})
	}
	if in := read("db1.pid", "mysql.sock"); in.PidFile != "/var/lib/mysql/db1.pid" || in.Socket != "/var/lib/mysql/mysql.sock" {
		t.Errorf("%+v", in)
	}
	if in := read("/run/x.pid", ""); in.PidFile != "/run/x.pid" || in.Socket != "" || !in.LogBin || in.ReadOnly {
		t.Errorf("%+v", in)
	}
}

func TestBinlogStatus(t *testing.T) {
	d := mariadb1011(t)
	got, _ := d.BinlogStatus().Read([]dialect.Row{
		row("file", "b.000002", "position", "77", "binlog_do_db", "", "binlog_ignore_db", "shop"),
	}).Get()
	if got != (dialect.BinlogStatus{End: facts.Position{File: "b.000002", Pos: 77}, Filtered: true}) {
		t.Errorf("%+v", got)
	}
	if v := d.BinlogStatus().Read(nil); !v.IsAbsent() {
		t.Errorf("no binary log: %v", v)
	}
	if v := d.Binlogs().Refused(1381, "You are not using binary logging"); !v.IsAbsent() {
		t.Errorf("no binary log: %v", v)
	}
	if v := d.Binlogs().Refused(1227, "Access denied"); !v.IsUnknown() || !strings.Contains(v.Why(), "1227") {
		t.Errorf("refused: %v", v)
	}
}

func TestSettings(t *testing.T) {
	for word, want := range map[string]string{"YES": "{true /ca   /crl}", "DISABLED": "{false /ca   /crl}", "NO": "{false /ca   /crl}"} {
		got := mariadb1011(t).Settings().Read([]dialect.Row{row("have_ssl", word, "ssl_ca", "/ca", "ssl_cert", "", "ssl_key", "", "ssl_crl", "/crl")})
		if got.String() != want {
			t.Errorf("%s: %v", word, got)
		}
	}
	if v := mariadb1011(t).Settings().Read([]dialect.Row{row("have_ssl", "MAYBE", "ssl_ca", "", "ssl_cert", "", "ssl_key", "", "ssl_crl", "")}); !v.IsUnknown() {
		t.Errorf("%v", v)
	}
}

func TestRunTime(t *testing.T) {
	got, ok := mariadb1011(t).RunTime().Read(recorded(t, "run_time")).Get()
	want := []string{
		"init_connect=(not shown)", "max_connections=200", "read_only=ON", "replicate_do_db=shop",
		"slave_net_timeout=60", "wsrep_sst_auth=(not shown)",
	}
	if !ok || !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestAccount(t *testing.T) {
	for host, want := range map[string]facts.RequirementKind{
		"plain": facts.RequireNone, "tls": facts.RequireSSL, "locked": facts.RequireSSL, "expired": facts.RequireX509,
		"plugin": facts.RequireSSL, "specified": facts.RequireSpecified,
	} {
		v := mariadb1011(t).Account("a", host).Read(recorded(t, "account_"+host))
		got, ok := v.Get()
		if !ok || got.User != "a" || got.Host != host || got.Require.Kind != want {
			t.Errorf("%s: %v", host, v)
		}
		if strings.Contains(v.String(), "*") {
			t.Errorf("%s: the hash is in the facts: %v", host, v)
		}
	}
	if v := mariadb1011(t).Account("a", "b").Refused(1133, ""); !v.IsAbsent() {
		t.Errorf("%v", v)
	}
}

func TestAccountPlugin(t *testing.T) {
	for text, want := range map[string]string{
		"CREATE USER `a`@`b` IDENTIFIED BY PASSWORD '*AB' REQUIRE SSL":                                               "",
		"CREATE USER `a`@`b` IDENTIFIED VIA parsec USING 'P0:x' REQUIRE SSL":                                         "parsec",
		"CREATE USER `a`@`b` IDENTIFIED VIA mysql_native_password USING '*AB' OR unix_socket":                        "",
		"CREATE USER `a`@`b` IDENTIFIED WITH 'caching_sha2_password' AS '$A$ OR \\' x' REQUIRE NONE PASSWORD EXPIRE": "caching_sha2_password",
	} {
		v := mariadb1011(t).Account("a", "b").Read([]dialect.Row{row("create user for a@b", text)})
		if got, ok := v.Get(); !ok || got.Plugin != want || want != "" && dialect.TriesLogin(want) != (want != "parsec") {
			t.Errorf("%s: %+v", text, v)
		}
	}
}
