package dialect_test

import (
	"bytes"
	"cmp"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// maker is a server program of this machine, or of an unpacked tree, by which failures are provoked.
type maker struct {
	name    string // mysql-5.7: family and version
	program string
	base    string // the folder of share and lib; empty for what the machine has installed
	data    string // a data folder that came with it; empty where it makes one itself
	version facts.Version
}

// makers are the MariaDB of this machine and all trees that it has.
func makers(t *testing.T) []maker {
	t.Helper()
	needBinary(t, "mariadbd")
	installed, err := exec.LookPath("mariadbd")
	if err != nil {
		t.Fatal(err)
	}
	list := []maker{newMaker(t, "mariadb-10.11", installed, "")}
	trees, _ := filepath.Glob("/var/cache/replssl/servers/*/whole")
	for _, whole := range trees {
		tree := filepath.Dir(whole)
		for _, base := range []string{filepath.Join(tree, "usr"), tree} {
			for _, program := range []string{"sbin/mariadbd", "sbin/mysqld", "bin/mariadbd", "bin/mysqld"} {
				if _, err := os.Stat(filepath.Join(base, program)); err == nil && !has(list, filepath.Base(tree)) {
					list = append(list, newMaker(t, filepath.Base(tree), filepath.Join(base, program), base))
				}
			}
		}
	}
	return list
}

func has(list []maker, name string) bool {
	return slices.ContainsFunc(list, func(m maker) bool { return m.name == name })
}

var versionText = regexp.MustCompile(`Ver (\d+)\.(\d+)\.(\d+)(\S*)`)

func newMaker(t *testing.T, name, program, base string) maker {
	t.Helper()
	said, err := exec.Command(program, "--no-defaults", "--version").Output()
	found := versionText.FindStringSubmatch(string(said))
	if err != nil || found == nil {
		t.Fatalf("%s --version: %v: %s", program, err, said)
	}
	m := maker{name: name, program: program, base: base}
	m.version.Flavour = facts.MySQL
	if strings.Contains(found[4], "MariaDB") {
		m.version.Flavour = facts.MariaDB
	}
	_, err = fmt.Sscan(strings.Join(found[1:4], " "), &m.version.Major, &m.version.Minor, &m.version.Patch)
	if err != nil {
		t.Fatal(err)
	}
	if data := filepath.Join(base, "data", "mysql"); base != "" {
		if _, err := os.Stat(data); err == nil {
			m.data = filepath.Dir(data)
		}
	}
	return m
}

func (m maker) isMariaDB() bool { return m.version.Flavour == facts.MariaDB }

// since says that it is MySQL of at least that version.
func (m maker) since(major, minor, patch int) bool {
	v := m.version
	return !m.isMariaDB() && cmp.Or(cmp.Compare(v.Major, major), cmp.Compare(v.Minor, minor), cmp.Compare(v.Patch, patch)) >= 0
}

// from is [maker.since] for MariaDB.
func (m maker) from(major, minor int) bool {
	v := m.version
	return m.isMariaDB() && cmp.Or(cmp.Compare(v.Major, major), cmp.Compare(v.Minor, minor)) >= 0
}

// common are the arguments of every program call.
func (m maker) common() []string {
	args := []string{"--no-defaults", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M"}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	if m.base != "" {
		args = append(args, "--basedir="+m.base)
		for _, option := range []struct{ name, folder string }{
			{"lc-messages-dir", "share/mysql"},
			{"lc-messages-dir", "share"},
			{"plugin-dir", "lib/mysql/plugin"},
			{"plugin-dir", "lib/plugin"},
			{"plugin-dir", "lib64/mysql/plugin"},
		} {
			folder := filepath.Join(m.base, option.folder)
			if entries, err := os.ReadDir(folder); err == nil && len(entries) > 0 &&
				(option.name == "plugin-dir" || existing(filepath.Join(folder, "english"), filepath.Join(folder, "english/errmsg.sys"))) {
				args = append(args, "--"+option.name+"="+folder)
			}
		}
	}
	if m.since(5, 7, 0) {
		args = append(args, "--secure-file-priv=")
	}
	return args
}

func existing(paths ...string) bool {
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}

// template fills a data folder that servers get copies of. root logs in through the socket without a password.
func (m maker) template(t *testing.T, dir string) string {
	t.Helper()
	template := filepath.Join(dir, "template")
	if m.data != "" {
		copyTo(t, template, m.data)
		return template
	}
	var cmd *exec.Cmd
	if !m.since(5, 7, 6) {
		if m.base == "" {
			return newTemplate(t, dir)
		}
		if err := os.Mkdir(template, 0o700); err != nil {
			t.Fatal(err)
		}
		cmd = exec.Command(m.program, append(m.common(), "--bootstrap", "--datadir="+template, "--max-allowed-packet=8M")...)
		cmd.Stdin = m.systemTables(t)
	} else {
		cmd = exec.Command(m.program, append(m.common(), "--initialize-insecure", "--datadir="+template)...)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	_ = os.Remove(filepath.Join(template, "auto.cnf"))
	return template
}

// systemTables is the SQL by which MariaDB makes its own tables.
func (m maker) systemTables(t *testing.T) *strings.Reader {
	t.Helper()
	text := "CREATE DATABASE mysql;\nUSE mysql;\n"
	names := []string{"system_tables.sql", "system_tables_data.sql"}
	if m.isMariaDB() {
		names = []string{"system_tables.sql", "performance_tables.sql", "system_tables_data.sql"}
	}
	for _, name := range names {
		var found []byte
		for _, pattern := range []string{"share/mysql/mysql_", "share/mysql/mariadb_", "share/mysql_", "share/mariadb_"} {
			if part, err := os.ReadFile(filepath.Join(m.base, pattern+name)); err == nil {
				found = part
			}
		}
		if found == nil {
			t.Fatalf("%s has no %s", m.base, name)
		}
		text += string(found) + "\n"
	}
	return strings.NewReader("SET @auth_root_socket=NULL, @current_hostname='localhost', @skip_auth_anonymous=1;\n" + text)
}

func copyTo(t *testing.T, to, from string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// running is a server of a rig.
type running struct {
	*server

	maker maker
	id    int
	cmd   *exec.Cmd
}

// launch starts a server, or starts it anew with other options. It gives false where it does not come up.
func (r *running) launch(t *testing.T, options ...string) bool {
	t.Helper()
	r.halt()
	args := append(r.maker.common(), "--datadir="+filepath.Join(r.dir, "data"), "--socket="+r.socket, fmt.Sprint("--port=", r.port), "--bind-address=127.0.0.1",
		"--log-bin=b", fmt.Sprint("--server-id=", r.id), "--pid-file="+filepath.Join(r.dir, "pid"), "--log-error="+filepath.Join(r.dir, "log.err"),
		"--skip-slave-start", "--relay-log=relay", "--tmpdir="+r.dir)
	if r.maker.since(5, 7, 0) && !r.maker.since(8, 0, 0) {
		args = append(args, "--master-info-repository=TABLE", "--relay-log-info-repository=TABLE")
	}
	if r.maker.since(8, 0, 0) {
		args = append(args, "--mysqlx=OFF")
	}
	r.cmd = exec.Command(r.maker.program, append(args, options...)...)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = r.cmd.Wait(); close(ended) }()
	err := within(60*time.Second, func() error {
		select {
		case <-ended:
			return nil
		default:
			return r.Ping()
		}
	})
	if err != nil {
		t.Fatalf("%s does not answer: %v\n%s", r.maker.name, err, r.log())
	}
	return r.Ping() == nil
}

func (r *running) log() string {
	text, _ := os.ReadFile(filepath.Join(r.dir, "log.err"))
	return string(text)
}

func (r *running) halt() {
	if r.cmd != nil {
		_ = r.cmd.Process.Kill()
		_ = within(20*time.Second, func() error {
			if r.Ping() == nil {
				return fmt.Errorf("it still answers")
			}
			return nil
		})
		r.cmd = nil
	}
}

// rig is a source and a replica, with the files of an authority.
type rig struct {
	dir             string
	source, replica *running
	pki             *failurePKI
	recorded        map[string]string // texts by NUMBER-what
}

func newRig(t *testing.T, m maker) *rig {
	t.Helper()
	dir, err := os.MkdirTemp("", "fail") // short, for the paths of sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &rig{dir: dir, recorded: map[string]string{}, pki: newFailurePKI(t, dir)}
	template := m.template(t, dir)
	for i, one := range []**running{&r.source, &r.replica} {
		home := filepath.Join(dir, fmt.Sprint("s", i+1))
		copyTo(t, filepath.Join(home, "data"), template)
		s := &server{dir: home, socket: filepath.Join(home, "sock"), port: freePort(t)}
		s.DB = open(t, s.login("root", ""))
		*one = &running{server: s, maker: m, id: i + 1}
		t.Cleanup((*one).halt)
	}
	r.source.launch(t, r.serving("server")...)
	r.replica.launch(t, "--skip-name-resolve")
	r.source.onlyRoot(t)
	return r
}

// onlyRoot takes out the accounts that some servers are born with, so that no row is for 127.0.0.1.
func (r *running) onlyRoot(t *testing.T) {
	t.Helper()
	rows, err := query(r.DB, "SELECT user, host FROM mysql.user WHERE host <> 'localhost' OR user = ''")
	if err != nil {
		t.Fatal(err)
	}
	r.do(t, "SET sql_log_bin=0")
	for _, row := range rows {
		r.do(t, fmt.Sprintf("DROP USER '%s'@'%s'", said(row, "user"), said(row, "host")))
	}
	r.do(t, "SET sql_log_bin=1")
}

// serving are the options of a server that shows the certificate of that name.
func (r *rig) serving(name string) []string {
	return []string{"--skip-name-resolve", "--ssl-ca=" + r.pki.file("ca"), "--ssl-cert=" + r.pki.file(name), "--ssl-key=" + r.pki.file(name+"-key")}
}

// words are those of the replica's version.
func (r *rig) words(statement string) string {
	if r.replica.maker.since(8, 0, 23) {
		statement = strings.NewReplacer("CHANGE MASTER TO", "CHANGE REPLICATION SOURCE TO", "MASTER_", "SOURCE_", "SLAVE", "REPLICA").Replace(statement)
	}
	return statement
}

// account makes the account on the source anew, in no binary log.
func (r *rig) account(t *testing.T, name, host, require string) {
	t.Helper()
	r.source.do(t, "SET sql_log_bin=0")
	who := fmt.Sprintf("'%s'@'%s'", name, host)
	_, _ = r.source.Exec("DROP USER " + who)
	if r.source.maker.since(5, 7, 6) || r.source.maker.isMariaDB() {
		r.source.do(t, "CREATE USER "+who+" IDENTIFIED "+r.plugin()+"BY 'pw' "+require, "GRANT REPLICATION SLAVE ON *.* TO "+who)
	} else {
		r.source.do(t, "GRANT REPLICATION SLAVE ON *.* TO "+who+" IDENTIFIED BY 'pw' "+require)
	}
	r.source.do(t, "SET sql_log_bin=1")
}

// plugin keeps accounts off caching_sha2_password, as far as there is another that needs no secure connection.
func (r *rig) plugin() string {
	if r.source.maker.since(8, 0, 0) && !r.source.maker.since(8, 4, 0) {
		return "WITH mysql_native_password "
	}
	return ""
}

// asked is what is asked of a receiver.
type asked struct {
	host, user, password string
	port                 int
	more                 string // further options
}

// plaintext states every TLS option: MariaDB 10.11 keeps them in memory beyond RESET SLAVE ALL.
const plaintext = ", MASTER_SSL=0, MASTER_SSL_CA='', MASTER_SSL_CERT='', MASTER_SSL_KEY='', MASTER_SSL_CIPHER='', MASTER_SSL_CRL='', " +
	"MASTER_SSL_VERIFY_SERVER_CERT=0"

func (r *rig) change(c asked) string {
	if r.replica.maker.since(8, 0, 4) && !strings.Contains(c.more, "PUBLIC_KEY") {
		c.more += ", GET_MASTER_PUBLIC_KEY=1"
	}
	return r.words(fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='%s', MASTER_PORT=%d, MASTER_USER='%s', MASTER_PASSWORD='%s'"+plaintext+"%s",
		cmp.Or(c.host, "127.0.0.1"), cmp.Or(c.port, r.source.port), cmp.Or(c.user, "repl"), cmp.Or(c.password, "pw"), c.more))
}

// tls are the options of a channel that checks the chain, with others in place of them.
func (r *rig) tls(more ...string) string {
	return ", MASTER_SSL=1, MASTER_SSL_CA='" + r.pki.file("ca") + "'" + strings.Join(append([]string{""}, more...), ", ")
}

func (r *rig) reset(t *testing.T) {
	t.Helper()
	r.replica.do(t, r.words("STOP SLAVE"), r.words("RESET SLAVE ALL"))
}

// receiver records the error that a receiver with these options comes to.
func (r *rig) receiver(t *testing.T, what string, c asked) {
	t.Helper()
	r.reset(t)
	r.replica.do(t, r.change(c))
	_, err := r.replica.Exec(r.words("START SLAVE IO_THREAD"))
	if err != nil {
		r.refused(t, what, err)
		return
	}
	if r.died(t, what) {
		return
	}
	r.thread(t, what, "last_io_errno", "last_io_error")
}

// died says that the replica has not outlived its receiver, and starts it again: MySQL 5.6.24 dies of a key with a passphrase, and MariaDB 11.4 of
// a list of revoked certificates that is missing.
func (r *rig) died(t *testing.T, what string) bool {
	t.Helper()
	gone := within(2*time.Second, func() error {
		rows, err := query(r.replica.DB, r.words("SHOW SLAVE STATUS"))
		if err == nil && (len(rows) != 1 || said(rows[0], "last_io_errno") == "0" && said(rows[0], "slave_io_running") != "Yes") {
			return fmt.Errorf("not yet")
		}
		return nil // one that does not answer may have died
	})
	if _, err := query(r.replica.DB, "SELECT 1"); err == nil || gone != nil {
		return false
	}
	if err := within(2*time.Second, r.replica.Ping); err == nil {
		return false
	}
	t.Logf("%s dies: %s\n%s", r.replica.maker.name, what, lastOf(r.replica.log()))
	r.replica.launch(t, "--skip-name-resolve")
	return true
}

// thread waits for an error of a thread, and records it.
func (r *rig) thread(t *testing.T, what, number, text string) {
	t.Helper()
	var row dialect.Row
	err := within(20*time.Second, func() error {
		rows, err := query(r.replica.DB, r.words("SHOW SLAVE STATUS"))
		if err != nil || len(rows) != 1 {
			return fmt.Errorf("%d rows: %w", len(rows), err)
		}
		row = rows[0]
		if said(row, number) == "0" {
			return fmt.Errorf("%s: no error yet: %s", what, said(row, cmp.Or("slave_io_state", "")))
		}
		return nil
	})
	if err != nil {
		t.Errorf("%s: %v: %v", what, err, row)
		return
	}
	r.record(said(row, number), what, said(row, text))
}

func said(row dialect.Row, column string) string {
	if cell, ok := row[column]; ok {
		return cell.Text
	}
	return row[strings.NewReplacer("master", "source", "slave", "replica").Replace(column)].Text
}

// refused records the error of a statement or a login.
func (r *rig) refused(t *testing.T, what string, err error) {
	t.Helper()
	refusal := (*mysql.MySQLError)(nil)
	if !asRefusal(err, &refusal) {
		t.Errorf("%s: %v", what, err)
		return
	}
	r.record(fmt.Sprint(refusal.Number), what, refusal.Message)
}

// statement records the refusal of a statement.
func (r *rig) statement(t *testing.T, on *running, what, text string) {
	t.Helper()
	_, err := on.Exec(text)
	r.refused(t, what, err)
}

var (
	attempt = regexp.MustCompile(`attempt \d+/`)

	otherPort = regexp.MustCompile(`:\d{5}\b`)
	uuid      = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// record keeps a text, with what differs from run to run left out.
func (r *rig) record(number, what, text string) {
	text = strings.ReplaceAll(text, r.dir, "/etc/mysql-ssl")
	for i, s := range []*running{r.source, r.replica} {
		text = strings.ReplaceAll(text, fmt.Sprint(":", s.port), fmt.Sprint(":", 3306+i))
	}
	text = otherPort.ReplaceAllString(text, ":3308")
	text = uuid.ReplaceAllString(attempt.ReplaceAllString(text, "attempt 1/"), "5a2ef0dd-0000-11f0-8000-000000000001")
	r.recorded[number+"-"+what] = text
}

// write keeps the texts as files, or compares them with those.
func (r *rig) write(t *testing.T, name string) {
	t.Helper()
	dir := filepath.Join("testdata", "failures", name)
	if *update {
		_ = os.RemoveAll(dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for key, text := range r.recorded {
		path := filepath.Join(dir, key+".txt")
		if *update {
			write(t, path, []byte(text+"\n"))
			_ = os.Chmod(path, 0o644)
			continue
		}
		if kept, err := os.ReadFile(path); err != nil || strings.TrimSuffix(string(kept), "\n") != text {
			t.Errorf("%s says %q, and the recorded text is %q: %v", key, text, kept, err)
		}
	}
}

// sealed is a key with a passphrase, as OpenSSL writes it.
func sealed(t *testing.T, key []byte) []byte {
	t.Helper()
	cmd := exec.Command("openssl", "rsa", "-traditional", "-aes128", "-passout", "pass:secret")
	cmd.Stdin = bytes.NewReader(key)
	out, err := cmd.Output()
	if block, _ := pem.Decode(out); err != nil || block == nil {
		t.Fatalf("openssl rsa: %v", err)
	}
	return out
}
