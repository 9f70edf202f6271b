package access

import (
	"context"

	"github.com/go-sql-driver/mysql"
)

// admin is a login as the administrator: without a password, since the socket tells the server who asks.
func (l *line) admin(socket string) *mysql.Config {
	config := settings(l)
	config.User, config.Net, config.Addr = l.server.MySQL.Admin, "unix", socket
	config.MultiStatements = true // every text that is sent is one or more of [dialect.Statement]
	return config
}

// kept is the administrator's connection to the server, which may have broken since it was last used.
func (l *line) kept(ctx context.Context) (*Session, error) {
	socket, err := l.findSocket(ctx)
	if err != nil {
		return nil, err
	}
	pool, err := l.keptPool(socket)
	if err != nil {
		return nil, err
	}
	return l.session(ctx, pool, socket)
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

func (l *line) keptPool(socket string) (*pool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, closed(l.server.Name)
	}
	if l.pool != nil {
		return l.pool, nil
	}
	pool, err := newPool(l.admin(socket))
	l.pool = pool
	return pool, err
}

// session logs in. Where the host itself cannot be reached, that is the error: nothing was tried at the socket.
func (l *line) session(ctx context.Context, pool *pool, socket string) (*Session, error) {
	if _, err := l.connect(ctx); err != nil {
		return nil, err
	}
	conn, err := pool.conn(ctx)
	if err != nil {
		return nil, l.loginFailure(ctx, socket, err)
	}
	return &Session{server: l.server.Name, conn: conn, heard: pool.heard, over: pool.last.Load()}, nil
}

func (l *line) loginFailure(ctx context.Context, socket string, err error) error {
	account, osUser := l.server.MySQL.Admin, l.server.SSH.OSUser()
	if refused, ok := refusal(err); ok {
		return &LoginError{
			Server: l.server.Name, Account: account, OSUser: osUser, Socket: socket, Number: int(refused.Number), Text: refused.Message,
		}
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	l.forgetSocket()
	return &UnreachableError{Server: l.server.Name, Account: account, OSUser: osUser, Socket: socket, Err: err}
}
