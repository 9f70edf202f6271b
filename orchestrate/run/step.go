package run

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/remote/plain"
)

// errInterrupted says that a step was left before its first action.
var errInterrupted = errors.New("interrupted")

// work brings one step to its end: done, failed and rescued, or left untouched when the run is interrupted before its first action.
func (r *runner) work(ctx context.Context, step plan.Step) result {
	began := r.Now()
	if step.Urgent {
		ctx = context.WithoutCancel(ctx)
	}
	if err := r.keep(step, event.StepBegan{Step: step.ID, Title: step.Title, Target: step.Target}); err != nil {
		return result{step, plan.Failed, err}
	}
	changed, err := r.rest(ctx, step)
	if err == nil {
		changed, err = r.reach(ctx, step)
	}
	switch failure := (*stepError)(nil); {
	case err == nil:
		done := event.StepDone{Step: step.ID, Unchanged: !changed, Took: r.Now().Sub(began)}
		return result{step, plan.Done, r.keep(step, done)}
	case errors.Is(err, errInterrupted):
		return result{step, plan.Pending, nil}
	case errors.As(err, &failure) && failure.touched:
		return result{step, plan.Failed, r.rescue(ctx, step, err)}
	}
	return result{step, plan.Failed, r.book.write(event.StepFailed{
		Step: step.ID, Target: step.Target, Error: inOneLine(err), Hint: hintOf(err), Rescued: event.NotNeeded,
	})}
}

// rest waits between two waves.
func (r *runner) rest(ctx context.Context, step plan.Step) (changed bool, err error) {
	if step.Rest == 0 {
		return false, nil
	}
	if err := r.keep(step, event.StepHeld{Step: step.ID, Why: "it rests " + plain.Duration(step.Rest) + " before this wave"}); err != nil {
		return false, err
	}
	over := time.NewTimer(step.Rest)
	defer over.Stop()
	select {
	case <-over.C:
		return false, nil
	case <-ctx.Done():
		return false, errInterrupted
	}
}

// keep writes events of a step. An urgent step goes on without.
func (r *runner) keep(step plan.Step, events ...event.Event) error {
	err := r.book.write(events...)
	if step.Urgent {
		return nil
	}
	return err
}

// stepError is a failure of a step; touched says that an action was begun.
type stepError struct {
	touched bool
	hint    string
	err     error
}

func (e *stepError) Error() string { return e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }
func (e *stepError) Hint() string  { return e.hint }

