package e2e_test

import (
	"bytes"
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

// binary is the built replssl; TestMain sets it.
var binary string

func TestMain(m *testing.M) { os.Exit(labtest.RunWithBinary(m, "../cmd/replssl", &binary)) }

// cluster is a lab with the inventory that a test uses, and everything that replssl printed about it.
type cluster struct {
	*lab.Lab
	t         *testing.T
	inventory string
	printed   *bytes.Buffer
}

func start(t *testing.T, o lab.Options) *cluster {
	t.Helper()
	l := labtest.Start(t, o)
	c := &cluster{Lab: l, t: t, inventory: l.Inventory(), printed: &bytes.Buffer{}}
	t.Cleanup(c.findNoSecret)
	return c
}

// outcome is how a run of replssl ended.
type outcome struct {
	code           int
	stdout, stderr string
}

func (c *cluster) command(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, append(args, "--inventory", c.inventory)...)
	cmd.Env = append(os.Environ(), "SSH_AUTH_SOCK=")
	return cmd
}

func (c *cluster) run(args ...string) outcome {
	c.t.Helper()
	return c.finish(c.command(args...))
}

func (c *cluster) finish(cmd *exec.Cmd) outcome {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	c.printed.Write(stdout.Bytes())
	c.printed.Write(stderr.Bytes())
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// want runs replssl and asserts its exit code.
func (c *cluster) want(code int, args ...string) outcome {
	c.t.Helper()
	o := c.run(args...)
	if o.code != code {
		c.t.Fatalf("replssl %s: exit code %d, want %d\nstdout: %s\nstderr: %s", strings.Join(args, " "), o.code, code, o.stdout, o.stderr)
	}
	if strings.Contains(o.stderr, "DATA RACE") {
		c.t.Fatalf("a data race:\n%s", o.stderr)
	}
	return o
}

// says asserts that an error or hint is told, on one line each.
func (o outcome) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.stdout+o.stderr, text) {
			t.Errorf("nothing says %q:\nstdout: %s\nstderr: %s", text, o.stdout, o.stderr)
		}
	}
}

// report is what `verify --json` prints.
type report struct {
	Schema   int
	OK       bool
	Cluster  string
	Accounts []struct{ User, Host, Require string }
	Logins   []struct{ Server, Account, Result, Why string } `json:"plaintext_login"`
	Replicas []struct {
		Server, Channel, Proof, Verified, Why, Receiver, Applier string
		Encrypted                                                bool
		TLSVersion                                               *string  `json:"tls_version"`
		Cipher                                                   *string  `json:"cipher"`
		Lag                                                      *float64 `json:"lag_seconds"`
	}
	Problems []struct{ Server, Why string }
}

func (c *cluster) verify(code int) report {
	c.t.Helper()
	o := c.want(code, "verify", "--json")
	var r report
	if err := json.Unmarshal([]byte(o.stdout), &r); err != nil {
		c.t.Fatalf("%v\n%s", err, o.stdout)
	}
	return r
}

// seen is what `status --json` prints.
type seen struct {
	Servers []struct {
		Server, Role, Require string
		Serves                bool     `json:"serves_tls"`
		ServesSet             bool     `json:"serves_set"`
		Set                   int      `json:"certificate_set"`
		DaysLeft              int      `json:"certificate_days_left"`
		Would                 []string `json:"apply_would"`
	}
	Channels []struct {
		Server, Source, Proof string
		Would                 []string `json:"apply_would"`
	}
	Problems []struct{ Server, Why string }
	Plan     struct {
		Digest  string
		Blocked []struct{ Target, Why, Hint string }
	}
}

func (c *cluster) status() seen {
	c.t.Helper()
	var s seen
	o := c.want(0, "status", "--json")
	if err := json.Unmarshal([]byte(o.stdout), &s); err != nil {
		c.t.Fatalf("%v\n%s", err, o.stdout)
	}
	return s
}

// planned is what `plan --json` prints.
type planned struct {
	Digest string
	Steps  []struct {
		ID, Title, Target, Impact string
		Needs                     []string
	}
	Blocked  []struct{ Target, Why, Hint string }
	Warnings []struct{ Target, Text string }
}

func (c *cluster) plan(code int, args ...string) planned {
	c.t.Helper()
	o := c.want(code, append([]string{"plan", "--json"}, args...)...)
	var p planned
	if err := json.Unmarshal([]byte(o.stdout), &p); err != nil {
		c.t.Fatalf("%v\n%s", err, o.stdout)
	}
	return p
}

