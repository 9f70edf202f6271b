package apply

import (
	"context"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/plan"
)

func (x *Executor) stopThreads(ctx context.Context, a plan.StopThreads, note func(event.Event) error) error {
	d, err := x.dialect(ctx, a.Channel.Server)
	if err != nil {
		return err
	}
	statements, err := d.StopThreads(a.Channel.Name, a.Threads)
	if err != nil {
		return err
	}
	return x.exec(ctx, a.Channel.Server, note, statements...)
}

func (x *Executor) startThreads(ctx context.Context, a plan.StartThreads, note func(event.Event) error) error {
	d, err := x.dialect(ctx, a.Channel.Server)
	if err != nil {
		return err
	}
	statements, err := d.StartThreads(a.Channel.Name, a.Threads)
	if err != nil {
		return err
	}
	return x.exec(ctx, a.Channel.Server, note, statements...)
}

func (x *Executor) changeTLS(ctx context.Context, a plan.ChangeTLS, note func(event.Event) error) error {
	d, err := x.dialect(ctx, a.Channel.Server)
	if err != nil {
		return err
	}
	statement, err := d.ChangeTLS(a.Channel.Name, a.Options)
	if err != nil {
		return err
	}
	return x.exec(ctx, a.Channel.Server, note, statement)
}
