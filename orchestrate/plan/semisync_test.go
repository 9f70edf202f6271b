package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// acknowledged is a cluster in which commits on db1 wait for so many acknowledgements, which its replicas give.
func acknowledged(needs int, replicas ...topology.ServerName) *site {
	s := newSite(world.Cluster("db1", replicas...))
	s.With("db1", func(w *world.Settings) {
		w.SemiSync(facts.SemiSync{Waits: true, Needs: needs, Clients: len(replicas), Timeout: 10 * time.Second})
	})
	for _, name := range replicas {
		s.With(name, func(w *world.Settings) { w.SemiSync(facts.SemiSync{Needs: 1, Acknowledges: true}) })
	}
	return s
}

func warnings(p plan.Plan) string {
	var texts []string
	for _, w := range p.Warnings {
		texts = append(texts, string(w.Target)+": "+w.Text)
	}
	return strings.Join(texts, "\n")
}

// TestCommitsThatWaitAreToldBefore the last receiver that acknowledges them pauses.
func TestCommitsThatWaitAreToldBefore(t *testing.T) {
	s := acknowledged(1, "db2")
	p := s.build()
	if !strings.Contains(warnings(p), "db1: commits wait for an acknowledgement, which 1 receivers give: they wait up to 10s") {
		t.Errorf("warnings: %s", warnings(p))
	}
	step := mustStep(t, p, "change/db2")
	if !strings.Contains(step.Impact, "commits on db1 wait meanwhile, up to 10s: they need the acknowledgement of db2") {
		t.Errorf("impact: %s", step.Impact)
	}
	f := s.facts()
	if g := (plan.Acknowledges{Link: linkTo("db2")}); !strings.Contains(step.Goal.String(), g.String()) || !g.Holds(f).Holds() {
		t.Errorf("goal: %s; %s", step.Goal, g.Holds(f))
	}
	s.mustApply(t)
}

func TestCommitsThatWaitForMany(t *testing.T) {
	for name, c := range map[string]struct {
		needs, parallel int
		want            string
	}{
		"more than are left":             {3, 1, "commits wait for 3 acknowledgements, which 3 receivers give: they wait up to 10s whenever one of these pauses"},
		"more than are left of parallel": {2, 10, "up to 3 of these pause at the same time: then they wait up to 10s; policy.parallel: 1 in the inventory keeps enough of them"},
		"enough":                         {2, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := acknowledged(c.needs, "db2", "db3", "db4")
			s.cluster.Policy.Parallel = c.parallel
			got := warnings(s.build())
			if !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAcknowledges(t *testing.T) {
	s := acknowledged(1, "db2")
	whole := s.facts()
	goal := plan.Acknowledges{Link: linkTo("db2")}
	seen := func(semi facts.Value[facts.SemiSync]) func(facts.Facts) facts.Facts {
		return func(f facts.Facts) facts.Facts { return edit(f, "db2", func(s *facts.Server) { s.SemiSync = semi }) }
	}
	for _, j := range []judgement{
		{"it does", goal, nil, "holds", ""},
		{"it does not", goal, seen(facts.Known(facts.SemiSync{})), "fails", "does not acknowledge"},
		{"it could not", goal, seen(facts.Absent[facts.SemiSync]()), "fails", "does not acknowledge"},
		{"it was not seen", goal, seen(facts.Unknown[facts.SemiSync]("gone away")), "unclear", "gone away"},
	} {
		t.Run(j.name, func(t *testing.T) { j.check(t, whole) })
	}
	if f := s.Observe(t.Context(), goal.Look()); !goal.Holds(f).Holds() {
		t.Errorf("it does not hold of its own look: %s", goal.Holds(f))
	}
}

// TestNobodyIsToldOfCommitsThatDoNotWait: the source has given it up, or the replica never acknowledged.
func TestNobodyIsToldOfCommitsThatDoNotWait(t *testing.T) {
	given := acknowledged(1, "db2")
	given.With("db1", func(w *world.Settings) { w.SemiSync(facts.SemiSync{Needs: 1, Timeout: time.Second}) })
	other := acknowledged(1, "db2")
	other.With("db2", func(w *world.Settings) { w.SemiSync(facts.SemiSync{Needs: 1}) })
	for _, s := range []*site{given, other} {
		if p := s.build(); len(p.Warnings) > 0 || strings.Contains(mustStep(t, p, "change/db2").Impact, "commits") {
			t.Errorf("warnings: %s", warnings(p))
		}
	}
}
