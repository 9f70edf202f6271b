package dialect_test

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

var only = flag.String("only", "", "the one server to provoke failures on")

// TestRealFailures lets servers fail in every way that there is an explanation for, and holds what they say against the texts that were
// recorded. -update records them anew, of all servers that this machine has; without it the MariaDB of this machine alone is asked.
func TestRealFailures(t *testing.T) {
	list := makers(t)
	if !*update {
		list = list[:1]
	}
	for _, m := range list {
		if *only != "" && m.name != *only {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			r := newRig(t, m)
			r.logins(t)
			r.reaching(t)
			r.ownFiles(t)
			r.statements(t)
			r.appliers(t)
			r.theirFiles(t)
			r.write(t, m.name)
		})
	}
}

// logins are those that a source refuses.
func (r *rig) logins(t *testing.T) {
	m := r.source.maker
	r.receiver(t, "no-row", asked{user: "nobody"})
	r.account(t, "repl", "127.0.0.1", "")
	r.receiver(t, "password", asked{password: "wrong"})
	r.account(t, "tls", "127.0.0.1", "REQUIRE SSL")
	r.receiver(t, "require-ssl", asked{user: "tls"})
	r.account(t, "x509", "127.0.0.1", "REQUIRE X509")
	r.receiver(t, "require-x509", asked{user: "x509", more: r.tls()})
	r.account(t, "subject", "127.0.0.1", "REQUIRE SUBJECT '/CN=somebody else'")
	r.receiver(t, "require-subject", asked{
		user: "subject", more: r.tls("MASTER_SSL_CERT='"+r.pki.file("client")+"'", "MASTER_SSL_KEY='"+r.pki.file("client-key")+"'"),
	})
	if m.since(5, 7, 8) || m.from(10, 5) {
		r.source.do(t, "SET GLOBAL require_secure_transport=ON")
		r.receiver(t, "secure-transport", asked{more: ", MASTER_SSL=0"})
		r.source.do(t, "SET GLOBAL require_secure_transport=OFF")
	}
	if m.since(5, 7, 6) || m.isMariaDB() {
		r.account(t, "locked", "127.0.0.1", "ACCOUNT LOCK")
		r.receiver(t, "locked", asked{user: "locked"})
	}
	r.account(t, "expired", "127.0.0.1", "")
	_, err := r.source.Exec("ALTER USER 'expired'@'127.0.0.1' PASSWORD EXPIRE")
	if err != nil {
		t.Error(err)
	}
	r.receiver(t, "expired-password", asked{user: "expired"})
	r.source.do(t, "SET sql_log_bin=0")
	if m.since(5, 7, 6) || m.isMariaDB() {
		r.source.do(t, "CREATE USER powerless@127.0.0.1 IDENTIFIED "+r.plugin()+"BY 'pw'")
	} else {
		r.source.do(t, "GRANT USAGE ON *.* TO powerless@127.0.0.1 IDENTIFIED BY 'pw'")
	}
	if m.since(8, 0, 4) {
		r.source.do(t, "CREATE USER sha2@127.0.0.1 IDENTIFIED WITH caching_sha2_password BY 'pw'", "GRANT REPLICATION SLAVE ON *.* TO sha2@127.0.0.1")
	}
	r.source.do(t, "SET sql_log_bin=1")
	r.receiver(t, "no-privilege", asked{user: "powerless"})
	if m.since(8, 0, 4) {
		r.receiver(t, "insecure-password", asked{user: "sha2", more: ", MASTER_SSL=0, GET_MASTER_PUBLIC_KEY=0"})
	}
	if !m.isMariaDB() {
		r.receiver(t, "no-user", asked{more: ", MASTER_USER=''"})
	}
}

