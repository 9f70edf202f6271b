package live

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Scene is what the live view shows: the cluster, and how far each step of the plan has come. It reads events and is drawn as lines; it
// does no IO, and the time of drawing is an argument.
type Scene struct {
	cluster topology.Cluster
	plan    plan.Plan
	digest  string
	signs   Signs

	canaries map[topology.ServerName]bool
	places   map[string]int                      // of the steps in the plan
	of       map[topology.ServerName][]plan.Step // those of each server
	steps    map[string]*progress
	failures []event.StepFailed
	began    time.Time
	ended    time.Time
	outcome  event.Outcome // empty while the run goes on
	stopping bool
}

// progress is how far one step has come.
type progress struct {
	status  plan.Status
	actions []string // under way: several may be sent together
	then    string   // what goes on when they are done
	held    string   // which guard it waits for
	why     string   // it failed or was not begun
	since   time.Time
	took    time.Duration
}

// NewScene shows a plan of which nothing has begun yet.
func NewScene(cluster topology.Cluster, p plan.Plan, signs Signs) *Scene {
	s := &Scene{
		cluster: cluster, plan: p, digest: p.Digest(), signs: signs, canaries: canaries(p),
		places: map[string]int{}, of: map[topology.ServerName][]plan.Step{}, steps: map[string]*progress{},
	}
	for i, step := range p.Steps {
		s.places[step.ID] = i
		s.steps[step.ID] = &progress{}
		s.of[serverOf(step)] = append(s.of[serverOf(step)], step)
	}
	return s
}

// Read takes one more event in.
func (s *Scene) Read(r event.Record) {
	switch e := r.Event.(type) {
	case event.RunBegan:
		s.began = r.At
	case event.StepBegan:
		*s.step(e.Step) = progress{status: plan.Underway, since: r.At}
	case event.StepHeld:
		s.step(e.Step).held = clean(e.Why)
	case event.ActionIntended:
		s.step(e.Step).begin(wayBack(e.Rescue) + clean(e.Action))
	case event.ActionDone:
		s.step(e.Step).end(wayBack(e.Rescue)+clean(e.Action), "looking at what came of it")
	case event.ActionFailed:
		s.step(e.Step).end(wayBack(e.Rescue)+clean(e.Action), "failed: "+clean(e.Error))
	case event.StepDone:
		s.settle(e.Step, plan.Done, "", r.At)
	case event.StepFailed:
		s.failures = append(s.failures, e)
		s.settle(e.Step, plan.Failed, failureInBrief(e), r.At)
	case event.StepSkipped:
		s.settle(e.Step, plan.Skipped, e.Why, r.At)
	case event.Stopping:
		s.stopping = true
	case event.RunEnded:
		s.end(e, r.At)
	case event.ThreadsFound, event.Statement, event.RequirementFound, event.PathsFound, event.RequirementDated,
		event.RequirementLifted, event.RequirementRestored, event.SetRead, event.CommandLeft:
	}
}

// step is the progress of a step; one that is not in the plan is read into nothing.
func (s *Scene) step(id string) *progress {
	if p := s.steps[id]; p != nil {
		return p
	}
	return &progress{}
}

func (p *progress) begin(action string) {
	p.held = ""
	p.actions = append(p.actions, action)
}

// end takes an action from those that are under way, and says what goes on when there is none left.
func (p *progress) end(action, then string) {
	if i := slices.Index(p.actions, action); i >= 0 {
		p.actions = slices.Delete(p.actions, i, i+1)
	}
	p.then = then
}

// doing is what goes on right now.
func (p *progress) doing() string {
	if len(p.actions) > 0 {
		return strings.Join(p.actions, "; ")
	}
	return cmp.Or(p.then, "looking")
}

func (s *Scene) settle(id string, status plan.Status, why string, at time.Time) {
	p := s.step(id)
	if p.status == plan.Underway {
		p.took = at.Sub(p.since)
	}
	p.status, p.why = status, clean(why)
}

// end puts back the steps that an interrupt met before their first action: nothing tells of them.
func (s *Scene) end(e event.RunEnded, at time.Time) {
	s.outcome, s.ended = e.Outcome, at
	for _, p := range s.steps {
		if p.status == plan.Underway {
			*p = progress{}
		}
	}
}

func wayBack(rescue bool) string {
	if rescue {
		return "taking back: "
	}
	return ""
}

func failureInBrief(e event.StepFailed) string {
	text := "FAILED: " + e.Error
	if e.Rescued != event.NotNeeded {
		text = "FAILED, " + string(e.Rescued) + ": " + e.Error
	}
	return text
}

// elapsed is how long the run has taken.
func (s *Scene) elapsed(now time.Time) time.Duration {
	switch {
	case s.began.IsZero():
		return 0
	case s.outcome != "":
		return max(0, s.ended.Sub(s.began))
	}
	return max(0, now.Sub(s.began)).Truncate(time.Second)
}

func (s *Scene) count(status plan.Status) int {
	count := 0
	for _, p := range s.steps {
		if p.status == status {
			count++
		}
	}
	return count
}

// canaries are the servers whose step others of its kind wait for.
func canaries(p plan.Plan) map[topology.ServerName]bool {
	found := map[topology.ServerName]bool{}
	for _, step := range p.Steps {
		for _, id := range step.Needs {
			need, _ := p.Step(id)
			if kind := kindOf(id); kind == kindOf(step.ID) && (kind == "change" || kind == "rehearse") {
				found[need.Target] = true
			}
		}
	}
	return found
}

// kindOf is what an id begins with: kind/server[/channel].
func kindOf(id string) string {
	kind, _, _ := strings.Cut(id, "/")
	return kind
}

// serverOf is the server that a step serves: a certificate is issued here, for the server of the id.
func serverOf(step plan.Step) topology.ServerName {
	if step.Target != plan.Here {
		return step.Target
	}
	_, name, _ := strings.Cut(step.ID, "/")
	return topology.ServerName(name)
}

// clean makes one line of a text that may hold whatever a server sent: what would steer the terminal is taken out.
func clean(text string) string {
	printable := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}
	return strings.Join(strings.Fields(strings.Map(printable, ansi.Strip(text))), " ")
}
