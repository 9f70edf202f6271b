package dialect_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Names that need quoting, used in the goldens and created on the real servers.
const (
	oddChannel = `o'west "1" ` + "`x`"
	oddUser    = "we`ird'\"\\ user"
	oddHost    = "10.0.0.0/255.0.0.0"
)

// sample is a statement by name. Run in order on the lab's replica, every one must succeed.
type sample struct {
	name      string
	statement dialect.Statement
}

var fullTLS = facts.TLSOptions{
	Enabled: true, CA: "/etc/mysql-ssl/current/ca.pem", CAPath: "/etc/ssl/ca path", Cert: "/etc/mysql-ssl/current/cert.pem",
	Key: "/etc/mysql-ssl/current/key.pem", Cipher: "ECDHE-RSA-AES256-GCM-SHA384:!aNULL", CRL: "/é/crl#1.pem", CRLPath: "/crl",
	VerifyIdentity: true,
}

func mariadb1011(t *testing.T) dialect.Dialect {
	t.Helper()
	return of(t, facts.Version{Flavour: facts.MariaDB, Major: 10, Minor: 11, Patch: 19})
}

func questions(d dialect.Dialect) []sample {
	variables, status := d.SemiSync()
	list := []sample{
		{"version", dialect.Version().Statement()},
		{"instance", d.Instance().Statement()},
		{"connection id", d.ConnectionID().Statement()},
		{"binlog status", d.BinlogStatus().Statement()},
		{"binlogs", d.Binlogs().Statement()},
		{"channels", d.Channels().Statement()},
		{"sessions", d.Sessions(false).Statement()},
		{"sessions with performance_schema", d.Sessions(true).Statement()},
		{"account hosts", d.AccountHosts("repl").Statement()},
		{"account hosts, quoted", d.AccountHosts("o'neil").Statement()},
		{"account hosts, odd", d.AccountHosts(oddUser).Statement()},
		{"account", d.Account("repl", "127.0.0.1").Statement()},
		{"account, odd", d.Account(oddUser, oddHost).Statement()},
		{"settings", d.Settings().Statement()},
		{"installed plugins", d.InstalledPlugins().Statement()},
		{"variables", d.Variables().Statement()},
		{"run time", d.RunTime().Statement()},
		{"registered replicas", d.Registered().Statement()},
		{"replication accounts", d.ReplicationAccounts().Statement()},
		{"variables of semi-synchronous replication", variables.Statement()},
		{"status of semi-synchronous replication", status.Statement()},
	}
	if d.ForgetsLogins() {
		list = append(list, sample{"logins", d.Logins().Statement()})
	}
	return list
}

func actions(t *testing.T, d dialect.Dialect) []sample {
	t.Helper()
	list := []sample{}
	one := func(name string, s dialect.Statement, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, sample{name, s})
	}
	threads := func(name string, s []dialect.Statement, err error) {
		if len(s) != 1 {
			t.Fatalf("%s: %v %v", name, s, err)
		}
		one(name, s[0], err)
	}
	receiver, applier, both := facts.Threads{Receiver: true}, facts.Threads{Applier: true}, facts.Threads{Receiver: true, Applier: true}
	channels := []string{"", oddChannel}
	if _, err := d.StopThreads(oddChannel, receiver); err != nil {
		channels = channels[:1] // the only one has no name
	}
	for _, channel := range channels {
		suffix := " of channel [" + channel + "]"
		st, err := d.StopThreads(channel, receiver)
		threads("stop receiver"+suffix, st, err)
		st, err = d.StopThreads(channel, applier)
		threads("stop applier"+suffix, st, err)
		st, err = d.StopThreads(channel, both)
		threads("stop both"+suffix, st, err)
		s, err := d.ChangeTLS(channel, fullTLS)
		one("set TLS"+suffix, s, err)
		s, err = d.ChangeTLS(channel, facts.TLSOptions{})
		one("clear TLS"+suffix, s, err)
		st, err = d.StartThreads(channel, receiver)
		threads("start receiver"+suffix, st, err)
		st, err = d.StartThreads(channel, applier)
		threads("start applier"+suffix, st, err)
		st, err = d.StartThreads(channel, both)
		threads("start both"+suffix, st, err)
	}
	one("without binlog", d.WithoutBinlog(), nil)
	s, err := d.Require("repl", "127.0.0.1", facts.Requirement{Kind: facts.RequireSSL})
	one("require ssl", s, err)
	s, err = d.Require("repl", "127.0.0.1", facts.Requirement{Kind: facts.RequireNone})
	one("require none", s, err)
	s, err = d.Require(oddUser, oddHost, facts.Requirement{Kind: facts.RequireSSL})
	one("require ssl, odd", s, err)
	if d.FilesReload() {
		one("reload TLS", d.ReloadTLS(), nil)
	}
	return list
}

