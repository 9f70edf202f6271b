package apply

import (
	"context"
	"fmt"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// require alters the rows in a session of its own, which ends afterwards and takes its sql_log_bin with it. Which session that is, is on
// disk before the first row is altered: a login with a greater connection id has met the requirement.
func (x *Executor) require(ctx context.Context, a plan.Require, note func(event.Event) error) error {
	d, err := x.dialect(ctx, a.Server)
	if err != nil {
		return err
	}
	start := x.startOf(ctx, a.Server)
	return x.servers.Session(ctx, a.Server, func(ctx context.Context, session *access.Session) error {
		send := func(statement dialect.Statement) error {
			if err := note(event.Statement{Server: a.Server, SQL: statement.String()}); err != nil {
				return err
			}
			return session.Exec(ctx, statement)
		}
		if !a.Binlog {
			if err := send(d.WithoutBinlog()); err != nil {
				return err
			}
		}
		if err := date(ctx, d, session, a, start, note); err != nil {
			return err
		}
		return alter(d, a, send)
	})
}

func alter(d dialect.Dialect, a plan.Require, send func(dialect.Statement) error) error {
	for _, host := range a.Hosts {
		statement, err := d.Require(a.User, host, a.Kind)
		if err != nil {
			return err
		}
		if err := send(statement); err != nil {
			return err
		}
	}
	return nil
}

func date(
	ctx context.Context, d dialect.Dialect, session *access.Session, a plan.Require, start facts.Value[facts.StartID], note func(event.Event) error,
) error {
	if a.Kind == facts.RequireNone {
		return nil
	}
	id := access.Ask(ctx, session, d.ConnectionID())
	connection, ok := id.Get()
	if !ok {
		return fmt.Errorf("%s: the requirement could not be dated: %s", a.Server, id.Why())
	}
	began, ok := start.Get()
	if !ok {
		return fmt.Errorf("%s: the requirement could not be dated: %s", a.Server, start.Why())
	}
	return note(event.RequirementDated{Server: a.Server, Connection: connection, Start: began})
}
