package runbook

import (
	"fmt"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/templates"
)

// Render writes the plan as Markdown. The facts are those that the plan was built from.
//
// Blocks marked "sh" are to be run in their order by one bash; "sh take-back" undoes the step that it stands in, "sh ask" asks for a
// password, and "text" is what to expect. A blocked plan gives what blocks it, an empty one says that nothing is to be done.
func Render(p plan.Plan, c topology.Cluster, f facts.Facts) (string, error) {
	texts, err := templates.Load()
	if err != nil {
		return "", err
	}
	w := &writer{texts: texts, cluster: c, facts: f}
	doc, err := w.document(p)
	if err != nil {
		return "", fmt.Errorf("runbook of cluster %s: %w", c.Name, err)
	}
	return texts.Fill("runbook", doc)
}

// writer renders the parts of one runbook.
type writer struct {
	texts   templates.Texts
	cluster topology.Cluster
	facts   facts.Facts
}

// document is what the template "runbook" is filled in with.
type document struct {
	Cluster, Digest, At string
	Blocked             []blocked
	Warnings            []blocked
	Helpers             helpers
	Hosts               []host
	Steps               []step
	Verification        verification
}

type blocked struct{ Target, Why, Text, Hint string }

// helpers are the statements that the functions of every runbook use.
type helpers struct {
	Channels []channelsAsked // by what a server is asked for its channels
	Version  string
	Sudo     bool // some host is worked on by sudo
	Password bool // some administrator has a password
}

// channelsAsked is a statement with the functions of the servers that take it, as a pattern of the shell.
type channelsAsked struct{ Statement, Functions string }

type step struct {
	Number                int
	Title, Reason, Impact string
	Guards                []string
	Before                check // all guards at once
	Do                    string
	Goal                  check
	Back, NoBack          string
}

func (w *writer) document(p plan.Plan) (document, error) {
	doc := document{Cluster: w.cluster.Name, Digest: p.Digest(), At: w.facts.At.UTC().Format(time.DateTime) + " UTC"}
	for _, b := range p.Blocked {
		doc.Blocked = append(doc.Blocked, blocked{Target: plan.TargetName(b.Target), Why: b.Why, Hint: b.Hint})
	}
	for _, b := range p.Warnings {
		doc.Warnings = append(doc.Warnings, blocked{Target: plan.TargetName(b.Target), Text: b.Text})
	}
	if len(p.Blocked) > 0 || len(p.Steps) == 0 {
		return doc, nil
	}
	return w.steps(doc, p)
}

func (w *writer) steps(doc document, p plan.Plan) (document, error) {
	var err error
	if doc.Hosts, err = w.hosts(); err != nil {
		return doc, err
	}
	if doc.Helpers, err = w.helpers(); err != nil {
		return doc, err
	}
	for i, s := range p.Steps {
		rendered, err := w.step(s)
		if err != nil {
			return doc, fmt.Errorf("step %s: %w", s.ID, err)
		}
		rendered.Number = i + 1
		doc.Steps = append(doc.Steps, rendered)
	}
	doc.Verification, err = w.verification()
	return doc, err
}

func (w *writer) step(s plan.Step) (step, error) {
	out := step{Title: s.Title, Reason: s.Reason, Impact: s.Impact, NoBack: s.Undo.Reason}
	for _, g := range s.Guards {
		guard, err := w.check(g.Condition, g.Patience)
		if err != nil {
			return step{}, err
		}
		out.Guards = append(out.Guards, guard.Text)
		out.Before.Commands += guard.Commands
		out.Before.Shows += guard.Shows
	}
	var err error
	if out.Do, err = w.commands(s.Actions); err != nil {
		return step{}, err
	}
	if out.Goal, err = w.goal(s); err != nil {
		return step{}, err
	}
	out.Back, err = w.back(s.Undo.Actions)
	return out, err
}