// tried are a version of each row of the capability table.
func tried() []facts.Version {
	mysql, mariadb := facts.MySQL, facts.MariaDB
	return []facts.Version{
		{Flavour: mysql, Major: 5, Minor: 6, Patch: 24},
		{Flavour: mysql, Major: 5, Minor: 7, Patch: 10},
		{Flavour: mysql, Major: 5, Minor: 7, Patch: 22},
		{Flavour: mysql, Major: 8, Minor: 0, Patch: 15},
		{Flavour: mysql, Major: 8, Minor: 0, Patch: 21},
		{Flavour: mysql, Major: 8, Minor: 0, Patch: 22},
		{Flavour: mysql, Major: 8, Minor: 0, Patch: 33},
		{Flavour: mysql, Major: 8, Minor: 2},
		{Flavour: mysql, Major: 8, Minor: 3},
		{Flavour: mysql, Major: 8, Minor: 4, Patch: 3},
		{Flavour: mysql, Major: 9, Minor: 7, Patch: 4},
		{Flavour: mariadb, Major: 10, Minor: 5, Patch: 23},
		{Flavour: mariadb, Major: 10, Minor: 11, Patch: 19},
		{Flavour: mariadb, Major: 11, Minor: 4, Patch: 5},
		{Flavour: mariadb, Major: 11, Minor: 8, Patch: 6},
	}
}

// TestStatements shows all that is said to a server of each row of the capability table.
func TestStatements(t *testing.T) {
	for _, v := range tried() {
		d := of(t, v)
		list := append(questions(d), actions(t, d)...)
		if d.PersistsSettings() {
			list = append(list, keeping(t, d)...)
		}
		var b strings.Builder
		for _, s := range list {
			b.WriteString("-- " + s.name + "\n" + s.statement.String() + "\n\n")
		}
		golden(t, fmt.Sprintf("statements/%s-%d.%d.%d.golden", strings.ToLower(string(v.Flavour)), v.Major, v.Minor, v.Patch), b.String())
	}
}

func of(t *testing.T, v facts.Version) dialect.Dialect {
	t.Helper()
	d, err := dialect.For(v)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// keeping are the statements about what a server persists.
func keeping(t *testing.T, d dialect.Dialect) []sample {
	t.Helper()
	settings := facts.TLSSettings{CA: "/etc/mysql-ssl/current/ca.pem", Cert: "/etc/mysql-ssl/current/cert.pem", Key: "/etc/mysql-ssl/current/key.pem"}
	set, err := d.Persist(settings)
	if err != nil {
		t.Fatal(err)
	}
	forget, err := d.Forget(facts.TLSSettings{CA: "ca.pem", Cert: "server-cert.pem", Key: "server-key.pem"}, facts.TLSSettings{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.Forget(facts.TLSSettings{CA: "ca.pem", Cert: "/old/cert.pem", Key: "/old/key.pem"}, facts.TLSSettings{Cert: "/old/cert.pem", Key: "/old/key.pem"})
	if err != nil {
		t.Fatal(err)
	}
	list := []sample{{"kept", d.Kept().Statement()}, {"persist", set}}
	for _, s := range forget {
		list = append(list, sample{"forget", s})
	}
	for _, s := range again {
		list = append(list, sample{"persist what was persisted, forget the rest", s})
	}
	return list
}

func TestOptionFile(t *testing.T) {
	text, err := mariadb1011(t).OptionFile("", facts.TLSSettings{CA: "/etc/mysql-ssl/current/ca.pem", Cert: "/etc/a b#c/cert.pem", Key: "/etc/mysql-ssl/current/key.pem"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "optionfile.golden", text)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it with git diff after go test -update\ngot:\n%s", path, got)
	}
}
