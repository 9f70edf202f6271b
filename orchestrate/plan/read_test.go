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

// TestAuthorityChangesInThreeRuns: each run goes through, and the former authority is trusted no more when it is over. New certificates reach
// receivers only when their source has read the bundle of the same run.
func TestAuthorityChangesInThreeRuns(t *testing.T) {
	c := world.Cluster("db1", "db2")
	ownFiles(&c)
	s := securedSite(t, c)
	former := s.ownSets(c)
	s.NewOwnAuthority()
	next := s.ownSets(c)
	both := former["db1"].CA + next["db1"].CA
	for _, sets := range []struct {
		of map[topology.ServerName]facts.Leaf
		ca string
	}{{former, both}, {next, both}, {next, next["db1"].CA}} {
		for _, server := range c.Servers {
			leaf := sets.of[server.Name]
			leaf.CA = sets.ca
			s.Own(server.Name, func(own *facts.Value[facts.Leaf]) { *own = facts.Known(leaf) })
		}
		p := s.build()
		if !ancestors(p, "files/db2")["serve/db1"] {
			t.Errorf("files/db2 does not wait for serve/db1: %v", p.Steps)
		}
		s.mustApply(t)
		if err := s.Reconnects(channelOf("db2")); err != nil {
			t.Fatal(err)
		}
		if again := s.build(); len(again.Steps)+len(again.Blocked) > 0 {
			t.Errorf("%v %v", ids(again), again.Blocked)
		}
	}
	old := former["db2"]
	old.CA = both
	s.Own("db2", func(own *facts.Value[facts.Leaf]) { *own = facts.Known(old) })
	s.do(t, plan.InstallSet{Server: "db2", Version: 9, Given: old.Digest()}, plan.SwitchSet{Server: "db2", Version: 9})
	if err := s.Reconnects(channelOf("db2")); err == nil || !strings.Contains(err.Error(), "2013") {
		t.Errorf("the former authority is still trusted: %v", err)
	}
}

func (s *site) ownSets(c topology.Cluster) map[topology.ServerName]facts.Leaf {
	sets := map[topology.ServerName]facts.Leaf{}
	for _, server := range c.Servers {
		s.Own(server.Name, func(own *facts.Value[facts.Leaf]) { sets[server.Name], _ = own.Get() })
	}
	return sets
}

// TestFilesAreDoneWhenTheReceiverIsBack: a set that is in use is not all, since the receiver was stopped for it.
func TestFilesAreDoneWhenTheReceiverIsBack(t *testing.T) {
	c := world.Cluster("db1", "db2")
	ownFiles(&c)
	s := securedSite(t, c)
	s.NewOwn("db2")
	step := mustStep(t, s.build(), "files/db2")
	s.do(t, step.Actions...)
	if v := step.Goal.Holds(s.facts()); !v.Holds() {
		t.Errorf("%s", v.Why())
	}
	refused := editChannel(s.facts(), "db2", func(c *facts.Channel) { c.Receiver = facts.Connecting })
	if v := step.Goal.Holds(refused); !v.Fails() {
		t.Errorf("the step is done although the receiver is not back: %v", v)
	}
}
