package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// require alters the rows in a session of its own, which ends afterwards and takes its sql_log_bin with it.
//
// The requirement is dated twice. Before the first row is altered the session's own connection id goes to the disk, so that a crash cannot
// lose it. A receiver that logged in between that session's login and its ALTER has a greater id and met no requirement; so afterwards
// the id of a new connection takes its place.
func (x *Executor) require(ctx context.Context, a plan.Require, note func(event.Event) error) error {
	d, err := x.dialect(ctx, a.Server)
	if err != nil {
		return err
	}
	if a.Kind == facts.RequireNone {
		if err := note(event.RequirementLifted{Server: a.Server}); err != nil {
			return err
		}
		return x.servers.Session(ctx, a.Server, func(ctx context.Context, session *access.Session) error {
			return alter(ctx, d, session, a, note)
		})
	}
	start := x.beginStartOf(ctx, a.Server) // looked at while the session logs in
	date := func(ctx context.Context, session *access.Session) error {
		id := access.Ask(ctx, session, d.ConnectionID())
		began := start()
		switch {
		case !began.IsKnown():
			return &unseenError{why: fmt.Sprintf("%s: the requirement cannot be dated: %s", a.Server, began.Why()), hint: began.Hint()}
		case !id.IsKnown():
			return fmt.Errorf("%s: the requirement cannot be dated: %s", a.Server, id.Why())
		}
		return note(event.RequirementDated{Server: a.Server, Connection: id.Or(0), Start: began.Or("")})
	}
	err = x.servers.Session(ctx, a.Server, func(ctx context.Context, session *access.Session) error {
		if err := date(ctx, session); err != nil {
			return err
		}
		return alter(ctx, d, session, a, note)
	})
	if err != nil {
		return err
	}
	return x.servers.Session(ctx, a.Server, date)
}

// beginStartOf begins the look; the function that it gives waits for its end.
func (x *Executor) beginStartOf(ctx context.Context, server topology.ServerName) func() facts.Value[facts.StartID] {
	done := make(chan facts.Value[facts.StartID], 1)
	go func() { done <- x.startOf(ctx, server).id }()
	return sync.OnceValue(func() facts.Value[facts.StartID] { return <-done })
}

func alter(ctx context.Context, d dialect.Dialect, session *access.Session, a plan.Require, note func(event.Event) error) error {
	statements := []dialect.Statement{}
	if !a.Binlog {
		statements = append(statements, d.WithoutBinlog())
	}
	for _, host := range a.Hosts {
		statement, err := d.Require(a.User, host, a.Kind)
		if err != nil {
			return err
		}
		statements = append(statements, statement)
	}
	for _, statement := range statements {
		if err := note(event.Statement{Server: a.Server, SQL: statement.String()}); err != nil {
			return &unsentError{err}
		}
	}
	done, err := session.ExecAll(ctx, statements...)
	var refused *access.RefusedError
	if errors.As(err, &refused) && done <= len(statements)-len(a.Hosts) && a.Kind != facts.RequireNone {
		// No row was altered: what was dated has not come about. Where that cannot be noted, the failure is what is told.
		_ = note(event.RequirementLifted{Server: a.Server})
	}
	return err
}
