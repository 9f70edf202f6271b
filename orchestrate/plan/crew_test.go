package plan_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// crew carries a plan out move by move, in any order that the plan allows: a move begins a step, looks at one guard, does one
// action, or looks at the goal. It does what an engine does, with nothing left to chance but the order, which pick chooses.
type crew struct {
	dies bool // the run has no end

	site   *site
	plan   plan.Plan
	pick   func(n int) int
	status map[string]plan.Status
	at     []*worker
	left   int // how many actions may still be done; negative: all
	moves  []string
	ended  []string // steps that are done, in the order of their end
	acted  map[string]bool
	fault  string
}

type worker struct {
	step   plan.Step
	guard  int // the next guard
	action int // the next action
	waits  bool
}

func inOrder(int) int { return 0 }

func newCrew(s *site, p plan.Plan, pick func(n int) int) *crew {
	return &crew{site: s, plan: p, pick: pick, status: map[string]plan.Status{}, left: -1, acted: map[string]bool{}}
}

// work goes on until every step is done, a step fails, or the crew dies of its count of actions.
func (c *crew) work() {
	for c.fault == "" && c.left != 0 {
		begin := c.plan.Next(c.status)
		ready := slices.Clone(c.at)
		if allWait(c.at) && len(begin) == 0 {
			c.settle()
			return
		}
		ready = slices.DeleteFunc(ready, func(w *worker) bool { return w.waits })
		if n := c.pick(len(begin) + len(ready)); n < len(ready) {
			c.move(ready[n])
		} else {
			c.begin(begin[n-len(ready)])
		}
	}
}

func allWait(at []*worker) bool {
	return !slices.ContainsFunc(at, func(w *worker) bool { return !w.waits })
}

// settle is reached when nothing more can be done: then every goal holds, or one never will.
func (c *crew) settle() {
	switch {
	case len(c.at) > 0:
		w := c.at[0]
		c.fault = fmt.Sprintf("%s: the goal is not reached: %s", w.step.ID, c.judge(w.step.Goal))
	case len(c.ended) != len(c.plan.Steps):
		c.fault = fmt.Sprintf("only these steps could begin: %v", c.ended)
	case !c.dies:
		c.site.ledger.Read(event.RunEnded{Outcome: event.Succeeded})
	}
}

func (c *crew) judge(condition plan.Condition) plan.Verdict {
	f := c.site.Observe(context.Background(), condition.Look())
	f.Marks = c.site.ledger.Marks()
	return condition.Holds(f)
}

func (c *crew) begin(step plan.Step) {
	c.tell("begin %s", step.ID)
	w := &worker{step: step}
	c.status[step.ID] = plan.Underway
	c.at = append(c.at, w)
	c.checkFleet(step)
	if c.judge(step.Goal).Holds() {
		c.end(w)
	}
}

func (c *crew) move(w *worker) {
	switch {
	case w.guard < len(w.step.Guards):
		guard := w.step.Guards[w.guard].Condition
		w.guard++
		if v := c.judge(guard); !v.Holds() {
			c.fault = fmt.Sprintf("%s: not begun: %s", w.step.ID, v)
		}
	case w.action < len(w.step.Actions):
		c.act(w)
	case c.judge(w.step.Goal).Holds():
		c.end(w)
	default:
		w.waits = true // what another step is about to do may be missing
	}
}

func (c *crew) act(w *worker) {
	if w.action == 0 {
		c.acted[w.step.ID] = true
		for _, found := range plan.SortedThreads(w.step.Found) {
			c.site.interrupted(w.step.ID, found.Channel, found.Threads)
		}
	}
	action := w.step.Actions[w.action]
	w.action++
	c.left--
	c.tell("%s: %s", w.step.ID, action)
	could := c.couldReconnect()
	if err := c.site.Do(context.Background(), action, c.site.note); err != nil {
		c.fault = fmt.Sprintf("%s: %s: %v", w.step.ID, action, err)
	}
	c.seeReconnects(action, could)
	c.wake()
}

// seeReconnects: a receiver that is connected, checks its source and could connect again still could, whatever was just done, unless a step
// that changes its own channel is under way.
func (c *crew) seeReconnects(done plan.Action, could map[facts.ChannelID]bool) {
	for id, err := range c.reconnects() {
		moves := slices.ContainsFunc(c.at, func(w *worker) bool { return changesOptions(w.step, id) })
		if err != nil && could[id] && !moves && c.fault == "" {
			c.fault = fmt.Sprintf("after %q the receiver of %s could not connect again: %v", done, id, err)
		}
	}
}

// reconnects tells of each connected receiver whether it could connect again.
func (c *crew) reconnects() map[facts.ChannelID]error {
	found := map[facts.ChannelID]error{}
	for _, server := range c.site.cluster.Replicas() {
		f := c.site.Observe(context.Background(), facts.Look{server.Name: facts.PartChannels})
		if id := channelOf(server.Name); channelIn(f, id).Receiver == facts.Yes {
			found[id] = c.site.Reconnects(id)
		}
	}
	return found
}

func (c *crew) couldReconnect() map[facts.ChannelID]bool {
	could := map[facts.ChannelID]bool{}
	for id, err := range c.reconnects() {
		could[id] = err == nil
	}
	return could
}

func changesOptions(step plan.Step, id facts.ChannelID) bool {
	return slices.ContainsFunc(step.Actions, func(a plan.Action) bool { change, ok := a.(plan.ChangeTLS); return ok && change.Channel == id })
}

func (c *crew) end(w *worker) {
	c.tell("end %s", w.step.ID)
	c.site.ledger.Read(event.StepDone{Step: w.step.ID})
	c.status[w.step.ID] = plan.Done
	c.ended = append(c.ended, w.step.ID)
	c.at = slices.DeleteFunc(c.at, func(other *worker) bool { return other == w })
	c.wake()
}

// wake lets those that wait for their goal look again.
func (c *crew) wake() {
	for _, w := range c.at {
		w.waits = false
	}
}

func (c *crew) tell(format string, args ...any) {
	c.moves = append(c.moves, fmt.Sprintf(format, args...))
}

func (c *crew) story() string { return "  " + strings.Join(c.moves, "\n  ") }

// undo takes back every step that acted, the last one that ended first.
func (c *crew) undo() error {
	for _, id := range slices.Backward(c.ended) {
		step, _ := c.plan.Step(id)
		if !c.acted[id] {
			continue
		}
		for _, action := range step.Undo.Actions {
			c.tell("undo %s: %s", id, action)
			if err := c.site.Do(context.Background(), action, c.site.note); err != nil {
				return fmt.Errorf("undo %s: %s: %w", id, action, err)
			}
		}
	}
	return nil
}

func channelIn(f facts.Facts, id facts.ChannelID) facts.Channel {
	return f.Channel(id).Or(facts.Channel{})
}
