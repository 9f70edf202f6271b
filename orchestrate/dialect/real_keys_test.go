package dialect_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// keys: source and receiver take keys of each kind, their own and each other's, in the form in which they are made.
func (l *lab) keys(t *testing.T, d dialect.Dialect) {
	l.source.do(t, "SET sql_log_bin=0", "ALTER USER repl@'127.0.0.1' REQUIRE X509", "SET sql_log_bin=1")
	options := l.verified()
	options.Cert, options.Key = l.pki.cert, l.pki.key
	for kind, want := range map[pki.KeyKind]x509.PublicKeyAlgorithm{
		pki.P256: x509.ECDSA, pki.RSA2048: x509.RSA, pki.RSA4096: x509.RSA, pki.Ed25519: x509.Ed25519,
	} {
		l.pki.renew(t, kind)
		l.source.run(t, d.ReloadTLS())
		if got := l.shown(t); got != want {
			t.Errorf("%s: the source shows a certificate of %s", kind, got)
		}
		l.stop(t, d, "", bothThreads)
		l.replica.run(t, l.change(t, d, "", options))
		l.start(t, d, "", bothThreads)
		l.channel(t, d, "", connected) // the account asks for the receiver's certificate
	}
	if dialect.ReaderOf(facts.Instance{Version: mustAsk(t, l.source.DB, dialect.Version())}).RSAOnly {
		t.Error("it reads ECDSA, and is said not to")
	}
	l.stop(t, d, "", bothThreads)
	l.replica.run(t, l.change(t, d, "", l.verified()))
	l.source.do(t, "SET sql_log_bin=0", "ALTER USER repl@'127.0.0.1' REQUIRE NONE", "SET sql_log_bin=1")
}

// shown is the kind of key in the certificate that the source shows.
func (l *lab) shown(t *testing.T) (kind x509.PublicKeyAlgorithm) {
	t.Helper()
	config := &tls.Config{RootCAs: l.pki.pool, ServerName: "127.0.0.1", VerifyConnection: func(s tls.ConnectionState) error {
		kind = s.PeerCertificates[0].PublicKeyAlgorithm
		return nil
	}}
	l.source.do(t, "SET sql_log_bin=0", "CREATE OR REPLACE USER shown@'127.0.0.1' IDENTIFIED BY 'pw' REQUIRE SSL", "SET sql_log_bin=1")
	if err := open(t, l.source.loginTCP("shown", "pw", config)).Ping(); err != nil {
		t.Error(err)
	}
	return kind
}
