package whole_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/host"
	"github.com/replssl/replssl/e2e/lab"
)

// elsewhere makes a server serve a certificate of somebody else's authority, which ends then. Its option file names the files in /etc/elsewhere;
// the bundle is on all servers.
func (s *site) elsewhere(name string, until time.Time) {
	s.t.Helper()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "elsewhere CA"}, NotBefore: until.AddDate(-1, 0, 0), NotAfter: until.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "elsewhere"}, DNSNames: []string{name}, NotBefore: until.AddDate(-1, 0, 0),
		NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	above, own := s.key(), s.key()
	bundle := s.signed(authority, authority, above, above)
	for _, h := range s.Servers() {
		s.lay(h, "/etc/elsewhere/ca.pem", bundle)
	}
	private, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		s.t.Fatal(err)
	}
	h := s.Host(name)
	s.lay(h, "/etc/elsewhere/cert.pem", s.signed(leaf, authority, own, above))
	s.lay(h, "/etc/elsewhere/key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	s.lay(h, "/etc/mysql/mariadb.conf.d/60-elsewhere.cnf",
		"[mariadbd]\nssl_ca = /etc/elsewhere/ca.pem\nssl_cert = /etc/elsewhere/cert.pem\nssl_key = /etc/elsewhere/key.pem\n")
	s.on(name, "chown mysql /etc/elsewhere/key.pem; chmod 600 /etc/elsewhere/key.pem; systemctl restart mariadb")
}

func (s *site) key() *ecdsa.PrivateKey {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	return key
}

