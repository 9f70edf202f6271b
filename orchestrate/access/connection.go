package access

import (
	"context"
	"errors"
	"net"

	"github.com/go-sql-driver/mysql"
)

// admin is a login as the administrator: without a password through a socket, which tells the server who asks, or with one. When TLS is used,
// [admission] tells.
func (l *line) admin(ctx context.Context, at door) (*mysql.Config, error) {
	password, err := l.password(ctx)
	if err != nil {
		return nil, err
	}
	config := settings(l)
	config.User, config.Net, config.Addr = l.server.MySQL.Admin, at.network, at.address
	config.Passwd = password.Reveal()
	config.MultiStatements = true // every text that is sent is one or more of [dialect.Statement]
	if at.network == "tcp" {
		config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dialServer(ctx) }
	}
	if !l.server.MySQL.Password.IsZero() {
		config.TLS = unverified()
	}
	return config, nil
}

// newPool prepares a login as the administrator.
func (l *line) newPool(ctx context.Context, at door, change ...func(*mysql.Config)) (*pool, error) {
	config, err := l.admin(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, c := range change {
		c(config)
	}
	p := preparePool(config)
	if l.server.MySQL.Password.IsZero() {
		return p.by(admission{config, l.manner(at)}), nil
	}
	return p.by(careful{Connector: admission{config, l.manner(at)}, once: l.once}), nil
}

// kept is the administrator's connection to the server, which may have broken since it was last used.
func (l *line) kept(ctx context.Context) (*Session, error) {
	at, err := l.findDoor(ctx)
	if err != nil {
		return nil, err
	}
	pool, err := l.keptPool(ctx, at)
	if err != nil {
		return nil, err
	}
	return l.session(ctx, pool, at)
}

// lively is kept, for statements that must not be sent twice: a connection whose end was heard of is made anew, and one that cannot tell of
// its end is asked for a sign of life.
func (l *line) lively(ctx context.Context) (*Session, error) {
	session, err := l.kept(ctx)
	if err != nil {
		return nil, err
	}
	if session.lives() || session.conn.PingContext(ctx) == nil {
		return session, nil
	}
	session.release()
	return l.kept(ctx)
}

func (l *line) keptPool(ctx context.Context, at door) (*pool, error) {
	if there := l.poolOfNow(); there != nil {
		return there, nil
	}
	made, err := l.newPool(ctx, at) // which connects to nothing
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		made.close()
		return nil, closed(l.server.Name)
	case l.pool == nil:
		l.pool = made
	default:
		made.close()
	}
	return l.pool, nil
}

func (l *line) poolOfNow() *pool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pool
}

// session logs in. Where the host itself cannot be reached, that is the error: nothing was tried at the server.
func (l *line) session(ctx context.Context, pool *pool, at door) (*Session, error) {
	if _, err := l.connect(ctx); err != nil {
		return nil, err
	}
	conn, err := pool.conn(ctx)
	if err != nil {
		return nil, l.loginFailure(ctx, at, err)
	}
	session := &Session{server: l.server.Name, conn: conn, heard: pool.heard, over: pool.last.Load()}
	if err := l.know(ctx, session, at); err != nil {
		session.release()
		return nil, err
	}
	return session, nil
}

func (l *line) loginFailure(ctx context.Context, at door, err error) error {
	if refused := l.refusedLogin(l.through(at), err); refused != nil {
		return refused
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	l.forgetSocket()
	return &UnreachableError{Server: l.server.Name, Account: l.server.MySQL.Admin, OSUser: l.server.SSH.OSUser(), Socket: l.through(at), Err: err}
}

// refusedLogin is nil where the server did not refuse.
func (l *line) refusedLogin(through string, err error) *LoginError {
	refused, ok := refusal(err)
	if !ok {
		return nil
	}
	failed := &LoginError{
		Server: l.server.Name, Account: l.server.MySQL.Admin, OSUser: l.server.SSH.OSUser(), Socket: through,
		Number: int(refused.Number), Text: refused.Message,
	}
	if source := l.server.MySQL.Password; !source.IsZero() {
		failed.Password = describe(source)
	}
	var turned *turnedAwayError
	if errors.As(err, &turned) {
		failed.OverTLS, failed.NoTLS = turned.overTLS, turned.greeted && !turned.offersTLS
	}
	return failed
}