func (p planned) ids() []string {
	ids := []string{}
	for _, s := range p.Steps {
		ids = append(ids, s.ID)
	}
	return ids
}

// proven asserts that the cluster is encrypted, enforced and running, by replssl's word and by the servers' own.
func (c *cluster) proven() {
	c.t.Helper()
	r := c.verify(0)
	if !r.OK || len(r.Problems) > 0 {
		c.t.Errorf("not proven: %+v", r)
	}
	for _, s := range c.Replicas() {
		status, err := c.SlaveStatus(c.t.Context(), s.Name)
		if err != nil {
			c.t.Fatal(err)
		}
		if status["Slave_IO_Running"] != "Yes" || status["Slave_SQL_Running"] != "Yes" || status["Master_SSL_Allowed"] != "Yes" {
			c.t.Errorf("%s: %v", s.Name, status)
		}
	}
	c.refusedByHand()
}

// refusedByHand tries the account's password without TLS, and with it; where a certificate is demanded, it does not get in with either.
func (c *cluster) refusedByHand() {
	c.t.Helper()
	text, err := os.ReadFile(c.inventory)
	must(c.t, err)
	demanded := regexp.MustCompile(`require: (x509|issuer|subject)`).Match(text)
	if err := c.logIn(nil); err == nil {
		c.t.Error("a login in plaintext is let in")
	}
	if err := c.logIn(anyTLS()); (err == nil) == demanded {
		c.t.Errorf("a login over TLS, without a certificate: %v", err)
	}
}

// logIn logs in to the primary as the replication account.
func (c *cluster) logIn(config *tls.Config) error {
	p := c.Primary()
	login := mysql.NewConfig()
	login.User, login.Passwd, login.Net, login.Addr, login.TLS = c.Account.User, c.Account.Password, "tcp", p.MySQLAddress(), config
	connector, err := mysql.NewConnector(login)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	return errors.Join(db.PingContext(c.t.Context()), db.Close())
}

// anyTLS speaks every version and suite that there is, to whomever.
func anyTLS() *tls.Config {
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
	return config
}

// edit changes the inventory of the test.
func (c *cluster) edit(pattern, replacement string) {
	c.t.Helper()
	text, err := os.ReadFile(c.inventory)
	if err != nil {
		c.t.Fatal(err)
	}
	changed := regexp.MustCompile(pattern).ReplaceAllString(string(text), replacement)
	if changed == string(text) {
		c.t.Fatalf("%q is not in the inventory:\n%s", pattern, text)
	}
	if err := os.WriteFile(c.inventory, []byte(changed), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// sql runs a statement on a server.
func (c *cluster) sql(server, statement string) {
	c.t.Helper()
	if err := c.Exec(c.t.Context(), server, statement); err != nil {
		c.t.Fatal(err)
	}
}

// findNoSecret looks for the account's password in everything that was printed and kept.
func (c *cluster) findNoSecret() {
	secrets := []string{c.Account.Password, "PRIVATE KEY"}
	check := func(where, text string) {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				c.t.Errorf("a secret is in %s", where)
			}
		}
	}
	check("the output", c.printed.String())
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(c.inventory), "journal", "*"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			c.t.Error(err)
		}
		check(file, string(text))
	}
}

// write inserts rows until the test calls the result, which asserts that all of them arrived everywhere, and tells how many they were.
func (c *cluster) write() (allArrived func() int) {
	c.t.Helper()
	w, err := c.Writer(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { w.Stop() })
	return func() int {
		c.t.Helper()
		written := w.Stop()
		if err := c.WaitCaughtUp(c.t.Context()); err != nil {
			c.t.Fatal(err)
		}
		want, err := c.Checksum(c.t.Context(), c.Primary().Name, "shop.orders")
		if err != nil {
			c.t.Fatal(err)
		}
		for _, s := range c.Replicas() {
			missing, err := w.Missing(c.t.Context(), s.Name)
			if err != nil || missing > 0 {
				c.t.Errorf("%s lacks %d of %d rows: %v", s.Name, missing, written, err)
			}
			if got, err := c.Checksum(c.t.Context(), s.Name, "shop.orders"); err != nil || got != want {
				c.t.Errorf("%s: checksum %s, the primary's is %s: %v", s.Name, got, want, err)
			}
		}
		c.t.Logf("%d rows were written meanwhile, and all arrived", written)
		return written
	}
}

// await asks until the answer is yes.
func (c *cluster) await(what string, done func() bool) {
	c.t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-limit.C:
			c.t.Fatalf("%s: it did not come", what)
		}
	}
}
