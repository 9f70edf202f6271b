package dialect_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// lab is a pair of private MariaDB servers: the source with performance_schema=ON and TLS, the replica with neither.
type lab struct {
	dir             string
	tree            tree // empty for the MariaDB of this machine
	source, replica *server
	pki             *testPKI
}

type server struct {
	*sql.DB

	dir, socket string
	port        int
	ended       <-chan struct{} // closed when the process has
	kill        func()
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{dir: t.TempDir()}
	l.pki = newPKI(t, l.dir)
	template := newTemplate(t, l.dir)
	for i, s := range []**server{&l.source, &l.replica} {
		dir := filepath.Join(l.dir, fmt.Sprint("s", i+1))
		if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(template)); err != nil {
			t.Fatal(err)
		}
		*s = &server{dir: dir, socket: filepath.Join(dir, "sock"), port: freePort(t)}
	}
	l.source.start(t, "--server-id=1", "--performance-schema=ON",
		"--ssl-ca="+l.pki.ca, "--ssl-cert="+l.pki.cert, "--ssl-key="+l.pki.key)
	l.replica.start(t, "--server-id=2")
	l.source.ready(t)
	l.replica.ready(t)
	return l
}

// newTemplate fills a data folder that servers get copies of.
func newTemplate(t *testing.T, dir string) string {
	t.Helper()
	needBinary(t, "mariadbd")
	needBinary(t, "mariadb-install-db")
	template := filepath.Join(dir, "template")
	install := exec.Command("mariadb-install-db", append([]string{
		"--no-defaults", "--datadir=" + template, "--skip-test-db", "--auth-root-authentication-method=normal",
	}, asRoot()...)...)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	return template
}

func needBinary(t *testing.T, name string) {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%v\nhint: these tests need a real MariaDB 10.11: apt-get install mariadb-server", err)
	}
}

func asRoot() []string {
	if os.Geteuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

func (s *server) start(t *testing.T, options ...string) {
	t.Helper()
	args := []string{
		"--no-defaults", "--datadir=" + filepath.Join(s.dir, "data"), "--socket=" + s.socket,
		fmt.Sprint("--port=", s.port), "--bind-address=127.0.0.1", "--skip-name-resolve", "--log-bin=b",
		"--pid-file=" + filepath.Join(s.dir, "pid"), "--log-error=" + filepath.Join(s.dir, "log.err"),
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M",
	}
	s.spawn(t, exec.Command("mariadbd", slices.Concat(args, asRoot(), options)...))
	s.DB = open(t, s.login("root", ""))
}

// spawn starts the process, which ends with the test at the latest.
func (s *server) spawn(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	s.ended, s.kill = ended, func() {
		_ = cmd.Process.Kill()
		<-ended
	}
	t.Cleanup(s.kill)
}

func (s *server) ready(t *testing.T) {
	t.Helper()
	if err := within(time.Minute, s.Ping); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log.err"))
		t.Fatalf("the server does not answer: %v\n%s", err, log)
	}
}

// within asks until there is no complaint any more, and gives the last one when the time is over.
func within(limit time.Duration, ask func() error) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	over := time.After(limit)
	for {
		complaint := ask()
		if complaint == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-over:
			return complaint
		}
	}
}

// login is a login through the unix socket.
func (s *server) login(user, password string) *mysql.Config {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.Logger = user, password, "unix", s.socket, silent{}
	return c
}

// loginTCP is a login by TCP, over TLS if there is a configuration for it.
func (s *server) loginTCP(user, password string, c *tls.Config) *mysql.Config {
	config := s.login(user, password)
	config.Net, config.Addr, config.TLS = "tcp", fmt.Sprint("127.0.0.1:", s.port), c
	return config
}

type silent struct{}

func (silent) Print(...any) {}

// open gives a pool of exactly one connection.
func open(t *testing.T, c *mysql.Config) *sql.DB {
	t.Helper()
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// freePort lies below the range of outgoing connections. No other test takes it as long as this one runs: each holds a name in the kernel's abstract
// namespace.
func freePort(t *testing.T) int {
	t.Helper()
	const low, high, tries = 20000, 32000, 100
	for range tries {
		port := low + mathrand.IntN(high-low)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		held, err := net.Listen("unix", "@replssl-lab/"+address)
		if err != nil {
			continue
		}
		if l, err := net.Listen("tcp", address); err == nil {
			t.Cleanup(func() { held.Close() })
			l.Close()
			return port
		}
		held.Close()
	}
	t.Fatal("no free port")
	return 0
}

// do runs statements that must work.
func (s *server) do(t *testing.T, statements ...string) {
	t.Helper()
	for _, text := range statements {
		if _, err := s.Exec(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// run runs statements of the package.
func (s *server) run(t *testing.T, statements ...dialect.Statement) {
	t.Helper()
	for _, st := range statements {
		s.do(t, st.String())
	}
}

func fetch(db *sql.DB, statement dialect.Statement) ([]dialect.Row, error) {
	return query(db, statement.String())
}

func query(db *sql.DB, text string) ([]dialect.Row, error) {
	rows, err := db.QueryContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	list := []dialect.Row{}
	for rows.Next() {
		values, targets := make([][]byte, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		list = append(list, dialect.RowOf(columns, values))
	}
	return list, rows.Err()
}

// ask gives the meaning of an answer or a refusal.
func ask[T any](t *testing.T, db *sql.DB, q dialect.Query[T]) facts.Value[T] {
	t.Helper()
	rows, err := fetch(db, q.Statement())
	if refusal := (*mysql.MySQLError)(nil); asRefusal(err, &refusal) {
		return q.Refused(int(refusal.Number), refusal.Message)
	}
	if err != nil {
		t.Fatalf("%s: %v", q.Statement(), err)
	}
	return q.Read(rows)
}

// mustAsk is ask for what must be known.
func mustAsk[T any](t *testing.T, db *sql.DB, q dialect.Query[T]) T {
	t.Helper()
	v, ok := ask(t, db, q).Get()
	if !ok {
		t.Fatalf("%s: %v", q.Statement(), ask(t, db, q))
	}
	return v
}

// testPKI is a CA and a server certificate for 127.0.0.1, on disk and in memory.
type testPKI struct {
	ca, cert, key string
	pool          *x509.CertPool
	root          *x509.Certificate
	rootKey       crypto.Signer
}

func newPKI(t *testing.T, dir string) *testPKI {
	t.Helper()
	return newPKIOf(t, dir, pki.P256)
}

func newPKIOf(t *testing.T, dir string, kind pki.KeyKind) *testPKI {
	t.Helper()
	p := &testPKI{
		ca: filepath.Join(dir, "ca.pem"), cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"),
		pool: x509.NewCertPool(),
	}
	p.rootKey, p.root = newKey(t, kind), &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test ca"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	rootPEM := p.sign(t, p.root, p.rootKey)
	p.pool.AppendCertsFromPEM(rootPEM)
	write(t, p.ca, rootPEM)
	p.renew(t, kind)
	return p
}

// renew puts a certificate with a key of the kind in place.
func (p *testPKI) renew(t *testing.T, kind pki.KeyKind) {
	t.Helper()
	key := newKey(t, kind)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	file, err := pki.EncodeKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.cert, p.sign(t, leaf, key))
	write(t, p.key, []byte(file.Reveal()))
}

func newKey(t *testing.T, kind pki.KeyKind) crypto.Signer {
	t.Helper()
	key, err := pki.NewKeys(kind)()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (p *testPKI) sign(t *testing.T, cert *x509.Certificate, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, cert, p.root, key.Public(), p.rootKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
