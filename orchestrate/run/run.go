// Package run is the engine: it loops over what the plan says may begin, lets workers carry it out, and brings what was begun to its
// end.
//
// It decides nothing by itself: which step is next, whether a goal holds, and what rescues a failed step are the plan's.
package run

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// Observer looks at the world. What it could not look at is unknown in the facts, with the reason.
type Observer interface {
	Observe(ctx context.Context, look facts.Look) facts.Facts
}

// Executor carries out actions on one target, one after the other, up to the first that fails, and says how many are done. It notes what must
// be on disk before an effect.
type Executor interface {
	DoAll(ctx context.Context, batch []plan.Action, note func(event.Event) error) (done int, err error)
}

// Journal keeps events. Its methods are called by several goroutines at once.
type Journal interface {
	// Write puts an event behind all others; a process that is killed does not lose it.
	Write(e event.Event) (event.Record, error)

	// Sync returns when the event of that number, and all before it, are on the disk. After an error they count as not written.
	Sync(seq int) error
}

// Engine carries plans out.
type Engine struct {
	Observer Observer
	Executor Executor
	Journal  Journal
	Ledger   *event.Ledger      // of all events before this run
	Watch    func(event.Record) // told of every event, one at a time
	Pace     Pace
	Now      func() time.Time
}

// Pace bounds the waiting of an engine.
type Pace struct {
	Poll    time.Duration // between two looks while a condition is waited for, at first; it grows to ten times as much
	Settle  time.Duration // how long a verdict that waiting cannot help must stand before it is believed
	Action  time.Duration // for one action
	Restart time.Duration // for a restart: a server with a large buffer pool takes minutes to end and to begin
	Reload  time.Duration // for a reload: the server reads three files, but waits for handshakes under way, 10 s each by default (connect_timeout)
	Rescue  time.Duration // for a rescue to be seen to have worked
}

// DefaultPace suits real servers.
func DefaultPace() Pace {
	return Pace{
		Poll: 15 * time.Millisecond, Settle: time.Second, Action: 2 * time.Minute, Restart: 20 * time.Minute, Reload: 30 * time.Second,
		Rescue: 30 * time.Second,
	}
}

// Run carries a plan out. Once the context is cancelled no further step begins; the steps under way are brought to their end, since a
// replica must not be left with its threads stopped. An error says that the journal could not be kept; then, too, no further step begins.
func (e *Engine) Run(ctx context.Context, p plan.Plan, began event.RunBegan) (event.RunEnded, error) {
	r := &runner{Engine: e, plan: p, status: map[string]plan.Status{}, results: make(chan result), book: &book{engine: e}}
	if e.Watch != nil {
		r.book.audience = gather(e.Watch)
		defer r.book.audience.leave(e.Pace.Rescue)
	}
	if err := r.book.write(began); err != nil {
		return event.RunEnded{}, err
	}
	r.loop(ctx)
	ended := r.end()
	r.note(ended)
	return ended, r.broken
}

type runner struct {
	*Engine
	plan    plan.Plan
	status  map[string]plan.Status
	results chan result
	book    *book

	underway int
	failed   int
	stopped  bool
	broken   error // the journal could not be kept
}

type result struct {
	step   plan.Step
	status plan.Status
	err    error // of the journal
}

func (r *runner) loop(ctx context.Context) {
	cancelled := ctx.Done()
	for {
		r.begin(ctx, r.stopped || r.broken != nil || ctx.Err() != nil)
		if r.underway == 0 {
			break
		}
		select {
		case done := <-r.results:
			r.settle(done)
		case <-cancelled:
			cancelled = nil
			r.stop()
		}
	}
	r.stopped = r.stopped || ctx.Err() != nil
}

// begin lets workers do what may begin now; once the run is to end, only what puts back what it disturbed.
func (r *runner) begin(ctx context.Context, ending bool) {
	status := r.status
	if ending {
		status = r.withoutLeisure()
	}
	for _, step := range r.plan.Next(status) {
		r.status[step.ID] = plan.Underway
		r.underway++
		go func() { r.results <- r.work(ctx, step) }()
	}
}

// withoutLeisure are the statuses in which only urgent steps are left to begin.
func (r *runner) withoutLeisure() map[string]plan.Status {
	status := maps.Clone(r.status)
	for _, step := range r.plan.Steps {
		if status[step.ID] == plan.Pending && !step.Urgent {
			status[step.ID] = plan.Skipped
		}
	}
	return status
}

func (r *runner) settle(done result) {
	r.underway--
	r.status[done.step.ID] = done.status
	r.breaks(done.err)
	if done.status == plan.Done {
		return // nothing is lost by it
	}
	if done.status == plan.Failed {
		r.failed++
	}
	for _, step := range r.plan.Doomed(r.status) {
		r.status[step.ID] = plan.Skipped
		r.note(event.StepSkipped{Step: step.ID, Why: "it needs " + firstLost(step, r.status)})
	}
	r.stopAfterFailures()
}

// stopAfterFailures leaves nothing to begin, but what puts back what was disturbed, once more has failed than the plan puts up with.
func (r *runner) stopAfterFailures() {
	if r.plan.Failures == 0 || r.failed < r.plan.Failures {
		return
	}
	for _, step := range r.plan.Steps {
		if r.status[step.ID] == plan.Pending && !step.Urgent {
			r.status[step.ID] = plan.Skipped
			r.note(event.StepSkipped{Step: step.ID, Why: fmt.Sprintf("%s, and policy.max_failures is %d", failedSteps(r.failed), r.plan.Failures)})
		}
	}
}

func failedSteps(n int) string {
	if n == 1 {
		return "a step failed"
	}
	return fmt.Sprintf("%d steps failed", n)
}

// firstLost is the first step that a doomed one waits for in vain.
func firstLost(step plan.Step, status map[string]plan.Status) string {
	for _, need := range step.Needs {
		switch status[need] {
		case plan.Failed:
			return need + ", which failed"
		case plan.Skipped:
			return need + ", which was not begun"
		case plan.Pending, plan.Underway, plan.Done:
		}
	}
	return "a step that was not done"
}

func (r *runner) stop() {
	r.stopped = true
	var underway []string
	for _, step := range r.plan.Steps {
		if r.status[step.ID] == plan.Underway {
			underway = append(underway, step.ID)
		}
	}
	r.note(event.Stopping{Underway: underway})
}

// note writes what no effect waits for; a journal that fails ends the run.
func (r *runner) note(e event.Event) { r.breaks(r.book.write(e)) }

// breaks keeps the first error of the journal: the later ones are the same.
func (r *runner) breaks(err error) {
	if r.broken == nil {
		r.broken = err
	}
}

func (r *runner) end() event.RunEnded {
	count := map[plan.Status]int{}
	for _, step := range r.plan.Steps {
		count[r.status[step.ID]]++
	}
	ended := event.RunEnded{Outcome: event.Succeeded, Done: count[plan.Done], Failed: count[plan.Failed], Skipped: count[plan.Skipped]}
	switch {
	case ended.Done == len(r.plan.Steps):
	case r.stopped && count[plan.Pending] > 0:
		ended.Outcome = event.Interrupted
	default:
		ended.Outcome = event.Partly
	}
	return ended
}
