package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

// TestDoctor breaks a channel in every way of which servers tell little or nothing, and asks doctor and verify what is wrong: both name the very
// file, certificate or account row.
func TestDoctor(t *testing.T) {
	for name, tree := range map[string]string{"mariadb-10.11": "", "mysql-9.7": "mysql-9.7"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := lab.Options{Replicas: 1}
			if tree != "" {
				o.Server = labtest.Tree(t, tree)
			}
			newPatient(start(t, o)).breakdowns()
		})
	}
}

// patient is a cluster with its own certificates, of which one channel is broken after the other.
type patient struct {
	*cluster

	pki       *corporate
	mysql     bool
	source    lab.Server
	replica   lab.Server
	strangers string // a folder with files that are not in use
}

func newPatient(c *cluster) *patient {
	c.t.Helper()
	p := &patient{cluster: c, pki: newCorporate(c), mysql: c.Primary().Programs.Tree != "", source: c.Primary(), replica: c.Replicas()[0]}
	p.pki.append("root.pem", "middle.pem") // MySQL 9.7 refuses to reload a certificate whose issuer is not in ssl_ca (3888), though it is sent
	p.pki.names(c, "")
	c.want(0, "apply", "--yes").says(c.t, "proven")
	c.want(0, "doctor").says(c.t, "no receiver and no applier has an error, of "+p.replica.Name)
	c.want(0, "doctor", "-s", p.replica.Name+"/default").says(c.t, "no receiver and no applier has an error, of "+p.replica.Name)
	c.want(1, "doctor", "-s", p.replica.Name+"/other").says(c.t, "has no such channel")
	p.pki.leaf("elsewhere", "192.0.2.1", "")
	p.pki.leaf("late", p.source.Address, "")
	p.pki.expired("late")
	p.pki.authorities("other-")
	p.strangers = filepath.Join(c.Dir, "strangers")
	must(c.t, os.MkdirAll(p.strangers, 0o755))
	for _, file := range []string{"other-root.pem", "elsewhere.key"} {
		p.lay(file)
	}
	return p
}

// lay puts a file where the servers can read it.
func (p *patient) lay(file string) {
	p.t.Helper()
	text, err := os.ReadFile(p.pki.at(file))
	must(p.t, err)
	must(p.t, os.WriteFile(p.stranger(file), text, 0o644))
	must(p.t, os.Chmod(p.stranger(file), 0o644))
}

func (p *patient) stranger(file string) string { return filepath.Join(p.strangers, file) }

func (p *patient) current(s lab.Server, file string) string {
	return filepath.Join(s.TLSDir, "current", file)
}

// change gives the channel other options, in the words of its server.
func (p *patient) change(options ...string) {
	p.t.Helper()
	stop, change, start := "STOP SLAVE", "CHANGE MASTER TO MASTER_", "START SLAVE"
	if p.mysql {
		stop, change, start = "STOP REPLICA", "CHANGE REPLICATION SOURCE TO SOURCE_", "START REPLICA"
	}
	prefix := change[strings.LastIndex(change, " ")+1:]
	p.sql(p.replica.Name, stop)
	p.sql(p.replica.Name, change+strings.Join(options, ", "+prefix))
	p.sql(p.replica.Name, start)
}

// restart starts the source anew, with settings of its own, and lets the receiver try at once.
func (p *patient) restart(settings string) {
	p.t.Helper()
	file := filepath.Join(p.source.ConfDir, "zzz.cnf")
	must(p.t, os.WriteFile(file, []byte("[mysqld]\n"+settings+"\n"), 0o644))
	must(p.t, os.Chmod(file, 0o644))
	must(p.t, p.RestartServer(p.t.Context(), p.source.Name))
	p.change("SSL=1")
}

// serve lets the source show the certificate of that name.
func (p *patient) serve(name string) {
	p.t.Helper()
	for from, to := range map[string]string{name + ".pem": "cert.pem", name + ".key": "key.pem"} {
		text, err := os.ReadFile(p.pki.at(from))
		must(p.t, err)
		must(p.t, os.WriteFile(p.current(p.source, to), text, 0o600))
	}
	p.restart("")
}

// require alters the account's rows on the source, in no binary log.
func (p *patient) require(what string) {
	p.t.Helper()
	hosts, err := p.Query(p.t.Context(), p.source.Name, "SELECT host FROM mysql.user WHERE user = ?", p.Account.User)
	must(p.t, err)
	for _, row := range hosts.Maps() {
		for _, host := range row {
			p.sql(p.source.Name, fmt.Sprintf("SET sql_log_bin=0; ALTER USER '%s'@'%s' REQUIRE %s", p.Account.User, host, what))
		}
	}
}