// hintOf is what the error, or the first in its tree that has something to say, tells a person to do.
func hintOf(err error) string {
	if with, ok := err.(interface{ Hint() string }); ok && with.Hint() != "" {
		return with.Hint()
	}
	switch wrapped := err.(type) { //nolint:errorlint // this walks the tree itself
	case interface{ Unwrap() error }:
		return hintOf(wrapped.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range wrapped.Unwrap() {
			if hint := hintOf(inner); hint != "" {
				return hint
			}
		}
	}
	return ""
}

// reach makes the goal of the step true, unless it is true already. One look serves the goal and the guards: right before the action,
// and as few waits as can be.
func (r *runner) reach(ctx context.Context, step plan.Step) (changed bool, err error) {
	f, holds := r.lookBefore(ctx, step)
	if holds {
		return false, nil
	}
	for _, guard := range step.Guards {
		if err := r.pass(ctx, step, guard, guard.Condition.Holds(f)); err != nil {
			return false, err
		}
	}
	if ctx.Err() != nil {
		return false, errInterrupted
	}
	ctx = context.WithoutCancel(ctx) // what is begun is brought to its end
	if begun, err := r.act(ctx, step); err != nil {
		return begun, &stepError{touched: begun, err: err}
	}
	if v := r.await(ctx, step.Goal, step.Deadline); !v.Holds() {
		return true, &stepError{touched: true, hint: r.causeOr(ctx, step.Goal, v.Hint()), err: fmt.Errorf("what was done did not work: %s", v.Why())}
	}
	return true, nil
}

// causeOr is the cause of the error that a channel of the goal is left with, before anything is taken back; else the hint.
func (r *runner) causeOr(ctx context.Context, goal plan.Condition, hint string) string {
	link, ok := plan.LinkOf(goal)
	if !ok {
		return hint
	}
	ctx, cancel := context.WithTimeout(ctx, r.Pace.Action)
	defer cancel()
	if cause, found := plan.CauseOf(r.look(ctx, plan.LookForCause(link)), link); found {
		return cause.Hint()
	}
	return hint
}

// lookBefore looks at what the guards read and, of the goal, at no more than it takes to see that it does not hold.
func (r *runner) lookBefore(ctx context.Context, step plan.Step) (f facts.Facts, holds bool) {
	quick := plan.Quick(step.Goal)
	if quick == nil {
		f = r.look(ctx, step.Look())
		return f, step.Goal.Holds(f).Holds()
	}
	look := quick.Look()
	for _, guard := range step.Guards {
		look.Merge(guard.Condition.Look())
	}
	f = r.look(ctx, look)
	if !quick.Holds(f).Holds() {
		return f, false
	}
	if !look.Has(step.Goal.Look()) {
		f = r.look(ctx, step.Look())
	}
	return f, step.Goal.Holds(f).Holds()
}

// pass lets a step go on when the guard holds, and waits for one that is worth waiting for.
func (r *runner) pass(ctx context.Context, step plan.Step, guard plan.Guard, v plan.Verdict) error {
	if !v.Holds() && guard.Patience > 0 && ctx.Err() == nil {
		if err := r.keep(step, event.StepHeld{Step: step.ID, Why: v.Why()}); err != nil {
			return err
		}
		v = r.await(ctx, guard.Condition, guard.Patience)
	}
	switch {
	case v.Holds():
		return nil
	case ctx.Err() != nil:
		return errInterrupted
	}
	return &stepError{hint: v.Hint(), err: fmt.Errorf("not begun: %s", v.Why())}
}

// act carries the actions out. Each one's intent, and the thread states that a crash could lose, are on disk before it begins.
// Begun says that one of them was: without that there is nothing to take back.
func (r *runner) act(ctx context.Context, step plan.Step) (begun bool, err error) {
	if err := r.keepThreads(step); err != nil {
		return false, err
	}
	for _, batch := range plan.Batches(step.Actions) {
		_, did, err := r.do(ctx, step, batch, false)
		begun = begun || did
		if err != nil {
			return begun, err
		}
	}
	return begun, nil
}

func (r *runner) keepThreads(step plan.Step) error {
	var events []event.Event
	for _, found := range plan.SortedThreads(step.Found) {
		events = append(events, event.ThreadsFound{
			Step: step.ID, Server: found.Channel.Server, Channel: found.Channel.Name,
			Receiver: found.Threads.Receiver, Applier: found.Threads.Applier,
		})
	}
	return r.keep(step, events...)
}

// do carries a batch out when the intent of all of it is on disk.
func (r *runner) do(ctx context.Context, step plan.Step, batch []plan.Action, rescue bool) (done int, begun bool, err error) {
	must := rescue || step.Urgent // a replica is rescued, and woken, even where nothing can be written
	intents := make([]event.Event, len(batch))
	for i, action := range batch {
		intents[i] = intentOf(step, action, rescue)
	}
	if err := r.book.write(intents...); err != nil && !must {
		return 0, false, err
	}
	within := r.patience(batch)
	ctx, cancel := context.WithTimeoutCause(ctx, within, &plain.Late{Within: within})
	defer cancel()
	done, failure := r.Executor.DoAll(ctx, batch, r.noteFor(must))
	err = r.tellDone(step, batch, done, failure, rescue)
	switch {
	case failure != nil:
		return done, done > 0 || !isUnsent(failure), errors.Join(fmt.Errorf("%s: %w", failing(batch, done), failure), err)
	case must:
		return done, true, nil
	}
	return done, true, err
}

func intentOf(step plan.Step, action plan.Action, rescue bool) event.ActionIntended {
	intent := event.ActionIntended{Step: step.ID, Target: action.Target(), Action: action.String(), Rescue: rescue}
	if write, is := action.(plan.WriteConfig); is {
		intent.File = write.Path
	}
	if restart, is := action.(plan.Restart); is {
		intent.Command = restart.Again()
	}
	return intent
}

// isUnsent says that an action failed before anything of it left this machine, so that there is nothing to take back.
func isUnsent(err error) bool {
	var unsent interface{ Unsent() bool }
	return errors.As(err, &unsent) && unsent.Unsent()
}

// failing is the action that was not done, or the last one when that is not known.
func failing(batch []plan.Action, done int) plan.Action { return batch[min(done, len(batch)-1)] }

func (r *runner) tellDone(step plan.Step, batch []plan.Action, done int, failure error, rescue bool) error {
	var errs []error
	for _, action := range batch[:done] {
		errs = append(errs, r.book.write(event.ActionDone{Step: step.ID, Action: action.String(), Rescue: rescue}))
	}
	if failure != nil {
		failed := event.ActionFailed{Step: step.ID, Action: failing(batch, done).String(), Error: inOneLine(failure), Rescue: rescue}
		errs = append(errs, r.book.write(failed))
	}
	return errors.Join(errs...)
}

// patience is how long a batch may take: its actions follow each other.
func (r *runner) patience(batch []plan.Action) time.Duration {
	most := time.Duration(0)
	for _, action := range batch {
		switch action.(type) {
		case plan.Restart:
			most += r.Pace.Restart
		case plan.ReloadTLS:
			most += r.Pace.Reload
		default:
			most += r.Pace.Action
		}
	}
	return most
}

func (r *runner) noteFor(must bool) func(event.Event) error {
	if !must {
		return func(e event.Event) error { return r.book.write(e) }
	}
	return func(e event.Event) error {
		_ = r.book.write(e)
		return nil
	}
}

// rescue takes a failed step back at once, and says whether that was seen to work.
func (r *runner) rescue(ctx context.Context, step plan.Step, cause error) error {
	failed := event.StepFailed{Step: step.ID, Target: step.Target, Error: inOneLine(cause), Hint: hintOf(cause), Touched: true, Rescued: event.NotNeeded}
	if len(step.Rescue) > 0 {
		failed.Rescued = event.TakenBack
		if why := r.takeBack(context.WithoutCancel(ctx), step); why != "" {
			failed.Rescued = event.NotTakenBack
			failed.Error += "; taking it back: " + why
		}
	}
	return r.book.write(failed)
}

// takeBack does all rescue actions, also after one that fails: each brings the replica nearer to how it was.
func (r *runner) takeBack(ctx context.Context, step plan.Step) (why string) {
	var failures error
	for _, batch := range plan.Batches(step.Rescue) {
		failures = errors.Join(failures, r.rescueBy(ctx, step, batch))
	}
	v := r.await(ctx, step.Rescued, r.Pace.Rescue)
	switch pending := (interface{ Pending() bool })(nil); {
	case errors.As(failures, &pending) && pending.Pending(): // what is seen now may still change
		return inOneLine(failures)
	case v.Holds(): // what is seen counts: an action may fail for being done already
		return ""
	case failures != nil:
		return fmt.Sprintf("%s (%s)", v.Why(), inOneLine(failures))
	}
	return v.Why()
}

func inOneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// rescueBy sends a batch as one, so that a second death leaves nothing stopped. What is behind an action that fails is sent by itself.
func (r *runner) rescueBy(ctx context.Context, step plan.Step, batch []plan.Action) error {
	var failures error
	for len(batch) > 0 {
		done, _, err := r.do(ctx, step, batch, true)
		if err == nil {
			break
		}
		failures = errors.Join(failures, err)
		batch = batch[min(done+1, len(batch)):]
	}
	return failures
}

func (r *runner) look(ctx context.Context, look facts.Look) facts.Facts {
	f := r.Observer.Observe(ctx, look)
	f.Marks = r.book.marks()
	return f
}

// judge looks at what costs less first.
func (r *runner) judge(ctx context.Context, condition plan.Condition) plan.Verdict {
	if quick := plan.Quick(condition); quick != nil {
		if v := quick.Holds(r.look(ctx, quick.Look())); !v.Holds() {
			return v
		}
	}
	return condition.Holds(r.look(ctx, condition.Look()))
}

// await looks again and again until the condition holds, the time is over, or waiting is of no use.
func (r *runner) await(ctx context.Context, condition plan.Condition, most time.Duration) plan.Verdict {
	ctx, cancel := context.WithTimeoutCause(ctx, most, &plain.Late{Within: most})
	defer cancel()
	var hopeless time.Time
	var last plan.Verdict
	for wait := r.Pace.Poll; ; wait = min(2*wait, 10*r.Pace.Poll) {
		v := r.judge(ctx, condition)
		if ctx.Err() != nil && !v.Holds() && last.Why() != "" {
			return last // the look was cut off: what was seen before tells more
		}
		last = v
		switch {
		case v.Holds():
			return v
		case !v.Final():
			hopeless = time.Time{}
		case hopeless.IsZero():
			hopeless = r.Now()
		case r.Now().Sub(hopeless) >= r.Pace.Settle:
			return v
		}
		if !pause(ctx, wait) {
			return v
		}
	}
}

// pause waits, and says whether the context still lives.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
