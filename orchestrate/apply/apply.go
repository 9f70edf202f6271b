// Package apply carries out one action on one target.
//
// It decides nothing: whether the action is to be done, and whether it had its effect, are for the plan's conditions to say.
package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
)

// Observer looks at servers: an action may have to know which start of a server it meets.
type Observer interface {
	Observe(ctx context.Context, look facts.Look) facts.Facts

	// Version is that of the server as of the last look: a step looks before it acts.
	Version(server topology.ServerName) (facts.Version, bool)
}

// Executor carries out actions. Its Do may be called from several goroutines at once.
type Executor struct {
	cluster  topology.Cluster
	servers  *access.Servers
	store    pkistore.Store
	observer Observer
	now      func() time.Time
	left     leftCommands
}

// New makes an executor of actions on the servers of a cluster, and on the local folder of certificates.
func New(cluster topology.Cluster, servers *access.Servers, store pkistore.Store, observer Observer, now func() time.Time) *Executor {
	return &Executor{cluster: cluster, servers: servers, store: store, observer: observer, now: now}
}

// Do carries one action out. What must be on disk before an effect is noted first, and an error of note prevents the effect.
// An error says that the action failed or that it is not known how far it came.
func (x *Executor) Do(ctx context.Context, action plan.Action, note func(event.Event) error) error {
	switch a := action.(type) {
	case plan.CreateAuthority:
		return x.createAuthority(a)
	case plan.PrepareAuthority:
		return x.store.Prepare(x.means(a.Key), a.Cluster)
	case plan.PromoteAuthority:
		return x.store.Promote()
	case plan.RetireAuthority:
		return x.store.Retire()
	case plan.ForgetAuthority:
		return x.store.Forget()
	case plan.TrustSet:
		return x.trustSet(ctx, a)
	case plan.IssueLeaf:
		return x.issueLeaf(a)
	case plan.InstallSet:
		return x.installSet(ctx, a)
	case plan.SwitchSet:
		return x.switchSet(ctx, a)
	case plan.UnswitchSet:
		return x.unswitchSet(ctx, a)
	case plan.RepairSet:
		return x.repairSet(ctx, a)
	case plan.PruneSets:
		return x.pruneSets(ctx, a)
	case plan.Persist:
		return x.persist(ctx, a, note)
	case plan.Unpersist:
		return x.unpersist(ctx, a, note)
	case plan.WriteConfig:
		return x.writeConfig(ctx, a)
	case plan.RemoveConfig:
		return x.removeConfig(ctx, a)
	case plan.Restart:
		return x.noteRead(ctx, a.Server, note, func() error { return x.restart(ctx, a, note) })
	case plan.ReloadTLS:
		return x.noteRead(ctx, a.Server, note, func() error { return x.reloadTLS(ctx, a, note) })
	case plan.StopThreads, plan.StartThreads, plan.ChangeTLS:
		return x.channelAction(ctx, a, note)
	case plan.Require:
		return x.require(ctx, a, note)
	}
	return fmt.Errorf("%T is no action that is known here", action)
}

// DoAll carries actions out one after the other, as [plan.Batches] groups them, up to the first that fails: what can go to its server or
// host together goes in one wait. It gives how many are done.
func (x *Executor) DoAll(ctx context.Context, batch []plan.Action, note func(event.Event) error) (done int, err error) {
	if len(batch) == 2 {
		install, lays := batch[0].(plan.InstallSet)
		if _, uses := batch[1].(plan.SwitchSet); lays && uses {
			return x.installAndUse(ctx, install)
		}
	}
	if len(batch) > 1 {
		return x.sendTogether(ctx, batch, note)
	}
	for _, action := range batch {
		if err := x.Do(ctx, action, note); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// run runs a command on the host of a server.
func (x *Executor) run(ctx context.Context, server topology.ServerName, command remote.Command) error {
	host, err := x.servers.Host(ctx, server)
	if err != nil {
		return &unsentError{err}
	}
	_, err = host.Run(ctx, command)
	return err
}

// exec sends statements to a server, each noted first.
func (x *Executor) exec(ctx context.Context, server topology.ServerName, note func(event.Event) error, statements ...dialect.Statement) error {
	_, err := x.execAll(ctx, server, note, statements...)
	return err
}

// execAll also gives how many were carried out.
func (x *Executor) execAll(ctx context.Context, server topology.ServerName, note func(event.Event) error, statements ...dialect.Statement) (done int, err error) {
	if len(statements) == 0 {
		return 0, nil
	}
	for _, statement := range statements {
		if err := note(event.Statement{Server: server, SQL: statement.String()}); err != nil {
			return 0, &unsentError{err}
		}
	}
	done, err = x.servers.ExecAll(ctx, server, statements...)
	return done, unsentIfAway(err)
}

// unsentIfAway is the error, as one after which nothing has to be taken back where nobody was there to send a statement to.
func unsentIfAway(err error) error {
	var unreachable *access.UnreachableError
	var login *access.LoginError
	if errors.As(err, &unreachable) || errors.As(err, &login) {
		return &unsentError{err}
	}
	return err
}

// dialect is that of the server, which is asked only where no look has.
func (x *Executor) dialect(ctx context.Context, server topology.ServerName) (dialect.Dialect, error) {
	version, ok := x.observer.Version(server)
	if !ok {
		seen := access.Ask(ctx, x.servers.On(server), dialect.Version())
		if version, ok = seen.Get(); !ok {
			return dialect.Dialect{}, &unseenError{why: seen.Why(), hint: seen.Hint()}
		}
	}
	found, err := dialect.For(version)
	if err != nil {
		return dialect.Dialect{}, fmt.Errorf("%s: %w", server, err)
	}
	return found, nil
}

// unsentError says that an action failed before anything of it left this machine.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// Unsent is true: there is nothing to take back.
func (e *unsentError) Unsent() bool { return true }

// unseenError says what could not be looked at before an action, which was therefore not begun.
type unseenError struct{ why, hint string }

func (e *unseenError) Error() string { return e.why }

// Unsent is true: there is nothing to take back.
func (e *unseenError) Unsent() bool { return true }

// Hint is what a person can do.
func (e *unseenError) Hint() string { return e.hint }
