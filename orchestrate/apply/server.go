package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/shell"
)

// restart ends when the server answers from another process than before: a command that does nothing must not pass for a restart.
func (x *Executor) restart(ctx context.Context, a plan.Restart) error {
	before := x.startOf(ctx, a.Server)
	command := x.run(ctx, a.Server, remote.Command{Line: shell.Raw(a.Command)})
	x.forgetDialect(a.Server)
	if command != nil && isExit(command) {
		return command
	}
	if err := x.awaitStart(ctx, a.Server, before); err != nil {
		return errors.Join(command, err)
	}
	return nil
}

func isExit(err error) bool {
	var exit *remote.ExitError
	return errors.As(err, &exit)
}

func (x *Executor) startOf(ctx context.Context, server topology.ServerName) facts.Value[facts.StartID] {
	process := x.observer.Observe(ctx, facts.Look{server: facts.PartInstance | facts.PartProcess}).Server(server).Process
	if p, ok := process.Get(); ok {
		return facts.Known(p.Start)
	}
	return facts.As[facts.StartID](process)
}

func (x *Executor) awaitStart(ctx context.Context, server topology.ServerName, before facts.Value[facts.StartID]) error {
	const poll = 20 * time.Millisecond
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	var last facts.Value[facts.StartID]
	for {
		now := x.startOf(ctx, server)
		start, up := now.Get()
		if former, known := before.Get(); up && (!known || start != former) {
			return nil
		}
		if ctx.Err() == nil { // a look that was cut off tells nothing
			last = now
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return notRestarted(server, last)
		}
	}
}

func notRestarted(server topology.ServerName, last facts.Value[facts.StartID]) error {
	if last.IsKnown() {
		return fmt.Errorf("%s: the command ended, but the server is still the same process", server)
	}
	return fmt.Errorf("%s: it does not answer after the restart: %s", server, last.Why())
}

func (x *Executor) reloadTLS(ctx context.Context, a plan.ReloadTLS, note func(event.Event) error) error {
	d, err := x.dialect(ctx, a.Server)
	if err != nil {
		return err
	}
	return x.exec(ctx, a.Server, note, d.ReloadTLS())
}
