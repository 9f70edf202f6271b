package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Step is one change with everything that makes it safe.
type Step struct {
	ID     string // stable across runs: kind/server[/channel]
	Title  string
	Target topology.ServerName
	Reason string
	Impact string // what a user of the servers notices; empty for nothing
	Needs  []string

	Goal     Condition
	Guards   []Guard
	Actions  []Action
	Deadline time.Duration // for the goal to hold after the last action

	// Undo takes the step back at a later time.
	Undo Undo

	// Rescue is what is done at once when an action fails or the goal does not come true in time; Rescued says that it worked.
	Rescue  []Action
	Rescued Condition

	// Urgent: the step puts back what an earlier step of the plan disturbed. It is begun also when the run was interrupted, or its
	// journal can no longer be kept: it may write nothing, as a rescue may.
	Urgent bool

	// Pauses are the channels that have a thread paused while the step is carried out.
	Pauses []facts.ChannelID

	// Rest is how long to wait before the step is looked at, once it may begin: between two waves.
	Rest time.Duration

	// Found are the thread states to keep in the journal before the first action, so that a crash cannot lose them.
	Found map[facts.ChannelID]facts.Threads
}

// Guard is a condition that must hold right before the actions.
type Guard struct {
	Condition Condition
	Patience  time.Duration // how long to wait for it
}

// Undo takes a step back by actions, or says why nothing can.
type Undo struct {
	Actions []Action
	Reason  string // why there are no actions
}

// Look is what the goal and the guards of a step read.
func (s Step) Look() facts.Look {
	look := facts.Look{}
	look.Merge(s.Goal.Look())
	for _, g := range s.Guards {
		look.Merge(g.Condition.Look())
	}
	return look
}

// Plan is the way from the facts to the desired state. A plan with blocked items must not be carried out.
type Plan struct {
	Cluster  string
	Steps    []Step // in an order in which they could be done one by one
	Blocked  []Blocked
	Warnings []Warning
	Parallel int // how many steps may run at a time
	Limits   []Limit
	Failures int // after so many failed steps no further one begins, but for urgent ones; 0: whatever fails

	// Left are the replicas that a scope leaves out, and that still have something to be done.
	Left []topology.ServerName

	// Phase is the one of a change of the authority that the plan carries out; [NoPhase] in any other plan. One without steps finds that
	// a run which died has done all of it.
	Phase Phase
}

// Blocked says why nothing may be done.
type Blocked struct {
	Target topology.ServerName `json:"target"`
	Why    string              `json:"why"`
	Hint   string              `json:"hint,omitempty"`
	Unseen bool                `json:"-"` // it could not be looked at
}

// problem is what blocks, as a report tells it.
func (b Blocked) problem() Problem {
	return Problem{Server: b.Target, Why: b.Why, Hint: b.Hint, Known: !b.Unseen}
}

// Warning is something that a person should know before saying yes.
type Warning struct {
	Target topology.ServerName `json:"target"`
	Text   string              `json:"text"`
}

// Step finds a step by its id.
func (p Plan) Step(id string) (Step, bool) {
	for _, s := range p.Steps {
		if s.ID == id {
			return s, true
		}
	}
	return Step{}, false
}

// Found are the thread states of one channel.
type Found struct {
	Channel facts.ChannelID
	Threads facts.Threads
}

// SortedThreads gives the states an order.
func SortedThreads(threads map[facts.ChannelID]facts.Threads) []Found {
	list := make([]Found, 0, len(threads))
	for id, t := range threads {
		list = append(list, Found{id, t})
	}
	slices.SortFunc(list, func(a, b Found) int { return strings.Compare(a.Channel.String(), b.Channel.String()) })
	return list
}
