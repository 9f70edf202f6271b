package pki

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// refusedLogin is the server's error for an account that may not come in, whatever the reason.
const refusedLogin = 1045

// TestRealServerComparesSubjects: an account with REQUIRE SUBJECT of a certificate, as it is printed here, lets in that certificate and no
// other; the same with REQUIRE ISSUER.
func TestRealServerComparesSubjects(t *testing.T) {
	r := newRealServers(t)
	files := trial{}.files(t)
	files.CA = slices.Concat(fileNamed(t, "root.pem"), fileNamed(t, "strange.pem"))
	r.lay(t, r.source, files)
	if err := r.Exec(t.Context(), r.source.Name, "FLUSH LOCAL SSL"); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("testdata/subject-*.pem")
	if err != nil || len(paths) < 10 {
		t.Fatal(paths, err)
	}
	names := []string{"leaf.pem"}
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	for _, name := range names {
		r.require(t, name, "SUBJECT", SubjectOneLine(certNamed(t, name)))
	}
	for _, account := range names {
		for _, shown := range names {
			r.login(t, account, shown, account == shown)
		}
	}
	r.require(t, "strange", "ISSUER", IssuerOneLine(certNamed(t, "by-strange.pem")))
	r.login(t, "strange", "by-strange.pem", true)
	r.login(t, "strange", "leaf.pem", false)
	r.require(t, "plain", "ISSUER", IssuerOneLine(certNamed(t, "leaf.pem")))
	r.login(t, "plain", "leaf.pem", true)
	r.login(t, "plain", "by-strange.pem", false)
}

func (r *realServers) require(t *testing.T, account, what, line string) {
	t.Helper()
	if err := r.Exec(t.Context(), r.source.Name, "CREATE USER ? IDENTIFIED BY 'pw' REQUIRE "+what+" ?", account, line); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
}

// login shows a certificate to the source.
func (r *realServers) login(t *testing.T, account, cert string, want bool) {
	t.Helper()
	pair, err := tls.X509KeyPair(fileNamed(t, cert), fileNamed(t, "leaf-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	config := mysql.NewConfig()
	config.User, config.Passwd, config.Net, config.Addr, config.Logger = account, "pw", "tcp", r.source.MySQLAddress(), &mysql.NopLogger{}
	config.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	err = db.PingContext(t.Context())
	var refused *mysql.MySQLError
	switch {
	case want && err != nil:
		t.Errorf("the account for %s does not let it in: %v", account, err)
	case !want && (!errors.As(err, &refused) || refused.Number != refusedLogin):
		t.Errorf("the account for %s lets in %s: %v", account, cert, err)
	}
}

func certNamed(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	cert, _, err := ParseLeaf(fileNamed(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
