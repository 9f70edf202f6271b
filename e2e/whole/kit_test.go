package whole_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/host"
	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

// binary is the built replssl; TestMain sets it.
var binary string

func TestMain(m *testing.M) { os.Exit(labtest.RunWithBinary(m, "../../cmd/replssl", &binary)) }

// site is a cluster of hosts, with rows being written to its primary, and everything that replssl printed about it.
type site struct {
	*host.Cluster
	t       *testing.T
	from    func(ctx context.Context, args ...string) *exec.Cmd // runs replssl
	writer  *lab.Writer
	printed bytes.Buffer
	secrets []string // no output and no file of the journal may hold them
}

// inventoryFile is replssl's default name, in the folder that the clients work in.
const inventoryFile = "replssl.yaml"

// plain is the inventory of a primary and a replica; each case adds its own lines.
const plain = "primary: db1\nreplicas: [db2]\naccount: {user: repl}\n"

// asRoot is the login that most hosts allow.
const asRoot = "ssh: {user: root, identity_file: ~/.ssh/id_ed25519}\n"

// ops is an administrator who logs in as nobody but themselves; root does not log in at all.
const ops = `
useradd --create-home --shell /bin/bash ops
install -d -o ops -m 700 /home/ops/.ssh
install -o ops -m 600 /root/.ssh/authorized_keys /home/ops/.ssh/authorized_keys
echo 'PermitRootLogin no' >>/etc/ssh/sshd_config
`

func start(t *testing.T, o host.Options, inventory string) *site {
	t.Helper()
	t.Parallel()
	s := &site{Cluster: host.Start(t, o), t: t}
	program, err := s.Install(t.Context(), binary)
	if err != nil {
		t.Fatal(err)
	}
	s.from = func(ctx context.Context, args ...string) *exec.Cmd { return s.Client(ctx, program, args...) }
	s.secrets = []string{s.Account.Password, "PRIVATE KEY"}
	s.file(inventoryFile, inventory)
	w, err := s.Writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.writer = w
	t.Cleanup(func() { w.Stop() })
	t.Cleanup(s.findNoSecret)
	return s
}

// file writes a file in the folder that the clients work in.
func (s *site) file(path, content string) {
	s.t.Helper()
	if err := s.Write(path, content); err != nil {
		s.t.Fatal(err)
	}
}

