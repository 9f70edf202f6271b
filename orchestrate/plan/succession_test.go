package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// succeeding is a secured site, some time after, whose next plan is the next phase of a change of its authority.
func succeeding(t fataler, c topology.Cluster) *site {
	s := securedSite(t, c)
	s.Later(month)
	s.options.Succeed = true
	return s
}

// TestSuccession takes a cluster from one authority to another, phase by phase. Between two phases apply has nothing to do, all of it is proven, and
// every receiver could connect again.
func TestSuccession(t *testing.T) {
	for name, c := range map[string]topology.Cluster{
		"two replicas": world.Cluster("db1", "db2", "db3"),
		"a chain":      world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2"),
	} {
		t.Run(name, func(t *testing.T) {
			s := succeeding(t, c)
			former := s.quiet().Store.Or(facts.Store{}).Issuer
			for _, phase := range []plan.Phase{plan.PhaseTrust, plan.PhaseLeaves, plan.PhaseForget} {
				if got := plan.PhaseOf(c, s.quiet()); got != phase {
					t.Fatalf("it is %s, want %s", got, phase)
				}
				for _, step := range s.build().Steps {
					for _, action := range step.Actions {
						switch a := action.(type) {
						case plan.ChangeTLS, plan.Restart, plan.Require, plan.WriteConfig:
							t.Errorf("%s: %s", step.ID, a)
						case plan.StopThreads:
							if a.Threads.Applier {
								t.Errorf("%s: %s", step.ID, a)
							}
						}
					}
				}
				s.mustApply(t)
				rest(t, s)
				s.Later(24 * time.Hour)
			}
			store := s.quiet().Store.Or(facts.Store{})
			if store.Former != "" || store.Next != "" || store.CA.Or("") != store.Issuer || store.Issuer == former {
				t.Errorf("the local folder has %+v", store)
			}
			for _, server := range c.Servers {
				set, _ := s.quiet().Server(server.Name).TLSDir.Or(facts.TLSDir{}).CurrentSet()
				if set.CA != store.Issuer {
					t.Errorf("%s trusts something else", server.Name)
				}
			}
		})
	}
}

// rest asserts that a cluster may stay as it is for days.
func rest(t *testing.T, s *site) {
	t.Helper()
	if p := plan.Build(s.cluster, s.quiet(), plan.Options{}); len(p.Steps)+len(p.Blocked) > 0 {
		t.Errorf("between two phases apply has work: %v, %v", ids(p), p.Blocked)
	}
	if r := s.report(); !r.OK {
		t.Errorf("not proven: %v", r.Problems)
	}
	for _, l := range s.cluster.Replicas() {
		if err := s.Reconnects(channelOf(l.Name)); err != nil {
			t.Errorf("%s could not connect again: %v", l.Name, err)
		}
	}
	if v := s.Violations(); len(v) > 0 {
		t.Error(v)
	}
}

// TestALeafBetweenPhases: a certificate can be renewed while the next authority waits, by the one that issues, and is trusted.
func TestALeafBetweenPhases(t *testing.T) {
	s := succeeding(t, world.Cluster("db1", "db2"))
	for range 2 {
		s.mustApply(t)
		s.options = plan.Options{Renewal: plan.Renewal{Servers: []topology.ServerName{"db2"}}}
		s.Later(month)
		s.mustApply(t)
		rest(t, s)
		s.options = plan.Options{Succeed: true}
	}
}

// TestAServerThatIsDownHoldsThePhase, by name; what is done meanwhile is nothing.
func TestAServerThatIsDownHoldsThePhase(t *testing.T) {
	s := succeeding(t, world.Cluster("db1", "db2", "db3"))
	s.mustApply(t)
	s.With("db3", func(s *world.Settings) { s.Unreachable("no route to host") })
	p := s.build()
	if len(p.Steps) > 0 || !slices.ContainsFunc(p.Blocked, func(b plan.Blocked) bool { return b.Target == "db3" }) {
		t.Errorf("%v, %v", ids(p), p.Blocked)
	}
}

// TestApplyWhileAServerLacksTheNewAuthority says what goes on.
func TestApplyWhileAServerLacksTheNewAuthority(t *testing.T) {
	s := succeeding(t, world.Cluster("db1", "db2"))
	s.do(t, plan.PrepareAuthority{Cluster: "db1", Key: "ECDSA P-256"})
	p := plan.Build(s.cluster, s.quiet(), plan.Options{})
	if len(p.Steps) > 0 || len(p.Blocked) != 2 || !strings.Contains(p.Blocked[0].Hint, "replssl rotate ca") {
		t.Errorf("%v, %v", ids(p), p.Blocked)
	}
	s.mustApply(t)
	rest(t, s)
}
