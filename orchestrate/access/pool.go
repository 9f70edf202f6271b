package access

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/remote"
)

const (
	// loginWithin bounds a login. The way to the host exists by then, so that it is one connection on the host and a few packets.
	loginWithin = 15 * time.Second

	// answerWithin bounds the wait for each packet of an answer where the caller's context does not: as long as the longest thing
	// that a server is asked to do, which is to stop an applier in the middle of a large transaction.
	answerWithin = 10 * time.Minute
)

// settings are common to all logins. By the driver's defaults no password is sent in the clear, nor in the weak form of old.
func settings(host remote.Host) *mysql.Config {
	config := mysql.NewConfig()
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		return host.Dial(ctx, network, address)
	}
	config.InterpolateParams = true
	config.Timeout, config.ReadTimeout, config.WriteTimeout = loginWithin, answerWithin, answerWithin
	return config
}

// pool is one connection under certain settings, made when it is needed and again when it broke.
type pool struct {
	db    *sql.DB
	heard *heard
	peace atomic.Bool // its connections are closed for good, not because they broke
	last  atomic.Pointer[parting]
}

// newPool connects to nothing.
func newPool(config *mysql.Config) (*pool, error) {
	p := preparePool(config)
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return p.by(connector), nil
}

// preparePool lets the settings tell the pool of each connection.
func preparePool(config *mysql.Config) *pool {
	p := &pool{heard: &heard{}}
	config.Logger = p.heard
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		made := &parting{Conn: conn, peace: &p.peace}
		p.last.Store(made)
		return made, nil
	}
	return p
}

func (p *pool) by(connector driver.Connector) *pool {
	p.db = sql.OpenDB(connector)
	p.db.SetMaxOpenConns(1)
	return p
}

func (p *pool) conn(ctx context.Context) (*sql.Conn, error) {
	conn, err := p.db.Conn(ctx)
	return conn, p.heard.explain(err)
}

// close says goodbye to the server. That this fails matters to nobody: the connection is gone then.
func (p *pool) close() {
	p.peace.Store(true)
	_ = p.db.Close()
}

// heard is the driver's log. It prints nothing, and keeps the last error: the driver logs the reason why a connection broke, and
// gives back that it is invalid.
type heard struct {
	mu   sync.Mutex
	last error
}

// Print takes what the driver logs.
func (h *heard) Print(args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			h.last = err
		}
	}
}

// explain puts the reason to an error that lacks it.
func (h *heard) explain(err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil || !errors.Is(err, mysql.ErrInvalidConn) {
		return err
	}
	reason := h.last
	h.last = nil
	return fmt.Errorf("%w: %w", err, reason)
}
