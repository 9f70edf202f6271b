package plan_test

import (
	"encoding/json"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestNothingElseIsRead: what is made of everything that can be seen is made of the look alone.
func TestNothingElseIsRead(t *testing.T) {
	chain := world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2")
	for name, w := range map[string]*world.World{"before": world.New(chain), "after": securedSite(t, chain).World} {
		c := w.Cluster()
		everything := facts.Look{}
		for _, s := range c.Servers {
			everything.Add(s.Name, facts.PartPlaintext<<1-1)
		}
		whole := w.Observe(t.Context(), everything)
		positions := map[topology.ServerName]facts.Position{}
		for what, pair := range map[string][2]any{
			"plan":                     {plan.Build(c, whole, plan.Options{}), plan.Build(c, w.Observe(t.Context(), plan.LookToPlan(c)), plan.Options{})},
			"report":                   {plan.Judge(c, whole, positions, nil), plan.Judge(c, w.Observe(t.Context(), plan.LookToJudge(c)), positions, nil)},
			"report of a plan's facts": {plan.Judge(c, whole, positions, nil), plan.Judge(c, withLogins(t, w), positions, nil)},
			"status":                   {status(c, whole), status(c, w.Observe(t.Context(), plan.LookToShow(c)))},
		} {
			if all, asked := text(t, pair[0]), text(t, pair[1]); all != asked {
				t.Errorf("%s, %s: of everything\n%s\nof its look\n%s", name, what, all, asked)
			}
		}
	}
}

func withLogins(t *testing.T, w *world.World) facts.Facts {
	t.Helper()
	f := w.Observe(t.Context(), plan.LookToPlan(w.Cluster()))
	for name, tried := range w.Observe(t.Context(), plan.LookToTry(w.Cluster())).Servers {
		seen := f.Servers[name]
		seen.Trials, seen.Plaintext = tried.Trials, tried.Plaintext
		f.Servers[name] = seen
	}
	return f
}

func status(c topology.Cluster, f facts.Facts) plan.StatusReport {
	return plan.StatusOf(c, f, plan.Build(c, f, plan.Options{}))
}

func text(t *testing.T, v any) string {
	t.Helper()
	printed, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(printed)
}
