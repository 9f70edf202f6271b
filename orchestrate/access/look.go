package access

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/orchestrate/facts"
)

// lookingUser is an account that no server has.
const lookingUser = "replssl-looks"

// ErrNoTLS says that a server offers no TLS.
var ErrNoTLS = errors.New("the server offers no TLS")

// ServedAt tells what a server at an address, host:port, shows in a TLS handshake, over TCP from this machine. The error is [ErrNoTLS] where it
// offers none.
//
// It goes on to a login, as an account that the server does not have and without a password: MariaDB counts a handshake that ends without one
// against the host that it comes from, and at max_connect_errors locks that host out, but not a login that was refused (tried on 10.11). Old
// versions of TLS are spoken too, since it is only looked at.
func ServedAt(ctx context.Context, address string) (facts.ServedTLS, []*x509.Certificate, error) {
	var shown *tls.ConnectionState
	config := mysql.NewConfig()
	config.Net, config.Addr, config.User = "tcp", address, lookingUser
	config.Timeout, config.ReadTimeout, config.WriteTimeout = loginWithin, loginWithin, loginWithin
	config.DialFunc = (&net.Dialer{}).DialContext
	config.AllowFallbackToPlaintext = true // the login goes on, and no password is told
	config.TLS = showTo(&shown)
	pool, err := newPool(config)
	if err != nil {
		return facts.ServedTLS{}, nil, err
	}
	defer pool.close()
	conn, err := pool.conn(ctx)
	if err == nil {
		err = conn.Close() // an account without a name let us in
	}
	refused, isRefused := refusal(err)
	const denied = 1045
	switch {
	case shown != nil: // whatever became of the login
		return served(*shown), shown.PeerCertificates, nil
	case err == nil, isRefused && refused.Number == denied:
		return facts.ServedTLS{}, nil, ErrNoTLS
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	return facts.ServedTLS{}, nil, fmt.Errorf("no TLS handshake with %s: %w", address, err)
}