// reaching are sources that are not reached, or that are the wrong ones.
func (r *rig) reaching(t *testing.T) {
	r.receiver(t, "refused", asked{port: 1})
	r.receiver(t, "no-such-host", asked{host: "db9.invalid"})
	closes, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := closes.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	r.receiver(t, "cut-off", asked{port: closes.Addr().(*net.TCPAddr).Port})
	_ = closes.Close()
	r.receiver(t, "no-binlog", asked{more: ", MASTER_LOG_FILE='b.000099', MASTER_LOG_POS=4"})
	r.replica.do(t, "SET GLOBAL server_id=1")
	r.receiver(t, "same-server-id", asked{})
	r.replica.do(t, "SET GLOBAL server_id=2")
	r.reset(t)
	_, err = r.replica.Exec(r.words("START SLAVE"))
	r.refused(t, "no-channel", err)
	r.blocked(t)
}

// blocked is what a server says to hosts that broke off too many logins. It does not count those from 127.0.0.1, nor any where it resolves no
// names, so that it is started anew.
func (r *rig) blocked(t *testing.T) {
	options := r.serving("server")
	options[0] = "--max-connect-errors=1"
	r.source.launch(t, options...)
	defer r.source.launch(t, r.serving("server")...)
	r.account(t, "repl", "127.0.0.2", "")
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: 5 * time.Second}
	address := fmt.Sprint("127.0.0.1:", r.source.port)
	mysql.RegisterDialContext("from2", func(ctx context.Context, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp", address)
	})
	defer mysql.DeregisterDialContext("from2")
	config := r.source.login("repl", "pw")
	config.Net = "from2"
	db := open(t, config)
	db.SetMaxIdleConns(-1)
	var err error
	_ = within(5*time.Second, func() error {
		if conn, dialed := dialer.Dial("tcp", address); dialed == nil {
			_, _ = conn.Write([]byte{1, 0, 0, 0, 7})
			_ = conn.Close()
		}
		if err = db.Ping(); refusal(err) == 1129 {
			return nil
		}
		return fmt.Errorf("not blocked yet: %w", err)
	})
	r.refused(t, "blocked-host", err)
}

// ownFiles are those of the receiver.
func (r *rig) ownFiles(t *testing.T) {
	file := func(option, name string) string { return fmt.Sprintf("MASTER_SSL_%s='%s'", option, r.pki.file(name)) }
	cert, key := file("CERT", "client"), file("KEY", "client-key")
	r.receiver(t, "other-ca", asked{more: r.tls(file("CA", "other-ca"))})
	r.receiver(t, "ca-missing", asked{more: r.tls(file("CA", "missing"))})
	r.receiver(t, "ca-is-no-certificate", asked{more: r.tls(file("CA", "client-key"))})
	r.receiver(t, "cert-missing", asked{more: r.tls(file("CERT", "missing"), key)})
	r.receiver(t, "key-missing", asked{more: r.tls(cert, file("KEY", "missing"))})
	r.receiver(t, "key-of-another", asked{more: r.tls(cert, file("KEY", "server-key"))})
	r.receiver(t, "key-sealed", asked{more: r.tls(cert, file("KEY", "client-key-sealed"))})
	r.mayConnect(t, "crl-missing", asked{more: r.tls(file("CRL", "missing"))})
	r.receiver(t, "no-such-cipher", asked{more: r.tls("MASTER_SSL_CIPHER='NONE-OF-THESE'")})
	r.mayConnect(t, "verify-without-ca", asked{more: ", MASTER_SSL=1, MASTER_SSL_CA='', MASTER_SSL_VERIFY_SERVER_CERT=1"})
}

// theirFiles are those of the source, which is started anew with each.
func (r *rig) theirFiles(t *testing.T) {
	identity := r.tls("MASTER_SSL_VERIFY_SERVER_CERT=1")
	for _, c := range []struct{ name, more string }{
		{"elsewhere", identity},
		{"expired", r.tls()},
		{"twin", r.tls()},
		{"revoked", r.tls("MASTER_SSL_CRL='" + r.pki.file("crl") + "'")},
	} {
		if !r.source.launch(t, r.serving(c.name)...) {
			t.Logf("%s does not start with the certificate %s: %s", r.source.maker.name, c.name, lastOf(r.source.log()))
			continue
		}
		what := map[string]string{"elsewhere": "other-name", "expired": "cert-expired", "twin": "name-of-ca", "revoked": "cert-revoked"}[c.name]
		r.mayConnect(t, what, asked{more: c.more})
	}
	off := []string{"--skip-name-resolve", "--skip-ssl"}
	if r.source.maker.since(8, 4, 0) {
		off[1] = "--tls-version="
	}
	r.source.launch(t, off...)
	r.mayConnect(t, "no-tls-at-source", asked{more: identity})
	if r.source.maker.since(5, 7, 10) || r.source.maker.isMariaDB() {
		r.versions(t)
	}
}

