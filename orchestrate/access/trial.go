package access

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/secret"
)

// Account is whom to log in as.
type Account struct {
	User     string
	Password secret.Text
}

// KeyWantedError says that a login without TLS came to the point at which the password would have to be sent. It was not sent: the key for
// which the client would ask then comes from whoever is at the other end.
type KeyWantedError struct{}

func (*KeyWantedError) Error() string {
	return "the server wants the password itself, which is not sent without TLS: nothing is known of the account's row"
}

// Hint is what a person can do. An account by caching_sha2_password is known to the server from a login over TLS; one by sha256_password never is.
func (*KeyWantedError) Hint() string {
	return "either the password is not the account's, or the account logs in by sha256_password: of one by caching_sha2_password the server remembers a login over TLS"
}

// Login tries a login from the host of one server to the TCP address of another, as host:port: over TLS by that configuration,
// whose VerifyConnection says whether the certificate is trusted, or without TLS where there is none. The attempt is what came of
// it; an error says that there was no answer.
//
// The login is never broken off, also where the server offers no TLS or shows a certificate that is not trusted: servers count
// every handshake that ends without a login against the host it comes from, and at max_connect_errors lock that host out, its
// receiver included (1129, tried on MariaDB 10.11 and MySQL 9.7; a refused login does not count). Without TLS somebody in between could
// pass the proof of the password on; the password itself is never sent. Over a certificate that is not trusted it goes on as an account that
// no server has, without a password, so that whatever the other end may still ask for, there is nothing to tell it: [trial.stepBack].
func (s *Servers) Login(ctx context.Context, from topology.ServerName, address string, account Account, over *tls.Config) (facts.Attempt, error) {
	host, err := s.Host(ctx, from)
	if err != nil {
		return facts.Attempt{}, err
	}
	t := &trial{servers: s, host: host, address: address, account: account, over: over}
	attempt, err := t.run(ctx)
	if err == nil {
		return attempt, nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return facts.Attempt{}, &namedError{server: from, doing: fmt.Sprintf("SQL login as %s to %s", account.User, address), err: err}
}

// trial is one login from a host.
type trial struct {
	servers *Servers
	host    remote.Host
	address string
	account Account
	over    *tls.Config // nil for a login without TLS

	server    *greeted // of the last connection
	encrypted bool
	keyWanted atomic.Bool
	untrusted error
}

func (t *trial) run(ctx context.Context) (facts.Attempt, error) {
	err := t.servers.loginOnce(ctx, t.config(t.over))
	if isAlert(err) {
		// The next login that works resets the count. A certificate of ours is what the server most likely would not have.
		_ = t.servers.loginOnce(ctx, t.config(withoutCertificate(t.over)))
	}
	return t.judge(err)
}

func (t *trial) config(over *tls.Config) *mysql.Config {
	config := settings(t.host)
	config.ReadTimeout, config.WriteTimeout = loginWithin, loginWithin
	config.Net, config.Addr = "tcp", t.address
	config.DialFunc = t.guarded(config.DialFunc)
	config.User, config.Passwd = t.account.User, t.account.Password.Reveal()
	if over != nil {
		config.TLS = over // without which no login over TLS is made
		config.AllowFallbackToPlaintext = true
		_ = config.Apply(mysql.BeforeConnect(func(_ context.Context, login *mysql.Config) error { // an option that cannot fail
			login.TLS = t.watched(over, login)
			return nil
		}))
	}
	return config
}

// watched keeps the verdict on the certificate, and lets the login go on, whose settings are those.
func (t *trial) watched(over *tls.Config, login *mysql.Config) *tls.Config {
	watched := over.Clone()
	watched.InsecureSkipVerify = true
	watched.VerifyConnection = func(state tls.ConnectionState) error {
		t.encrypted = true
		if over.VerifyConnection != nil && t.untrusted == nil {
			t.untrusted = over.VerifyConnection(state)
		}
		if t.untrusted == nil {
			return nil
		}
		return t.stepBack(login)
	}
	return watched
}

// stepBack goes on as nobody. One answer is made by then, of the challenge that the server greeted with, and goes out yet: by sha256_password it is
// the password itself, so that the login ends there, whatever the server counts. By any other plugin it is a proof, as without TLS; the driver
// has no others that would tell more.
func (t *trial) stepBack(login *mysql.Config) error {
	said, ok := t.server.greeting()
	if !ok || said.plugin == clearInTLS {
		return t.untrusted
	}
	login.User, login.Passwd = lookingUser, ""
	return nil
}

// clearInTLS is a plugin whose first answer over TLS is the password. It is never the one of a greeting of MariaDB.
const clearInTLS = "sha256_password"

func withoutCertificate(over *tls.Config) *tls.Config {
	plain := over.Clone()
	plain.Certificates, plain.GetClientCertificate = nil, nil
	return plain
}

// judge tells a login that was let in or turned down, by either end, from one that never came to an answer.
func (t *trial) judge(err error) (facts.Attempt, error) {
	refused, isRefused := refusal(err)
	switch {
	case isAlert(err):
		return facts.Attempt{Text: "the server broke off the TLS handshake: " + strings.TrimPrefix(alertOf(err).Err.Error(), "tls: ")}, nil
	case t.keyWanted.Load():
		return facts.Attempt{}, &KeyWantedError{}
	case err != nil && !isRefused && t.untrusted == nil:
		return facts.Attempt{}, err
	case t.over != nil && !t.encrypted:
		return facts.Attempt{Text: "the server offers no TLS"}, nil
	case t.untrusted != nil:
		return facts.Attempt{Text: t.untrusted.Error()}, nil //nolint:nilerr // it is the answer, whatever became of the login
	case isRefused:
		return facts.Attempt{Errno: int(refused.Number), Text: refused.Message}, nil
	}
	return facts.Attempt{OK: true}, nil
}

// isAlert says that the other end has ended the TLS handshake with an alert.
func isAlert(err error) bool { return alertOf(err) != nil }

func alertOf(err error) *net.OpError {
	var alert *net.OpError
	if errors.As(err, &alert) && alert.Op == "remote error" { // how crypto/tls marks an alert
		return alert
	}
	return nil
}
