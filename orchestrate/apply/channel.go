package apply

import (
	"context"
	"fmt"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/plan"
)

// channelAction carries out what is statements about a channel and nothing else.
func (x *Executor) channelAction(ctx context.Context, action plan.Action, note func(event.Event) error) error {
	statements, err := x.channelStatements(ctx, action)
	if err != nil {
		return &unsentError{err}
	}
	return x.exec(ctx, action.Target(), note, statements...)
}

func (x *Executor) channelStatements(ctx context.Context, action plan.Action) ([]dialect.Statement, error) {
	d, err := x.dialect(ctx, action.Target())
	if err != nil {
		return nil, err
	}
	switch a := action.(type) {
	case plan.StopThreads:
		return d.StopThreads(a.Channel.Name, a.Threads)
	case plan.StartThreads:
		return d.StartThreads(a.Channel.Name, a.Threads)
	case plan.ChangeTLS:
		change, err := d.ChangeTLSKeeping(a.Channel.Name, a.Options, a.Heartbeat)
		return []dialect.Statement{change}, err
	}
	return nil, fmt.Errorf("%T is not about a channel", action)
}

// sendTogether sends the statements of all actions in one packet: a stopped receiver stands still until its START arrives, and a run that
// dies in between leaves nothing stopped, since the server has the START already.
func (x *Executor) sendTogether(ctx context.Context, batch []plan.Action, note func(event.Event) error) (done int, err error) {
	var all []dialect.Statement
	ends := make([]int, len(batch)) // how many statements it takes until the action is done
	for i, action := range batch {
		statements, err := x.channelStatements(ctx, action)
		if err != nil {
			return 0, &unsentError{err}
		}
		all = append(all, statements...)
		ends[i] = len(all)
	}
	carried, err := x.execAll(ctx, batch[0].Target(), note, all...)
	for done < len(batch) && ends[done] <= carried {
		done++
	}
	return done, err
}