// read reads a file in the folder that the clients work in.
func (s *site) read(path string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Home(), path))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// on runs a shell script on a host.
func (s *site) on(name, script string) string {
	s.t.Helper()
	out, err := s.Host(name).Run(s.t.Context(), script)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// do is a step of a case that must succeed.
func (s *site) do(step func(context.Context) error) {
	s.t.Helper()
	if err := step(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// outcome is how a run of replssl ended.
type outcome struct {
	code           int
	stdout, stderr string
}

func (o outcome) String() string {
	return fmt.Sprintf("exit code %d\nstdout: %s\nstderr: %s", o.code, o.stdout, o.stderr)
}

// run runs replssl; no command takes as long as its limit.
func (s *site) run(args ...string) outcome {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 4*time.Minute)
	defer cancel()
	return s.finish(s.from(ctx, args...))
}

func (s *site) finish(cmd *exec.Cmd) outcome {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	s.printed.Write(stdout.Bytes())
	s.printed.Write(stderr.Bytes())
	if strings.Contains(stderr.String(), "DATA RACE") {
		s.t.Fatalf("a data race:\n%s", stderr.String())
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// want runs replssl and asserts its exit code.
func (s *site) want(code int, args ...string) outcome {
	s.t.Helper()
	o := s.run(args...)
	if o.code != code {
		s.t.Fatalf("replssl %s: want exit code %d: %s", strings.Join(args, " "), code, o)
	}
	return o
}

// says asserts that a text is printed.
func (o outcome) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.stdout+o.stderr, text) {
			t.Errorf("nothing says %q: %s", text, o)
		}
	}
}

// mainJob takes the cluster from plaintext to TLS that is required and proven, while rows come in, and a second time, when nothing is
// left to do.
func (s *site) mainJob() {
	s.t.Helper()
	s.want(5, "verify")
	s.want(2, "plan", "--allow-restart")
	began := time.Now()
	s.want(0, "apply", "--yes", "--allow-restart").says(s.t, "proven: replication of cluster db1")
	s.t.Logf("apply took %s", time.Since(began).Round(10*time.Millisecond))
	s.proven()
}

// proven asserts that the cluster is encrypted and enforced by replssl's word and by the servers' own, that nothing is left to do, and
// that all rows arrived.
func (s *site) proven() {
	s.t.Helper()
	var report struct {
		OK       bool
		Replicas []struct {
			Server    string
			Encrypted bool
		}
		Problems []struct{ Server, Why string }
	}
	o := s.want(0, "verify", "--json")
	if err := json.Unmarshal([]byte(o.stdout), &report); err != nil {
		s.t.Fatalf("%v: %s", err, o)
	}
	if !report.OK || len(report.Problems) > 0 || len(report.Replicas) != len(s.Replicas()) {
		s.t.Errorf("not proven: %s", o)
	}
	for _, h := range s.Replicas() {
		row := s.slaveStatus(h.Name)
		if row["Slave_IO_Running"] != "Yes" || row["Slave_SQL_Running"] != "Yes" || row["Master_SSL_Allowed"] != "Yes" ||
			row["Master_SSL_Verify_Server_Cert"] != "Yes" {
			s.t.Errorf("%s: %v", h.Name, row)
		}
	}
	s.refusedByHand()
	s.want(0, "apply", "--yes", "--allow-restart").says(s.t, "nothing to do")
	s.allArrived()
}

func (s *site) slaveStatus(name string) map[string]string {
	s.t.Helper()
	table, err := s.Query(s.t.Context(), name, "SHOW SLAVE STATUS")
	if err != nil || len(table.Rows) != 1 {
		s.t.Fatal(table, err)
	}
	return table.Maps()[0]
}

// refusedByHand tries the account's password from each replica, without TLS, and with it, by the server's own client.
func (s *site) refusedByHand() {
	s.t.Helper()
	port, err := s.Value(s.t.Context(), "db1", "SELECT @@port")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, h := range s.Replicas() {
		for tls, want := range map[string]bool{"--skip-ssl": false, "--ssl": true} {
			_, err := h.Run(s.t.Context(), fmt.Sprintf("MYSQL_PWD=%s mariadb --no-defaults -h db1 -P %s -u %s %s -e 'SELECT 1'",
				s.Account.Password, port, s.Account.User, tls))
			if (err == nil) != want {
				s.t.Errorf("%s: login with %s: %v", h.Name, tls, err)
			}
		}
	}
}

// allArrived stops the writer and asserts that its rows are on every replica.
func (s *site) allArrived() {
	s.t.Helper()
	written := s.writer.Stop()
	s.do(s.WaitCaughtUp)
	for _, h := range s.Replicas() {
		if missing, err := s.writer.Missing(s.t.Context(), h.Name); err != nil || missing > 0 {
			s.t.Errorf("%s lacks %d of %d rows: %v", h.Name, missing, written, err)
		}
	}
	s.t.Logf("%d rows were written meanwhile, and all arrived", written)
}

// findNoSecret looks for passwords and keys in everything that was printed and kept.
func (s *site) findNoSecret() {
	check := func(where, text string) {
		for _, secret := range s.secrets {
			if strings.Contains(text, secret) {
				s.t.Errorf("a secret is in %s", where)
			}
		}
	}
	check("the output", s.printed.String())
	files, _ := filepath.Glob(filepath.Join(s.Home(), "journal", "*"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			s.t.Error(err)
		}
		check(file, string(text))
	}
}

// untouched asserts that the servers were not restarted, and no file was laid down.
func (s *site) untouched(before string) {
	s.t.Helper()
	if now := s.trace(); now != before {
		s.t.Errorf("something was touched:\nbefore: %s\nnow: %s", before, now)
	}
}

// trace is what any work on the servers would change.
func (s *site) trace() string {
	s.t.Helper()
	text := ""
	for _, h := range s.Servers() {
		text += s.on(h.Name, "hostname; pidof mariadbd; ls /etc/mysql/mariadb.conf.d; ls -d /etc/mysql-ssl || true; "+
			"mariadb -NBe \"SELECT Priv FROM mysql.global_priv WHERE User = 'repl'\"") + "\n"
	}
	return text
}