func (p *patient) breakdowns() {
	file := func(s lab.Server, name string) string { return "'" + p.current(s, name) + "'" }
	noTLS := "skip-ssl"
	if p.mysql {
		noTLS = "tls_version="
	}
	for _, c := range []struct {
		name   string
		number int
		at     string
		why    []string
		hurt   func()
		mend   func()
	}{
		{
			"missing CA file", 2026, p.replica.Name + ":/nowhere/ca.pem",
			[]string{"there is no such file"},
			func() { p.change("SSL_CA='/nowhere/ca.pem'") }, func() { p.change("SSL_CA=" + file(p.replica, "ca.pem")) },
		},
		{
			"another CA", 2026, "the certificate that primary serves",
			[]string{"not-chained", p.stranger("other-root.pem")},
			func() { p.change("SSL_CA='" + p.stranger("other-root.pem") + "'") }, func() { p.change("SSL_CA=" + file(p.replica, "ca.pem")) },
		},
		{
			"key of another", 2026, p.replica.Name + ":" + p.stranger("elsewhere.key"),
			[]string{"key-mismatch"},
			func() { p.change("SSL_KEY='" + p.stranger("elsewhere.key") + "'") }, func() { p.change("SSL_KEY=" + file(p.replica, "key.pem")) },
		},
		{
			"X509 is required", 1045, p.Account.User + "@",
			[]string{"requires a certificate of the client (X509)", "the channel names none"},
			func() { p.require("X509"); p.change("SSL_CERT=''", "SSL_KEY=''") },
			func() {
				p.require("SSL")
				p.change("SSL_CERT="+file(p.replica, "cert.pem"), "SSL_KEY="+file(p.replica, "key.pem"))
			},
		},
		{
			"wrong password", 1045, p.Account.User + "@",
			[]string{"the password of the channel is not that of the row"},
			func() { p.change("PASSWORD='not this one'") }, func() { p.change("PASSWORD='" + p.Account.Password + "'") },
		},
		{
			"plaintext where TLS is required", 1045, p.Account.User + "@",
			[]string{"it requires TLS (SSL), and the channel uses none"},
			func() { p.change("SSL=0") }, func() { p.change("SSL=1") },
		},
		{
			"wrong host name", 2026, "the certificate that primary serves",
			[]string{"name-missing", p.source.Address},
			func() { p.serve("elsewhere") }, func() { p.serve(p.source.Name) },
		},
		{
			"expired certificate", 2026, "the certificate that primary serves",
			[]string{"expired"},
			func() { p.serve("late") }, func() { p.serve(p.source.Name) },
		},
		{
			"source without TLS", 2026, "primary",
			[]string{"it offers no TLS"},
			func() { p.restart(noTLS) }, func() { p.restart("") },
		},
	} {
		p.t.Run(c.name, func(t *testing.T) {
			outer := p.t
			p.t, p.cluster.t = t, t
			defer func() { p.t, p.cluster.t = outer, outer }()
			c.hurt()
			defer c.mend()
			p.await("an error of the receiver", func() bool { return p.receiverError() == fmt.Sprint(c.number) })
			p.finds(c.number, c.at, c.why)
			p.want(5, "verify", "--wait", "1s").says(t, append([]string{"hint: the cause: " + c.at}, c.why...)...)
			p.want(0, "status").says(t, "hint: the cause: "+c.at)
		})
	}
	p.want(0, "verify")
	p.want(0, "doctor")
}

func (p *patient) receiverError() string {
	p.t.Helper()
	status, err := p.SlaveStatus(p.t.Context(), p.replica.Name)
	must(p.t, err)
	return status["Last_IO_Errno"]
}

// finds asserts what doctor says, for a person and for a program.
func (p *patient) finds(number int, at string, why []string) {
	p.t.Helper()
	o := p.want(5, "doctor", "--json", "-s", p.replica.Name)
	var d struct {
		Schema   int
		Findings []struct {
			Server, Thread, At, Cause string
			Number                    int
			Do                        []string
		}
	}
	must(p.t, json.Unmarshal([]byte(o.stdout), &d))
	if len(d.Findings) != 1 {
		p.t.Fatalf("findings: %s", o.stdout)
	}
	f := d.Findings[0]
	if f.Server != p.replica.Name || f.Thread != "receiver" || f.Number != number || !strings.HasPrefix(f.At, at) || len(f.Do) == 0 {
		p.t.Errorf("it should be error %d by %s: %+v", number, at, f)
	}
	for _, part := range why {
		if !strings.Contains(f.Cause, part) {
			p.t.Errorf("the cause should tell %q: %s", part, f.Cause)
		}
	}
	p.want(5, "doctor").says(p.t, "cause  "+at)
}
