package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// trustMore puts a further authority into the own bundles of servers, whose certificates stay.
func (s *site) trustMore(authority string, servers ...topology.ServerName) {
	for _, name := range servers {
		s.Own(name, func(own *facts.Value[facts.Leaf]) {
			leaf, _ := own.Get()
			leaf.CA += authority
			*own = facts.Known(leaf)
		})
	}
}

// TestDeathBeforeTheReload: the server shows the right certificate, and has not read the authorities beside it.
func TestDeathBeforeTheReload(t *testing.T) {
	c := world.Cluster("db1", "db2")
	ownFiles(&c)
	s := securedSite(t, c)
	s.trustMore(otherAuthority(t).CA.Or(""), "db1")
	for _, action := range mustStep(t, s.build(), "files/db1").Actions {
		if _, reads := action.(plan.ReloadTLS); !reads {
			s.do(t, action)
		}
	}
	v := (plan.Serves{Server: "db1"}).Holds(s.facts())
	if !v.Fails() || !strings.Contains(v.Why(), "whether db1 has read certificate set 2 is not known: set 1 has the same certificate") || !strings.Contains(v.Hint(), "FLUSH LOCAL SSL") {
		t.Errorf("%v: %s", v, v.Hint())
	}
	if problems := s.report().Problems; len(problems) != 1 || problems[0].Why != v.Why() {
		t.Errorf("%v", problems)
	}
	step := mustStep(t, s.build(), "serve/db1")
	if !slices.Equal(step.Actions, []plan.Action{plan.ReloadTLS{Server: "db1"}}) {
		t.Errorf("%v", step.Actions)
	}
	s.mustApply(t)
	if again := s.build(); len(again.Steps)+len(again.Blocked) > 0 {
		t.Errorf("%v %v", ids(again), again.Blocked)
	}
	if problems := s.report().Problems; len(problems) > 0 {
		t.Errorf("%v", problems)
	}

	s.ledger = event.NewLedger(nil) // of another machine, which reads the set once and then knows
	mustStep(t, s.build(), "serve/db1")
	s.mustApply(t)
	if again := s.build(); len(again.Steps)+len(again.Blocked) > 0 {
		t.Errorf("%v %v", ids(again), again.Blocked)
	}
}
