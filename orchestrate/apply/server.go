package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/shell"
)

// restart ends when the server answers from another process than before: a command that does nothing must not pass for a restart.
//
// Where the command of a restart before goes on, nothing that is seen lasts: it may restart the server once more.
func (x *Executor) restart(ctx context.Context, a plan.Restart, note func(event.Event) error) error {
	before := x.startOf(ctx, a.Server)
	if before.up && !before.id.IsKnown() {
		why := fmt.Errorf("%s: it is not restarted, since a new start could not be told from the old one: %s", a.Server, before.id.Why())
		return &unsentError{why}
	}
	overlaps := x.left.goesOn(a.Server)
	command := x.runUntilUp(ctx, a, before, note)
	if command != nil && isExit(command) {
		return &restartError{action: a, err: command}
	}
	if err := x.awaitStart(ctx, a.Server, before); err != nil {
		if command != nil {
			err = fmt.Errorf("%w; %w", command, err)
		}
		return &pendingError{&restartError{action: a, err: err}}
	}
	if overlaps {
		return &pendingError{&restartError{action: a, err: fmt.Errorf("%s: the command of its restart before goes on, and may restart it again", a.Server)}}
	}
	return nil
}

// runUntilUp runs the restart command. One that has restarted the server may never be seen to end: a server that it starts by itself keeps its
// output open. So what goes on while the server is up again is left alone, after the time that the command may take for other things.
// It is not ended: the end would reach its whole process group, and the server may be in that.
func (x *Executor) runUntilUp(ctx context.Context, a plan.Restart, before start, note func(event.Event) error) error {
	const look, besides = time.Second, 10 * time.Second
	running, end := context.WithCancelCause(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		defer end(nil)
		ended <- x.run(running, a.Server, remote.Command{Line: shell.Raw(a.Command)})
	}()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	var enough <-chan time.Time
	for up := false; ; {
		select {
		case err := <-ended:
			return err
		case <-enough:
			x.left.add(a.Server, running.Done())
			return note(event.CommandLeft{Server: a.Server, Command: a.Command})
		case <-ctx.Done():
			if up {
				x.left.add(a.Server, running.Done())
				return note(event.CommandLeft{Server: a.Server, Command: a.Command})
			}
			end(context.Cause(ctx))
			return <-ended
		case <-ticker.C:
			if !up && x.startOf(ctx, a.Server).isNew(before) {
				up, enough = true, time.After(besides)
			}
		}
	}
}

// leftCommands are the restart commands that went on when their servers were up again.
type leftCommands struct {
	mu    sync.Mutex
	ended map[topology.ServerName]<-chan struct{}
}

func (l *leftCommands) add(server topology.ServerName, ended <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended == nil {
		l.ended = map[topology.ServerName]<-chan struct{}{}
	}
	l.ended[server] = ended
}

func (l *leftCommands) goesOn(server topology.ServerName) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	ended, left := l.ended[server]
	select {
	case <-ended:
		return false
	default:
		return left
	}
}

// restartError says that the restart command did not bring the server back.
type restartError struct {
	action plan.Restart
	err    error
}

func (e *restartError) Error() string { return e.err.Error() }
func (e *restartError) Unwrap() error { return e.err }

// Hint is what a person can do. The logs stay where they are: what a server writes there may be nobody else's business.
func (e *restartError) Hint() string {
	if e.action.Unit != "" {
		return fmt.Sprintf("look at the error log of %s, and on its host at: %s", e.action.Server, shell.Words("journalctl", "-n", "50", "-u", e.action.Unit))
	}
	return fmt.Sprintf("look at the error log of %s, and whether its host restarts it by: %s", e.action.Server, e.action.Command)
}

// pendingError says that what was begun may still have its effect, whatever is done meanwhile: a restart cuts everybody whenever it comes.
type pendingError struct{ err error }

func (e *pendingError) Error() string { return e.err.Error() }
func (e *pendingError) Unwrap() error { return e.err }

// Pending is true: what is seen now may still change.
func (e *pendingError) Pending() bool { return true }

func isExit(err error) bool {
	var exit *remote.ExitError
	return errors.As(err, &exit)
}

// start is what tells one start of a server from another, and from that of another server.
type start struct {
	up      bool // somebody answers
	id      facts.Value[facts.StartID]
	dataDir string // empty where nobody answers
}

func (x *Executor) startOf(ctx context.Context, server topology.ServerName) start {
	return startIn(x.observer.Observe(ctx, facts.Look{server: facts.PartInstance | facts.PartProcess}).Server(server))
}

func startIn(seen facts.Server) start {
	instance, up := seen.Instance.Get()
	s := start{up: up, id: facts.As[facts.StartID](seen.Process), dataDir: instance.DataDir}
	if p, ok := seen.Process.Get(); ok {
		s.id = facts.Known(p.Start)
	}
	return s
}

func (x *Executor) awaitStart(ctx context.Context, server topology.ServerName, before start) error {
	const poll, lastLook = 20 * time.Millisecond, 10 * time.Second
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		if now := x.startOf(ctx, server); now.isNew(before) {
			return now.sameData(server, before)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done(): // the look that was cut off tells nothing
			within, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
			defer cancel()
			return judgeStart(server, before, x.observer.Observe(within, facts.Look{server: facts.PartInstance | facts.PartProcess}).Server(server))
		}
	}
}

// isNew says that somebody answers who did not before.
func (s start) isNew(before start) bool { return s.up && s.isAfter(before) }

// isAfter: a server that was down before has no former start, so any is new.
func (s start) isAfter(before start) bool {
	id, ok := s.id.Get()
	former, had := before.id.Get()
	return ok && (!had || id != former)
}

// sameData is an error where another server than before has come up in its place.
func (s start) sameData(server topology.ServerName, before start) error {
	if before.dataDir == "" || s.dataDir == before.dataDir {
		return nil
	}
	return fmt.Errorf("%s: another server answers after the restart: its data folder is %s, and was %s", server, s.dataDir, before.dataDir)
}

func judgeStart(server topology.ServerName, before start, seen facts.Server) error {
	now := startIn(seen)
	switch {
	case !now.up:
		return fmt.Errorf("%s: it does not answer after the restart: %s", server, seen.Instance.Why())
	case !now.id.IsKnown():
		return fmt.Errorf("%s: whether it was restarted is not known: %s", server, now.id.Why())
	case now.isAfter(before):
		return now.sameData(server, before)
	}
	return fmt.Errorf("%s: the restart command has not restarted it yet: it is still the same process", server)
}

func (x *Executor) reloadTLS(ctx context.Context, a plan.ReloadTLS, note func(event.Event) error) error {
	d, err := x.dialect(ctx, a.Server)
	if err != nil {
		return err
	}
	return queuedAtDeadline(ctx, x.exec(ctx, a.Server, note, d.ReloadTLS()))
}

// queuedError says that a server has not answered whether it has read its files. It may do so yet, and not be told otherwise: then it reads those
// that stand there by then. So this is no [pendingError]: where the former files and settings are back, a late reload reads these.
type queuedError struct{ err error }

func (e *queuedError) Error() string {
	return e.err.Error() + "; the server may do it yet, and reads what stands there then"
}

func (e *queuedError) Unwrap() error { return e.err }

func queuedAtDeadline(ctx context.Context, err error) error {
	var unsent *unsentError
	if err == nil || ctx.Err() == nil || errors.As(err, &unsent) {
		return err
	}
	return &queuedError{err}
}