// versions are of TLS, of which the two ends have none in common.
func (r *rig) versions(t *testing.T) {
	m := r.source.maker
	theirs, mine := "TLSv1.2", "TLSv1.3"
	switch {
	case m.isMariaDB():
		r.source.launch(t, append(r.serving("server"), "--tls-version=TLSv1.2", "--ssl-cipher=ECDHE-RSA-AES128-GCM-SHA256")...)
		r.mayConnect(t, "no-common-cipher", asked{more: r.tls("MASTER_SSL_CIPHER='ECDHE-RSA-AES256-GCM-SHA384'")})
		return
	case !m.since(8, 0, 16):
		theirs, mine = "TLSv1", "TLSv1.1"
	}
	r.source.launch(t, append(r.serving("server"), "--tls-version="+theirs)...)
	r.mayConnect(t, "no-common-version", asked{more: r.tls("MASTER_TLS_VERSION='" + mine + "'")})
}

// mayConnect is [rig.receiver], where some version sees nothing wrong.
func (r *rig) mayConnect(t *testing.T, what string, c asked) {
	t.Helper()
	r.reset(t)
	r.replica.do(t, r.change(c))
	r.replica.do(t, r.words("START SLAVE IO_THREAD"))
	if r.died(t, what) {
		return
	}
	connected := false
	_ = within(10*time.Second, func() error {
		rows, err := query(r.replica.DB, r.words("SHOW SLAVE STATUS"))
		if err != nil || len(rows) != 1 || said(rows[0], "slave_io_running") == "Connecting" && said(rows[0], "last_io_errno") == "0" {
			return fmt.Errorf("not yet: %w", err)
		}
		connected = said(rows[0], "last_io_errno") == "0"
		return nil
	})
	if connected {
		t.Logf("%s: connects all the same: %s", r.replica.maker.name, what)
		return
	}
	r.thread(t, what, "last_io_errno", "last_io_error")
}

// statements are refused.
func (r *rig) statements(t *testing.T) {
	m := r.replica.maker
	r.receiver(t, "refused", asked{port: 1})
	r.statement(t, r.replica, "change-while-running", r.words("CHANGE MASTER TO MASTER_SSL=1"))
	if m.since(5, 7, 6) {
		r.replica.do(t, r.words("START SLAVE SQL_THREAD"))
		r.statement(t, r.replica, "reset-while-running", r.words("RESET SLAVE ALL"))
		r.statement(t, r.replica, "no-such-channel", r.words("START SLAVE FOR CHANNEL 'nowhere'"))
		r.replica.do(t, r.words("CHANGE MASTER TO MASTER_HOST='127.0.0.9' FOR CHANNEL 'second'"))
		r.statement(t, r.replica, "several-channels", r.words("CHANGE MASTER TO MASTER_SSL=1"))
		r.replica.do(t, r.words("STOP SLAVE"), r.words("RESET SLAVE ALL FOR CHANNEL 'second'"))
		r.source.do(t, "SET GLOBAL super_read_only=ON")
	} else {
		r.source.do(t, "SET GLOBAL read_only=ON")
	}
	if m.isMariaDB() {
		r.statement(t, r.replica, "no-such-channel", "START SLAVE 'nowhere'")
		r.statement(t, r.source, "bad-files", r.spoiled(t))
	}
	r.source.do(t, "SET sql_log_bin=0")
	r.underReadOnly(t)
	r.source.do(t, "SET GLOBAL read_only=OFF")
	r.statement(t, r.source, "no-such-account", "RENAME USER nobody@here TO nobody@there")
	if m.since(5, 7, 0) || m.isMariaDB() { // MySQL 5.6 makes the account
		r.statement(t, r.source, "grant-to-nobody", "GRANT REPLICATION SLAVE ON *.* TO nobody@here")
	}
	r.source.do(t, "SET sql_log_bin=1")
	if !m.since(8, 0, 16) {
		r.statement(t, r.source, "fixed-variable", "SET GLOBAL ssl_cert='x'")
	} else {
		r.source.do(t, "SET GLOBAL ssl_cert='"+r.pki.file("missing")+"'")
		r.statement(t, r.source, "bad-files", "ALTER INSTANCE RELOAD TLS")
		r.source.do(t, "SET GLOBAL ssl_cert='"+r.pki.file("server")+"'")
	}
}

