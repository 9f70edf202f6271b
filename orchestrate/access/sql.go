package access

import (
	"context"
	"database/sql"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Asker is where a question can be put: a server, or one session with it.
type Asker interface {
	QueryAll(ctx context.Context, statements ...dialect.Statement) []Answer
}

// Ask puts a question. What cannot be answered is unknown, with the reason.
func Ask[T any](ctx context.Context, asker Asker, question dialect.Query[T]) facts.Value[T] {
	return meaning(question, asker.QueryAll(ctx, question.Statement())[0])
}

func unknown[T any](err error) facts.Value[T] {
	return facts.Unknown[T](err.Error()).WithHint(Hint(err))
}

// On is a server as somewhere to put questions.
func (s *Servers) On(name topology.ServerName) Asker { return &asker{servers: s, name: name} }

type asker struct {
	servers *Servers
	name    topology.ServerName
}

func (a *asker) QueryAll(ctx context.Context, statements ...dialect.Statement) []Answer {
	return a.servers.QueryAll(ctx, a.name, statements...)
}

// Query sends a statement that changes nothing and gives the rows of the answer. It is sent again over a new connection when the
// kept one turns out to be broken, as it is after a restart of the server.
func (s *Servers) Query(ctx context.Context, name topology.ServerName, statement dialect.Statement) ([]dialect.Row, error) {
	answer := s.QueryAll(ctx, name, statement)[0]
	return answer.Rows, answer.Err
}

// Exec sends a statement that changes something, once. When its error is not a [RefusedError] it is not known whether the
// statement was carried out.
func (s *Servers) Exec(ctx context.Context, name topology.ServerName, statement dialect.Statement) error {
	_, err := s.ExecAll(ctx, name, statement)
	return err
}

// Session lets work have a connection to the server of its own, which is closed afterwards: what is set in it ends with it.
func (s *Servers) Session(ctx context.Context, name topology.ServerName, work func(context.Context, *Session) error) error {
	l, err := s.line(name)
	if err != nil {
		return err
	}
	at, err := l.findDoor(ctx)
	if err != nil {
		return err
	}
	pool, err := l.newPool(ctx, at)
	if err != nil {
		return err
	}
	defer s.partLater(pool)
	session, err := l.session(ctx, pool, at)
	if err != nil {
		return err
	}
	defer session.release()
	return work(ctx, session)
}

// Session is one connection to a server.
type Session struct {
	server topology.ServerName
	conn   *sql.Conn
	heard  *heard
	over   *parting // nil where nobody asks whether it lives
}

func (s *Session) lives() bool { return s.over != nil && s.over.lives() }

func (s *Session) release() { _ = s.conn.Close() } // a connection that broke says so where it is used

// Query sends a statement and gives the rows of the answer.
func (s *Session) Query(ctx context.Context, statement dialect.Statement) ([]dialect.Row, error) {
	answer := s.QueryAll(ctx, statement)[0]
	return answer.Rows, answer.Err
}

// Exec sends a statement that has no answer.
func (s *Session) Exec(ctx context.Context, statement dialect.Statement) error {
	_, err := s.ExecAll(ctx, statement)
	return err
}

func (s *Session) failure(ctx context.Context, statement dialect.Statement, err error) error {
	if refused, ok := refusal(err); ok {
		return &RefusedError{Server: s.server, Statement: statement.String(), Number: int(refused.Number), Text: refused.Message}
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return &namedError{server: s.server, doing: short(statement.String()), err: s.heard.explain(err)}
}

func readRows(rows *sql.Rows) ([]dialect.Row, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values, into := make([][]byte, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	var list []dialect.Row
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		list = append(list, dialect.RowOf(columns, values))
	}
	return list, rows.Err()
}
