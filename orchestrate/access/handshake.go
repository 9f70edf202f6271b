package access

import (
	"context"
	"crypto/tls"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Handshake logs in as the administrator once more, over TLS if the server offers it, and tells what the server showed; absent when
// it offers none. It is a whole login, since the server would count one that is broken off as an aborted connection.
func (s *Servers) Handshake(ctx context.Context, name topology.ServerName) facts.Value[facts.ServedTLS] {
	l, err := s.line(name)
	if err != nil {
		return unknown[facts.ServedTLS](err)
	}
	at, err := l.findDoor(ctx)
	if err != nil {
		return unknown[facts.ServedTLS](err)
	}
	var shown *tls.ConnectionState
	pool, err := l.newPool(ctx, at, func(config *mysql.Config) {
		config.TLS = showTo(&shown)
	})
	if err != nil {
		return unknown[facts.ServedTLS](err)
	}
	err = s.loginBy(ctx, pool)
	switch {
	case shown != nil: // a login that failed afterwards changes nothing about it
		return facts.Known(served(*shown))
	case err != nil:
		return unknown[facts.ServedTLS](l.loginFailure(ctx, at, err))
	}
	return facts.Absent[facts.ServedTLS]()
}

// showTo accepts every certificate: it is looked at. As with [unverified], the connection does not leave the SSH connection and the host.
func showTo(shown **tls.ConnectionState) *tls.Config {
	return OfAnyVersion(&tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // see above
		VerifyConnection: func(state tls.ConnectionState) error {
			*shown = &state
			return nil
		},
	})
}

func served(state tls.ConnectionState) facts.ServedTLS {
	return facts.ServedTLS{
		Chain:   string(pki.EncodeCert(state.PeerCertificates...)),
		Version: tls.VersionName(state.Version),
		Cipher:  tls.CipherSuiteName(state.CipherSuite),
	}
}

// loginOnce logs in and out.
func (s *Servers) loginOnce(ctx context.Context, config *mysql.Config) error {
	pool, err := newPool(config)
	if err != nil {
		return err
	}
	return s.loginBy(ctx, pool)
}

func (s *Servers) loginBy(ctx context.Context, pool *pool) error {
	defer s.partLater(pool)
	conn, err := pool.conn(ctx)
	if err != nil {
		return err
	}
	return conn.Close()
}