func (s *site) signed(cert, by *x509.Certificate, key, above *ecdsa.PrivateKey) string {
	s.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, cert, by, &key.PublicKey, above)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func (s *site) lay(h *host.Host, path, content string) {
	s.t.Helper()
	if err := h.WriteFile(path, content, 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.on(h.Name, "chmod 755 /etc/elsewhere")
}

// checksElsewhere lets a replica check its source against somebody else's authority.
func (s *site) checksElsewhere(replica string) {
	s.t.Helper()
	s.on(replica, `mariadb -e "STOP SLAVE; CHANGE MASTER TO MASTER_SSL = 1, MASTER_SSL_CA = '/etc/elsewhere/ca.pem', MASTER_SSL_VERIFY_SERVER_CERT = 1; START SLAVE"`)
}

// await waits until the receiver of a replica is in a state, with the number of its error.
func (s *site) await(replica, state string) {
	s.t.Helper()
	err := lab.Until(s.t.Context(), replica+": wait until its receiver is "+state, func() (bool, error) {
		row := s.slaveStatus(replica)
		return row["Slave_IO_Running"]+" "+row["Last_IO_Errno"] == state, nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestOtherCertificatesBefore: the primary serves TLS by somebody else's certificate; db2 checks it, db3 replicates in plaintext. A restart is
// needed, and would lose a setting.
func TestOtherCertificatesBefore(t *testing.T) {
	s := start(t, host.Options{Replicas: 2}, three)
	s.elsewhere("db1", time.Now().AddDate(1, 0, 0))
	s.checksElsewhere("db2")
	s.await("db2", "Yes 0")
	s.await("db3", "Yes 0")
	s.on("db1", "mariadb -e 'SET GLOBAL max_connections = 77'")
	before := s.trace()
	s.want(3, "apply", "--yes").says(t, "it has to be restarted to serve TLS, and that is not allowed", "--allow-restart")
	s.want(2, "plan", "--allow-restart").says(t, "settings made at run time are lost: max_connections", "today ssl_cert is /etc/elsewhere/cert.pem",
		"/etc/mysql/mariadb.conf.d/60-elsewhere.cnf:3", "CN=elsewhere CA", "db2, whose options do not trust its new certificate, change with it")
	s.untouched(before)
	s.want(0, "apply", "--yes", "--allow-restart")
	s.complete()
	if now := s.on("db1", "mariadb -NBe 'SELECT @@ssl_cert, @@max_connections <> 77'"); now != "/etc/mysql-ssl/current/cert.pem\t1" {
		t.Errorf("the primary runs with %s", now)
	}
	s.proven()
}

// complete asserts that another plan and apply find nothing to do, and do nothing.
func (s *site) complete() {
	s.t.Helper()
	before := s.threads()
	s.want(0, "plan")
	s.want(0, "apply", "--yes").says(s.t, "nothing to do")
	if now := s.threads(); now != before {
		s.t.Errorf("something was touched:\nbefore: %s\nnow: %s", before, now)
	}
}

// threads are the traces of any work, and the threads of the replication.
func (s *site) threads() string {
	s.t.Helper()
	text := s.trace()
	for _, h := range s.Servers() {
		text += s.on(h.Name, `find /etc/mysql-ssl /etc/mysql/mariadb.conf.d -printf '%p %T@ %l\n' | sort
mariadb -NBe "SELECT id, user FROM information_schema.processlist WHERE user = 'repl' OR command LIKE 'Slave%' ORDER BY id"`) + "\n"
	}
	return text
}

// TestExpiredCertificateAndAdministratorsByTLSAlone: whoever checks the primary's certificate is out, the administrator's account over TCP with
// them, since it may not log in without TLS. The socket lets root in.
func TestExpiredCertificateAndAdministratorsByTLSAlone(t *testing.T) {
	s := start(t, host.Options{}, plain+asRoot)
	s.on("db1", `mariadb -e "CREATE USER dba@'%' IDENTIFIED BY 'Not-A-Word-9' REQUIRE SSL; GRANT ALL ON *.* TO dba@'%'"`)
	s.do(s.WaitCaughtUp)
	s.elsewhere("db1", time.Now().AddDate(0, 0, -1))
	s.checksElsewhere("db2")
	s.await("db2", "Connecting 2026")
	login := func(options string) bool {
		_, err := s.Host("db2").Run(t.Context(), "MYSQL_PWD=Not-A-Word-9 mariadb --no-defaults -h db1 -u dba "+options+" -e 'SELECT 1'")
		return err == nil
	}
	if login("--ssl --ssl-ca=/etc/elsewhere/ca.pem --ssl-verify-server-cert") || login("--skip-ssl") {
		t.Fatal("the administrator is let in")
	}
	s.want(2, "plan", "--allow-restart").says(t, "serve/db1", "db2, whose options do not trust its new certificate, change with it")
	s.want(0, "apply", "--yes", "--allow-restart")
	if !login("--ssl --ssl-ca=/etc/mysql-ssl/current/ca.pem --ssl-verify-server-cert") || login("--skip-ssl") {
		t.Error("the administrator is not let in over TLS alone")
	}
	s.complete()
	s.proven()
}

// TestAdministratorWhoMustUseTLS: the account that replssl logs in with requires TLS on the primary, through the socket too.
func TestAdministratorWhoMustUseTLS(t *testing.T) {
	s := start(t, host.Options{}, plain+asRoot+"mysql: {socket: /run/mysqld/mysqld.sock, admin: {user: dba, password_file: dba.password}}\n")
	s.file("dba.password", "Not-A-Word-9\n")
	s.secrets = append(s.secrets, "Not-A-Word-9")
	for name, require := range map[string]string{"db1": "SSL", "db2": "NONE"} {
		s.on(name, `mariadb -e "SET SESSION sql_log_bin = 0; CREATE USER dba@localhost IDENTIFIED BY 'Not-A-Word-9' REQUIRE `+require+
			`; GRANT ALL ON *.* TO dba@localhost WITH GRANT OPTION"`)
	}
	s.want(3, "plan", "--allow-restart").says(t, "db1: SQL login as dba", "this server offers no TLS")
	s.elsewhere("db1", time.Now().AddDate(1, 0, 0))
	_, err := s.Host("db1").Run(t.Context(), "MYSQL_PWD=Not-A-Word-9 mariadb --no-defaults -u dba --skip-ssl -e 'SELECT 1'")
	if err == nil || !strings.Contains(err.Error(), "Access denied") {
		t.Fatalf("the socket lets the account in without TLS: %v", err)
	}
	s.await("db2", "Yes 0")
	s.mainJob()
}
