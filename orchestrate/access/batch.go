package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Answer is what a server said to one statement of several.
type Answer struct {
	Rows []dialect.Row
	Err  error
}

// Questions are put together, so that one wait is enough for all of them.
type Questions struct {
	statements []dialect.Statement
	take       []func(Answer)
}

// Add puts one more question; its answer is there after [Questions.Ask].
func Add[T any](q *Questions, question dialect.Query[T], into *facts.Value[T]) {
	q.statements = append(q.statements, question.Statement())
	q.take = append(q.take, func(a Answer) { *into = meaning(question, a) })
}

// Ask asks all that was added. What cannot be answered is unknown, with the reason.
func (q *Questions) Ask(ctx context.Context, asker Asker) {
	if len(q.statements) == 0 {
		return
	}
	for i, answer := range asker.QueryAll(ctx, q.statements...) {
		q.take[i](answer)
	}
}

func meaning[T any](question dialect.Query[T], a Answer) facts.Value[T] {
	if a.Err == nil {
		return question.Read(a.Rows)
	}
	var refused *RefusedError
	if errors.As(a.Err, &refused) {
		if v := question.Refused(refused.Number, refused.Text); v.IsAbsent() {
			return v
		}
	}
	return unknown[T](a.Err)
}

// QueryAll sends statements that change nothing and gives an answer to each. They go in one packet; a server does not go on after one
// that it refuses (manual, "COM_QUERY: multi-statements"; tried on MariaDB 10.11), so that those behind it are sent again.
func (s *Servers) QueryAll(ctx context.Context, name topology.ServerName, statements ...dialect.Statement) []Answer {
	l, err := s.line(name)
	if err != nil {
		return slices.Repeat([]Answer{{Err: err}}, len(statements))
	}
	answers := l.queryAll(ctx, statements)
	if isBroken(answers[0].Err) {
		return l.queryAll(ctx, statements)
	}
	return answers
}

func (l *line) queryAll(ctx context.Context, statements []dialect.Statement) []Answer {
	session, err := l.kept(ctx)
	if err != nil {
		return slices.Repeat([]Answer{{Err: err}}, len(statements))
	}
	defer session.release()
	return session.QueryAll(ctx, statements...)
}

// QueryAll is [Servers.QueryAll] within the session.
func (s *Session) QueryAll(ctx context.Context, statements ...dialect.Statement) []Answer {
	answers := make([]Answer, 0, len(statements))
	for len(answers) < len(statements) {
		left := statements[len(answers):]
		sets, err := s.inOnePacket(ctx, left)
		answers = append(answers, s.answers(ctx, left, sets, err)...)
	}
	return answers
}

// answers are those of one packet: at least one, and no more than there are statements. A context that ends when everything is told takes
// nothing back.
func (s *Session) answers(ctx context.Context, sent []dialect.Statement, sets [][]dialect.Row, err error) []Answer {
	answers := make([]Answer, 0, len(sent))
	for _, rows := range sets[:min(len(sets), len(sent))] {
		answers = append(answers, Answer{Rows: rows})
	}
	if len(answers) == len(sent) || err == nil && len(answers) > 0 {
		return answers
	}
	if err == nil {
		err = errNoAnswer
	}
	failed := Answer{Err: s.failure(ctx, sent[len(answers)], err)}
	if _, refused := refusal(err); refused {
		return append(answers, failed) // the server has not gone on to those behind it
	}
	return append(answers, slices.Repeat([]Answer{failed}, len(sent)-len(answers))...)
}

var errNoAnswer = errors.New("the server gave no answer")

// ExecAll sends statements that change something in one packet, once. It gives how many were carried out. When its error is not a
// [RefusedError] it is not known whether the next one was carried out too, and those behind it.
func (s *Servers) ExecAll(ctx context.Context, name topology.ServerName, statements ...dialect.Statement) (done int, err error) {
	l, err := s.line(name)
	if err != nil {
		return 0, err
	}
	session, err := l.lively(ctx)
	if err != nil {
		return 0, err
	}
	defer session.release()
	return session.ExecAll(ctx, statements...)
}

// ExecAll is [Servers.ExecAll] within the session.
func (s *Session) ExecAll(ctx context.Context, statements ...dialect.Statement) (done int, err error) {
	sent := make([]dialect.Statement, 0, 2*len(statements))
	for _, statement := range statements {
		sent = append(sent, statement, dialect.Mark())
	}
	sets, err := s.inOnePacket(ctx, sent)
	done = len(sets) // only the marks have an answer
	switch {
	case done == len(statements): // a context that ends when everything is done takes nothing back
		return done, nil
	case err == nil:
		return done, fmt.Errorf("%s: %d of %d statements were answered", s.server, done, len(statements))
	}
	return done, s.failure(ctx, statements[min(done, len(statements)-1)], err)
}

// inOnePacket gives the rows of each statement that has an answer, up to the one that fails.
func (s *Session) inOnePacket(ctx context.Context, statements []dialect.Statement) (sets [][]dialect.Row, err error) {
	texts := make([]string, len(statements))
	for i, statement := range statements {
		texts[i] = statement.String()
	}
	rows, err := s.conn.QueryContext(ctx, strings.Join(texts, ";\n"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err has told what there is to tell
	for {
		set, err := readRows(rows)
		if err != nil {
			return sets, err
		}
		if sets = append(sets, set); !rows.NextResultSet() {
			return sets, rows.Err()
		}
	}
}