// underReadOnly is what an account without privileges is refused, and the root of MySQL under super_read_only.
func (r *rig) underReadOnly(t *testing.T) {
	if r.source.maker.since(5, 7, 8) {
		r.statement(t, r.source, "read-only", "CREATE USER nobody@here")
		r.source.do(t, "SET GLOBAL super_read_only=OFF")
	}
	powerless := open(t, r.source.loginTCP("powerless", "pw", &tls.Config{
		InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, CipherSuites: everyCipher(),
	}))
	_, err := powerless.Exec(r.words("STOP SLAVE"))
	r.refused(t, "no-privilege-here", err)
}

func everyCipher() []uint16 {
	var ids []uint16
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, suite.ID)
	}
	return ids
}

// spoiled gives the statement by which MariaDB reads files that it cannot use: its key is taken away for a moment.
func (r *rig) spoiled(t *testing.T) string {
	t.Helper()
	key := r.pki.file("server-key")
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(key + ".away") })
	_, err := r.source.Exec("FLUSH LOCAL SSL")
	r.refused(t, "bad-key", err)
	if err := os.Rename(key+".away", key); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(r.pki.file("server"), r.pki.file("server-away")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Rename(r.pki.file("server-away"), r.pki.file("server")) })
	return "FLUSH LOCAL SSL"
}

// appliers stop at statements about accounts that are not theirs.
func (r *rig) appliers(t *testing.T) {
	m := r.source.maker
	if r.pki != nil {
		_ = os.Rename(r.pki.file("server-away"), r.pki.file("server"))
	}
	type sent struct{ what, text string }
	statements := []sent{
		{"applier-alter-user", "ALTER USER 'only'@'here' REQUIRE SSL"}, {"applier-grant", "GRANT REPLICATION CLIENT ON *.* TO 'only'@'here'"},
	}
	if !m.since(5, 7, 6) && !m.isMariaDB() { // GRANT makes an account there
		statements = []sent{{"applier-drop-user", "DROP USER 'only'@'here'"}}
	}
	for _, s := range statements {
		r.source.do(t, "SET sql_log_bin=0")
		_, _ = r.source.Exec("DROP USER 'only'@'here'")
		r.source.do(t, "CREATE USER 'only'@'here'", "SET sql_log_bin=1", r.newest("FLUSH LOGS"))
		r.reset(t)
		rows, err := query(r.source.DB, r.newest("SHOW MASTER STATUS"))
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		r.replica.do(t, r.change(asked{more: fmt.Sprintf(", MASTER_LOG_FILE='%s', MASTER_LOG_POS=%s", said(rows[0], "file"), said(rows[0], "position"))}))
		r.source.do(t, s.text)
		r.replica.do(t, r.words("START SLAVE"))
		r.thread(t, s.what, "last_sql_errno", "last_sql_error")
	}
}

// newest has a source's statements in the words of its version.
func (r *rig) newest(statement string) string {
	if r.source.maker.since(8, 4, 0) {
		return strings.ReplaceAll(statement, "SHOW MASTER STATUS", "SHOW BINARY LOG STATUS")
	}
	return statement
}

func lastOf(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(lines[max(0, len(lines)-4):], "\n")
}
