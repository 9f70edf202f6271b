package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/replssl/replssl/e2e/compatibility"
	"github.com/replssl/replssl/e2e/lab"
)

func accountScenarios() []scenario {
	return []scenario{
		{name: "a password that needs TLS (2061) is found, and cured", without: withoutCachedPasswords, play: neededTLS},
		{name: "an account of several rows", play: severalRows},
		{
			name: "the account is on one replica of two", options: two(lab.AccountSome),
			play: func(p *played) { p.accounts("require/replica1", "in primary alone, not in its binary log") },
		},
		{
			name: "the account is on every server", mixed: true, options: two(lab.AccountEverywhere),
			play: func(p *played) { p.accounts("", "through its binary log") },
		},
		{name: "an account by ed25519", without: ofMariaDB, lacking: needsPlugin("auth_ed25519.so"), play: func(p *played) { p.by("ed25519"); p.accounts("", "require TLS") }},
		{name: "an account by PARSEC is refused", without: withoutPARSEC, lacking: needsPlugin("auth_parsec.so"), play: byPARSEC},
	}
}

// two replicas, and where the account is.
func two(account lab.AccountMode) func(compatibility.Pair) lab.Options {
	return func(compatibility.Pair) lab.Options { return lab.Options{Replicas: 2, Account: account} }
}

func ofMariaDB(on compatibility.Pair) string {
	if on.Primary.Family != "MariaDB" {
		return "MariaDB has such accounts"
	}
	return ""
}

func withoutPARSEC(on compatibility.Pair) string {
	if on.Primary.Family != "MariaDB" || on.Primary.Before(11, 6, 1) {
		return "MariaDB has such accounts from 11.6 on"
	}
	return ""
}

func withoutCachedPasswords(on compatibility.Pair) string {
	if on.Primary.Family != "MySQL" || on.Primary.Before(8, 0, 4) {
		return "the server has no caching_sha2_password"
	}
	return ""
}

// neededTLS: the server forgets the passwords that it knew, as after a restart, and a receiver that may not ask for its key is not let in.
func neededTLS(p *played) {
	end := p.begin()
	option := map[bool]string{true: "GET_SOURCE_PUBLIC_KEY", false: "GET_MASTER_PUBLIC_KEY"}[p.release("replica1").MySQL(8, 0, 23)]
	p.threads("STOP", "")
	verb := map[bool]string{true: "CHANGE REPLICATION SOURCE", false: "CHANGE MASTER"}[p.release("replica1").MySQL(8, 0, 23)]
	p.sql("replica1", verb+" TO "+option+"=0")
	p.sql("primary", "FLUSH PRIVILEGES")
	p.threads("START", "")
	p.await("a receiver that is not let in", func() bool {
		status, err := p.SlaveStatus(p.t.Context(), "replica1")
		must(p.t, err)
		return status["Last_IO_Errno"] == "2061"
	})
	p.want(5, "verify").says(p.t, "2061", "over TLS alone")
	p.secure()
	if kept, err := p.Value(p.t.Context(), "replica1", "SELECT GET_PUBLIC_KEY FROM performance_schema.replication_connection_configuration"); err != nil || kept != "NO" {
		p.t.Errorf("what was not named is not as it was found: %s %v", kept, err)
	}
	end()
	p.nothingMoves()
}

// severalRows: a login takes the row that fits it best, and each has to demand TLS.
func severalRows(p *played) {
	if p.noCommonTLS() {
		return
	}
	for _, host := range []string{"127.%", "192.0.2.7"} {
		p.sql("primary", fmt.Sprintf("SET sql_log_bin=0; CREATE USER '%s'@'%s' IDENTIFIED BY '%s'; GRANT REPLICATION SLAVE ON *.* TO '%[1]s'@'%[2]s'",
			p.Account.User, host, p.Account.Password))
	}
	end := p.begin()
	p.secure()
	var demanding []string
	for _, row := range p.verify(0).Accounts {
		demanding = append(demanding, row.Host+" "+row.Require)
	}
	slices.Sort(demanding)
	if !slices.Equal(demanding, []string{"% ssl", "127.% ssl", "192.0.2.7 ssl"}) {
		p.t.Errorf("%q", demanding)
	}
	end()
	p.nothingMoves()
}

// accounts is the main job, with a step that the plan has, where one is named, and words that it says.
func (p *played) accounts(step, words string) {
	p.t.Helper()
	if p.noCommonTLS() {
		return
	}
	end := p.begin()
	if step != "" && !slices.Contains(p.plan(2).ids(), step) {
		p.t.Errorf("no step %s: %v", step, p.plan(2).ids())
	}
	p.want(2, "plan").says(p.t, words)
	p.secure()
	end()
	p.nothingMoves()
}

// needsPlugin: the source has to have the plugin, and receivers find their part of it beside it.
func needsPlugin(file string) func(compatibility.Pair) string {
	return needsFile("usr/lib/mysql/plugin/" + file)
}

// needsFile looks for a file of the primary's tree.
func needsFile(path string) func(compatibility.Pair) string {
	file := filepath.Base(path)
	return func(on compatibility.Pair) string {
		tree, err := lab.FindTree(fmt.Sprintf("%s-%s", strings.ToLower(on.Primary.Family), series(on.Primary)))
		if err != nil {
			return "the server of the tests has no " + file
		}
		if _, err := os.Stat(filepath.Join(tree, path)); err != nil {
			return "the server of the tests has no " + file
		}
		return ""
	}
}

func series(s compatibility.Server) string {
	parts := strings.SplitN(s.Version, ".", 3)
	return strings.Join(parts[:2], ".")
}

// by lets the account log in by a plugin.
func (p *played) by(plugin string) {
	p.t.Helper()
	p.sql("primary", fmt.Sprintf("INSTALL SONAME 'auth_%s'; SET sql_log_bin=0; ALTER USER '%s'@'%%' IDENTIFIED VIA %[1]s USING PASSWORD('%[3]s')",
		plugin, p.Account.User, p.Account.Password))
	p.threads("STOP", "")
	p.threads("START", "")
}

func byPARSEC(p *played) {
	p.by("parsec")
	p.await("a receiver that has logged in so", func() bool {
		status, err := p.SlaveStatus(p.t.Context(), "replica1")
		must(p.t, err)
		return status["Slave_IO_Running"] == "Yes"
	})
	p.blocked("logs in by parsec, which replssl cannot try", "ed25519")
	p.refused("replssl has no PARSEC")
}
