package plan_test

import (
	"slices"
	"testing"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestARequirementThatADeadRunDidNotDate: the run died after the rows were altered and before it dated that by a connection that came after it. A
// receiver that logged in between has a greater id than the first date, and may have met no requirement.
func TestARequirementThatADeadRunDidNotDate(t *testing.T) {
	last, first := world.Cluster("db1", "db2", "db3"), world.Cluster("db1", "db2", "db3")
	first.TLS.Verify, first.Policy.Enforce = topology.VerifyChain, topology.EnforceFirst // the proof of a channel is the age of its login
	t.Run("enforce last", func(t *testing.T) { undated(t, last, "rehearse") })
	t.Run("enforce first", func(t *testing.T) { undated(t, first, "change") })
}

func undated(t *testing.T, c topology.Cluster, again string) {
	t.Helper()
	s := securedSite(t, c)
	mark := s.ledger.Marks().Requirements["db1"]
	none := facts.Requirement{Kind: facts.RequireNone}
	for _, e := range []event.Event{
		event.FoundRequirement("db1", "%", none), event.RequirementDated{Server: "db1", Connection: 1, Start: mark.Start, Provisional: true},
	} {
		if err := s.note(e); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range []plan.Link{linkTo("db2"), linkTo("db3")} {
		if proof := plan.Prove(s.facts(), l); proof.Level == plan.Enforced {
			t.Errorf("%s: %+v", l.Channel, proof)
		}
	}
	p := s.build()
	var ids []string
	for _, step := range p.Steps {
		ids = append(ids, step.ID)
		if require, ok := step.Actions[0].(plan.Require); ok && (!require.Raises() || require.KeepsTLS() || !require.Rows[0].Former.Same(none)) {
			t.Errorf("it is not done anew: %+v", require)
		}
	}
	for _, id := range []string{"require/db1", again + "/db2", again + "/db3"} {
		if !slices.Contains(ids, id) {
			t.Errorf("no step %s in %v", id, ids)
		}
	}
	logins := threadIDs(s)
	s.mustApply(t)
	if s.ledger.Marks().Requirements["db1"].Provisional {
		t.Error("it is still not dated")
	}
	for name, id := range threadIDs(s) {
		if id <= logins[name] {
			t.Errorf("%s has not logged in again", name)
		}
	}
	if p := s.build(); len(p.Steps)+len(p.Blocked) > 0 {
		t.Errorf("a second plan: %+v", p)
	}
	if report := s.report(); !report.OK {
		t.Errorf("%+v", report.Problems)
	}
}

// threadIDs are the connection ids of the dump threads, by their replicas.
func threadIDs(s *site) map[topology.ServerName]uint64 {
	ids, f := map[topology.ServerName]uint64{}, s.facts()
	for _, name := range []topology.ServerName{"db2", "db3"} {
		thread, _ := linkTo(name).DumpThread(f).Get()
		ids[name] = thread.ID
	}
	return ids
}
