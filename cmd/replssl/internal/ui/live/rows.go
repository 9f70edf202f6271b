package live

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// state is how a row stands, the most urgent first.
type state uint8

const (
	failed state = iota
	held
	working
	waiting
	notBegun
	finished
	idle // nothing is planned for it
)

// mark says what a row is to the others.
type mark uint8

const (
	none mark = iota
	primary
	canary
	gate // a step that the servers below wait for
)

// row is one line of the tree before it is cut to a width.
type row struct {
	mark    mark
	state   state
	track   []state // of its steps, in the plan's order
	step    string  // what kind of step the text is about; empty where that says nothing
	text    string
	elapsed time.Duration
}

// node is a server with its rows, the first of which bears its name, and the replicas below it.
type node struct {
	name     string
	rows     []row
	above    *node
	replicas []*node
}

// roots are the machine here, where something is planned for it, and the primary.
func (s *Scene) roots(now time.Time) []*node {
	roots := []*node{}
	if steps := s.of[plan.Here]; len(steps) > 0 {
		roots = append(roots, &node{name: plan.TargetName(plan.Here), rows: []row{s.row(none, steps, now)}})
	}
	return append(roots, s.node(s.cluster.Primary(), nil, now))
}

func (s *Scene) node(server topology.Server, above *node, now time.Time) *node {
	n := &node{name: clean(string(server.Name)), above: above}
	below := s.cluster.ReplicasOf(server.Name)
	own, gates := s.of[server.Name], []plan.Step(nil)
	if len(below) > 0 {
		own, gates = splitGates(own)
	}
	n.rows = append(n.rows, s.row(s.markOf(server, above), own, now))
	for _, step := range gates {
		n.rows = append(n.rows, s.row(gate, []plan.Step{step}, now))
	}
	for _, replica := range below {
		n.replicas = append(n.replicas, s.node(replica, n, now))
	}
	return n
}

func (s *Scene) markOf(server topology.Server, above *node) mark {
	switch {
	case above == nil:
		return primary
	case s.canaries[server.Name]:
		return canary
	}
	return none
}

// splitGates takes out the steps of a source that the replicas below it wait for.
func splitGates(steps []plan.Step) (own, gates []plan.Step) {
	for _, step := range steps {
		if kind := kindOf(step.ID); kind == "serve" || kind == "require" {
			gates = append(gates, step)
		} else {
			own = append(own, step)
		}
	}
	return own, gates
}

// row tells of some steps what matters most.
func (s *Scene) row(m mark, steps []plan.Step, now time.Time) row {
	r := row{mark: m, state: idle, text: "nothing to do"}
	if len(steps) == 0 {
		return r
	}
	var leading plan.Step
	for _, step := range steps {
		st := s.stateOf(step)
		r.track = append(r.track, st)
		if st < r.state {
			r.state, leading = st, step
		}
	}
	r.text = s.tell(leading, r.state)
	if m == gate || r.state <= working || r.state == notBegun {
		r.step = kindOf(leading.ID)
	}
	r.elapsed = s.spent(r.state, leading, steps, now)
	return r
}

// spent is the time that a row shows: of the step that is under way or failed, or of all that are done.
func (s *Scene) spent(st state, leading plan.Step, steps []plan.Step, now time.Time) time.Duration {
	switch st {
	case failed:
		return s.step(leading.ID).took
	case held, working:
		return max(0, now.Sub(s.step(leading.ID).since)).Truncate(time.Second)
	case finished:
		sum := time.Duration(0)
		for _, step := range steps {
			sum += s.step(step.ID).took
		}
		return sum
	case waiting, notBegun, idle:
	}
	return 0
}

func (s *Scene) stateOf(step plan.Step) state {
	p := s.step(step.ID)
	switch p.status {
	case plan.Done:
		return finished
	case plan.Failed:
		return failed
	case plan.Skipped:
		return notBegun
	case plan.Underway:
		if p.held != "" {
			return held
		}
		return working
	case plan.Pending:
		if s.outcome != "" || s.stopping && !step.Urgent {
			return notBegun
		}
	}
	return waiting
}

func (s *Scene) tell(step plan.Step, st state) string {
	p := s.step(step.ID)
	switch st {
	case failed:
		return p.why
	case held:
		return "held: " + p.held
	case working:
		return p.doing()
	case waiting:
		return "waiting for " + s.awaited(step)
	case notBegun:
		return "not begun: " + s.whyNotBegun(p)
	case finished, idle:
	}
	return "done"
}

func (s *Scene) whyNotBegun(p *progress) string {
	switch {
	case p.why != "":
		return p.why
	case s.outcome != "":
		return "the run was interrupted"
	}
	return "the run stops"
}

// awaited is what a step needs and is not there yet: the first of the gates and canaries, which many wait for, else the first of all.
// The requirement waits for everybody.
func (s *Scene) awaited(step plan.Step) string {
	missing := s.missing(step)
	switch {
	case len(missing) == 0:
		return fmt.Sprintf("a free place (%d steps at a time)", s.plan.Parallel)
	case kindOf(step.ID) == "require":
		return s.crowd(missing)
	}
	for _, need := range missing {
		if name := s.famous(need); name != "" {
			return name
		}
	}
	return clean(missing[0].ID)
}

// crowd names the servers of steps, or counts them.
func (s *Scene) crowd(steps []plan.Step) string {
	var names []string
	for _, step := range steps {
		if name := clean(plan.TargetName(serverOf(step))); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 2 {
		return fmt.Sprintf("%d of %d servers", len(names), len(s.cluster.Servers))
	}
	return strings.Join(names, " and ")
}

// missing are the steps that a step needs and that are not done, in the plan's order.
func (s *Scene) missing(step plan.Step) []plan.Step {
	var missing []plan.Step
	for _, id := range step.Needs {
		if place, ok := s.places[id]; ok && s.step(id).status != plan.Done {
			missing = append(missing, s.plan.Steps[place])
		}
	}
	slices.SortFunc(missing, func(a, b plan.Step) int { return s.places[a.ID] - s.places[b.ID] })
	return missing
}

// famous names a gate or the step of a canary.
func (s *Scene) famous(step plan.Step) string {
	switch kind := kindOf(step.ID); {
	case s.canaries[step.Target] && (kind == "change" || kind == "rehearse"):
		return "the canary " + clean(string(step.Target))
	case kind == "serve" || kind == "require":
		return "the gate " + clean(step.ID)
	}
	return ""
}
