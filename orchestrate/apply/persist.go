package apply

import (
	"context"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/plan"
)

func (x *Executor) persist(ctx context.Context, a plan.Persist, note func(event.Event) error) error {
	if err := note(event.FoundPaths(a.Server, a.Former.Read, a.Former.Kept)); err != nil {
		return &unsentError{err}
	}
	return x.keep(ctx, a, note, func(d dialect.Dialect) ([]dialect.Statement, error) {
		set, err := d.Persist(a.Settings)
		return []dialect.Statement{set}, err
	})
}

func (x *Executor) unpersist(ctx context.Context, a plan.Unpersist, note func(event.Event) error) error {
	return x.keep(ctx, a, note, func(d dialect.Dialect) ([]dialect.Statement, error) { return d.Forget(a.Former, a.Kept) })
}

// keep changes what a server keeps for its next start.
func (x *Executor) keep(
	ctx context.Context, a plan.Action, note func(event.Event) error, build func(dialect.Dialect) ([]dialect.Statement, error),
) error {
	d, err := x.dialect(ctx, a.Target())
	if err != nil {
		return &unsentError{err}
	}
	statements, err := build(d)
	if err != nil {
		return &unsentError{err}
	}
	return x.exec(ctx, a.Target(), note, statements...)
}
