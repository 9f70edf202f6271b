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
// What the rows demanded before goes to the disk first. The requirement is dated twice. Before the first row is altered the session's own
// connection id goes to the disk, so that a crash cannot lose it. A receiver that logged in between that session's login and its ALTER has a
// greater id and met no requirement; so this date is provisional, and afterwards the id of a new connection takes its place.
func (x *Executor) require(ctx context.Context, a plan.Require, note func(event.Event) error) error {
	d, err := x.dialect(ctx, a.Server)
	if err != nil {
		return err
	}
	if !a.Raises() {
		return x.lift(ctx, d, a, note)
	}
	for _, row := range a.Rows {
		if err := note(event.FoundRequirement(a.Server, row.Host, row.Former)); err != nil {
			return &unsentError{err}
		}
	}
	start := x.beginStartOf(ctx, a.Server) // looked at while the session logs in
	date := func(ctx context.Context, session *access.Session, provisional bool) error {
		id := access.Ask(ctx, session, d.ConnectionID())
		began := start()
		switch {
		case !began.IsKnown():
			return &unseenError{why: fmt.Sprintf("%s: the requirement cannot be dated: %s", a.Server, began.Why()), hint: began.Hint()}
		case !id.IsKnown():
			return fmt.Errorf("%s: the requirement cannot be dated: %s", a.Server, id.Why())
		}
		return note(event.RequirementDated{Server: a.Server, Connection: id.Or(0), Start: began.Or(""), Provisional: provisional, Beyond: a.KeepsTLS()})
	}
	err = x.servers.Session(ctx, a.Server, func(ctx context.Context, session *access.Session) error {
		if err := date(ctx, session, true); err != nil {
			return &unsentError{err}
		}
		return alter(ctx, d, session, a, note)
	})
	if err != nil {
		return unsentIfAway(err)
	}
	return x.servers.Session(ctx, a.Server, func(ctx context.Context, session *access.Session) error { return date(ctx, session, false) })
}

// lift takes a requirement back.
func (x *Executor) lift(ctx context.Context, d dialect.Dialect, a plan.Require, note func(event.Event) error) error {
	if err := note(event.RequirementLifted{Server: a.Server, Beyond: a.KeepsTLS()}); err != nil {
		return &unsentError{err}
	}
	err := x.servers.Session(ctx, a.Server, func(ctx context.Context, session *access.Session) error {
		return alter(ctx, d, session, a, note)
	})
	if err != nil {
		return err
	}
	return note(event.RequirementRestored{Server: a.Server})
}

// beginStartOf begins the look; the function that it gives waits for its end.
func (x *Executor) beginStartOf(ctx context.Context, server topology.ServerName) func() facts.Value[facts.StartID] {
	done := make(chan facts.Value[facts.StartID], 1)
	go func() { done <- x.startOf(ctx, server).id }()
	return sync.OnceValue(func() facts.Value[facts.StartID] { return <-done })
}

func alter(ctx context.Context, d dialect.Dialect, session *access.Session, a plan.Require, note func(event.Event) error) error {
	statements, err := d.RequireRows(a.User, a.Rows, a.Binlog)
	if err != nil {
		return &unsentError{err}
	}
	for _, statement := range statements {
		if err := note(event.Statement{Server: a.Server, SQL: statement.String()}); err != nil {
			return &unsentError{err}
		}
	}
	done, err := session.ExecAll(ctx, statements...)
	var refused *access.RefusedError
	if errors.As(err, &refused) && done <= len(statements)-len(a.Rows) && a.Raises() {
		// No row was altered: what was dated has not come about. Where that cannot be noted, the failure is what is told.
		_ = note(event.RequirementLifted{Server: a.Server, Beyond: a.KeepsTLS()})
		_ = note(event.RequirementRestored{Server: a.Server})
	}
	return err
}
