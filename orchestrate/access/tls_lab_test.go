package access_test

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/reach"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/remote/secret"
)

// tlsLab is a primary that serves TLS and requires it of the account.
type tlsLab struct {
	*lab.Lab
	authority authority
	leaf      pki.Leaf
	servers   *access.Servers
	address   string
	account   access.Account
}

func TestRealTLS(t *testing.T) {
	l := &tlsLab{Lab: labtest.Start(t, lab.Options{Replicas: 1}), authority: newAuthority(t)}
	l.leaf = serveTLS(t, l.Lab, l.authority)
	c := reach.Cluster(t, l.Lab)
	l.servers = connect(t, c, reach.Dial)
	l.address = net.JoinHostPort(c.Primary().Address, strconv.Itoa(c.Primary().MySQL.Port))
	l.account = access.Account{User: l.Account.User, Password: secret.New(l.Account.Password)}
	check(t, l.Exec(t.Context(), "primary", "SET sql_log_bin=0; ALTER USER "+l.Account.User+"@'%' REQUIRE SSL"))
	for name, test := range map[string]func(*testing.T, *tlsLab){
		"what is shown in a handshake": shownInHandshake,
		"logins that are let in":       letIn,
		"logins that are turned down":  turnedDown,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, l)
		})
	}
	nobodyWasCounted(t, l)
}

func shownInHandshake(t *testing.T, l *tlsLab) {
	seen, ok := l.servers.Handshake(t.Context(), "primary").Get()
	if !ok {
		t.Fatal(l.servers.Handshake(t.Context(), "primary"))
	}
	equal(t, "certificate", strings.HasPrefix(seen.Chain, string(l.leaf.CertPEM())), true)
	equal(t, "version", seen.Version, "TLS 1.3")
	if !strings.HasPrefix(seen.Cipher, "TLS_") {
		t.Errorf("cipher: got %q", seen.Cipher)
	}
}

func letIn(t *testing.T, l *tlsLab) {
	for name, config := range map[string]*tls.Config{
		"no certificate": {},
		"certificate":    {Certificates: []tls.Certificate{l.authority.pair(t)}},
		"trusted":        {VerifyConnection: func(tls.ConnectionState) error { return nil }},
	} {
		attempt := must(l.servers.Login(t.Context(), "replica1", l.address, l.account, config))(t)
		equal(t, name, attempt, facts.Attempt{OK: true})
	}
}

func turnedDown(t *testing.T, l *tlsLab) {
	foreign := &tls.Config{Certificates: []tls.Certificate{newAuthority(t).pair(t)}}
	attempt := must(l.servers.Login(t.Context(), "replica1", l.address, l.account, foreign))(t)
	equal(t, "foreign certificate", attempt, facts.Attempt{Text: "the server broke off the TLS handshake: unknown certificate authority"})

	untrusted := &tls.Config{VerifyConnection: func(tls.ConnectionState) error { return errors.New("no trust") }}
	attempt = must(l.servers.Login(t.Context(), "replica1", l.address, l.account, untrusted))(t)
	equal(t, "untrusted", attempt, facts.Attempt{Text: "no trust"})

	attempt = must(l.servers.Login(t.Context(), "replica1", l.address, l.account, nil))(t)
	equal(t, "plaintext", attempt.Errno, 1045)
	equal(t, "plaintext text", strings.HasPrefix(attempt.Text, "Access denied for user 'repl'@"), true)
}

// nobodyWasCounted: the one handshake that the server broke off is all that it counts.
func nobodyWasCounted(t *testing.T, l *tlsLab) {
	check(t, l.servers.Close())
	for status, want := range map[string]string{"Aborted_connects_preauth": "1", "Aborted_clients": "0"} {
		got := must(l.Query(t.Context(), "primary", "SHOW GLOBAL STATUS LIKE '"+status+"'"))(t)
		equal(t, status, got.Rows[0][1].String, want)
	}
	text := string(must(os.ReadFile(l.Primary().ErrorLog))(t))
	for _, refused := range []string{"repl", "replssl-looks"} { // without TLS; and where the certificate was not trusted, as nobody
		equal(t, "refusals of "+refused+" in the error log", strings.Count(text, "Access denied for user '"+refused+"'@"), 1)
	}
	equal(t, "aborted connections in the error log", strings.Count(text, "Aborted connection"), 1)
}
