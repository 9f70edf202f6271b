package whole_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

// former makes TLS settings that the next start would read. The server runs without.
const former = `
chown mysql /etc/former-cert.pem /etc/former-key.pem
printf '[mariadbd]\n# of a former attempt\nssl-cert = /etc/former-cert.pem\nssl_key = /etc/former-key.pem\n' >/etc/mysql/mariadb.conf.d/60-former.cnf
`

// plugin installs a plugin that only the data folder knows of, and gives it a setting that no other server would take.
const plugin = `
mariadb -e "INSTALL SONAME 'server_audit'"
printf '[mariadbd]\nserver_audit_logging = OFF\n' >/etc/mysql/mariadb.conf.d/70-audit.cnf
`

// TestWhereTheSettingsStand follows the TLS settings of a server from a former attempt to ours, and to one that comes later.
func TestWhereTheSettingsStand(t *testing.T) {
	s := start(t, host.Options{}, plain+asRoot)
	s.formerFiles("db1")
	s.on("db1", former)
	s.on("db1", plugin)
	const client = "my_print_defaults client client-server mariadb-client; mariadb -NBe 'SELECT CURRENT_USER()'"
	before := s.on("db1", client)
	s.want(2, "plan", "--allow-restart").says(t, "today ssl_cert is /etc/former-cert.pem (/etc/mysql/mariadb.conf.d/60-former.cnf:3)",
		"ssl_key is /etc/former-key.pem (/etc/mysql/mariadb.conf.d/60-former.cnf:4)")
	s.mainJob()
	if after := s.on("db1", client); after != before {
		t.Errorf("local clients are affected: %s, before %s", after, before)
	}
	if groups := s.on("db1", "grep -h '^\\[' /etc/mysql/mariadb.conf.d/zz-replssl.cnf"); strings.TrimSpace(groups) != "[mysqld]" {
		t.Errorf("our file has the groups %s", groups)
	}
	s.on("db1", "printf '[mariadbd]\\nssl_cert = /etc/former-cert.pem\\n' >/etc/mysql/mariadb.conf.d/zzz-late.cnf")
	const late = "db1 runs with ssl_cert /etc/mysql-ssl/current/cert.pem, and would start with /etc/former-cert.pem" +
		" (/etc/mysql/mariadb.conf.d/zzz-late.cnf:2: ssl_cert = /etc/former-cert.pem)"
	s.want(5, "verify").says(t, late)
	s.want(3, "plan").says(t, late)
	s.on("db1", "rm /etc/mysql/mariadb.conf.d/zzz-late.cnf; mariadb -e 'SET GLOBAL require_secure_transport = ON'")
	s.want(0, "plan").says(t, "require_secure_transport ON, and would start with OFF (as it was set with SET GLOBAL alone)")
}

// formerFiles are a certificate and its key that nobody here knows.
func (s *site) formerFiles(name string) {
	s.t.Helper()
	dir := s.t.TempDir()
	making := exec.CommandContext(s.t.Context(), "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", dir+"/key.pem", "-out", dir+"/cert.pem",
		"-subj", "/CN=former")
	if said, err := making.CombinedOutput(); err != nil {
		s.t.Fatalf("%s %v", said, err)
	}
	for _, file := range []string{"cert.pem", "key.pem"} {
		text, err := os.ReadFile(dir + "/" + file)
		if err != nil {
			s.t.Fatal(err)
		}
		if err := s.Host(name).WriteFile("/etc/former-"+file, string(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}
