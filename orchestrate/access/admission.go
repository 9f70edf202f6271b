package access

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"net"
	"sync/atomic"

	"github.com/go-sql-driver/mysql"
)

// admission is a connector that logs in as the administrator, over TLS where the account must use it.
//
// Whose settings have TLS logs in over it at once, where the server offers it. So it is with a password: one that is wrong and an account that
// must use TLS are refused alike (1045, tried on MariaDB 10.11 and MySQL 9.7), and servers lock accounts after some refusals, so that nothing
// may be tried a second time. It costs one wait a login. Without a password nothing can be locked: the login is tried without TLS, and where
// that is refused and the server offers TLS, over it, which is remembered.
type admission struct {
	config *mysql.Config
	manner *manner
}

// manner is how a door lets the administrator in who has no password, once that is known.
type manner struct {
	turn    chan struct{} // held by a login that finds out, so that one alone is refused
	known   atomic.Bool
	overTLS atomic.Bool
}

func newManner() *manner { return &manner{turn: make(chan struct{}, 1)} }

// manner is that of a door.
func (l *line) manner(at door) *manner {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.manners[at] == nil {
		l.manners[at] = newManner()
	}
	return l.manners[at]
}

// Connect logs in.
func (a admission) Connect(ctx context.Context) (driver.Conn, error) {
	if a.config.TLS != nil {
		return a.login(ctx, a.config.TLS)
	}
	if a.manner.known.Load() {
		return a.enter(ctx)
	}
	select {
	case a.manner.turn <- struct{}{}:
		defer func() { <-a.manner.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return a.enter(ctx)
}

// Driver is that of the connections.
func (admission) Driver() driver.Driver { return mysql.MySQLDriver{} }

func (a admission) enter(ctx context.Context) (driver.Conn, error) {
	if a.manner.overTLS.Load() {
		return a.login(ctx, unverified())
	}
	conn, err := a.login(ctx, nil)
	if mayWantTLS(err) {
		if conn, err = a.login(ctx, unverified()); err == nil {
			a.manner.overTLS.Store(true)
		}
	}
	if err == nil {
		a.manner.known.Store(true)
	}
	return conn, err
}

// login is one login. Its settings are its own: the driver forgets that TLS was wanted where a server offered none, which a restart may change.
func (a admission) login(ctx context.Context, over *tls.Config) (driver.Conn, error) {
	config := a.config.Clone()
	config.TLS, config.AllowFallbackToPlaintext = over, true
	var server *greeted
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := a.config.DialFunc(ctx, network, address)
		if err != nil {
			return nil, err
		}
		server = &greeted{Conn: conn}
		return server, nil
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	conn, err := connector.Connect(ctx)
	if _, ok := refusal(err); !ok {
		return conn, err
	}
	said, ok := server.greeting()
	return nil, &turnedAwayError{err: err, overTLS: over != nil && said.offersTLS, offersTLS: said.offersTLS, greeted: ok}
}

// turnedAwayError is a server's refusal of a login.
type turnedAwayError struct {
	err       error
	greeted   bool // the server had said what it offers
	offersTLS bool
	overTLS   bool
}

func (e *turnedAwayError) Error() string { return e.err.Error() }

func (e *turnedAwayError) Unwrap() error { return e.err }

// mayWantTLS says that a login was refused without TLS that may be let in over it.
func mayWantTLS(err error) bool {
	var turned *turnedAwayError
	if !errors.As(err, &turned) || turned.overTLS || !turned.offersTLS {
		return false
	}
	refused, _ := refusal(turned.err)
	return isDenied(int(refused.Number)) || refused.Number == secureTransport
}
