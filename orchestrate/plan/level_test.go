package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// raisedSite is a secured cluster whose inventory asks for more now.
func raisedSite(t fataler, c topology.Cluster, level topology.Require) *site {
	s := securedSite(t, c)
	s.cluster.Account.Require = level
	return s
}

func (s *site) requirementOf(name topology.ServerName, host string) facts.Requirement {
	for _, row := range s.facts().Server(name).Accounts.Or(nil) {
		if row.Host == host {
			return row.Require
		}
	}
	return facts.Requirement{}
}

func blockedSaying(p plan.Plan, why, hint string) bool {
	return slices.ContainsFunc(p.Blocked, func(b plan.Blocked) bool { return strings.Contains(b.Why, why) && strings.Contains(b.Hint, hint) })
}

func TestLevelsInAChain(t *testing.T) {
	c := world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2")
	for _, level := range []topology.Require{topology.RequireX509, topology.RequireIssuer, topology.RequireSubject} {
		s := raisedSite(t, c, level)
		if s.report().OK {
			t.Errorf("%s: what is short of it passes", level)
		}
		s.mustApply(t)
		one, two := s.requirementOf("db1", "%"), s.requirementOf("db2", "%")
		switch {
		case !one.Certificate() || !two.Certificate() || one.Issuer != two.Issuer:
			t.Errorf("%s: %+v %+v", level, one, two)
		case (one.Subject != two.Subject) != (level == topology.RequireSubject), (one.Issuer == "") != (level == topology.RequireX509):
			t.Errorf("%s: %+v %+v", level, one, two)
		}
		if p := s.build(); len(p.Steps)+len(p.Blocked) > 0 || !s.report().OK {
			t.Errorf("%s: left %v %v, %v", level, ids(p), p.Blocked, s.report().Problems)
		}
		if level == topology.RequireSubject {
			if lines := plan.StatusOf(s.cluster, s.quiet(), s.build()).Servers; lines[0].Require.Or("") != "subject" {
				t.Errorf("status tells %v", lines[0].Require)
			}
		}
	}
}

func TestLevelsThatCannotBeDemanded(t *testing.T) {
	two, one := world.Cluster("db1", "db2", "db3"), world.Cluster("db1", "db2")
	if p := raisedSite(t, two, topology.RequireSubject).build(); !blockedSaying(p, "one row takes one subject, and as repl@% log in db2 with /CN=", "a row for each replica") {
		t.Errorf("two subjects: %+v", p.Blocked)
	}
	fresh := newSite(one)
	fresh.cluster.Account.Require = topology.RequireIssuer
	if p := fresh.build(); !blockedSaying(p, "there is none yet", "replssl pki init") {
		t.Errorf("no authority: %+v", p.Blocked)
	}
	unused := raisedSite(t, two, topology.RequireSubject)
	unused.With("db1", func(s *world.Settings) { s.Account("192.0.2.%", facts.RequireSSL) })
	if p := unused.build(); !blockedSaying(p, "no replica logs in as repl@192.0.2.%", "DROP USER 'repl'@'192.0.2.%'") {
		t.Errorf("a row of nobody: %+v", p.Blocked)
	}
	for level, demand := range map[topology.Require]facts.Requirement{
		topology.RequireX509:    {Kind: facts.RequireSpecified, Cipher: "AES"},
		topology.RequireSubject: {Kind: facts.RequireSpecified, Subject: "/CN=other"},
	} {
		s := raisedSite(t, one, level)
		s.With("db1", func(s *world.Settings) { s.Row("10.9.%", demand) })
		if p := s.build(); !blockedSaying(p, "repl@10.9.% demands "+demand.String(), "") {
			t.Errorf("%s over %s: %+v", level, demand, p.Blocked)
		}
	}
}

// TestLevelKeepsWhatARowDemandsBeyondIt: a cipher is set again beside the issuer, and a greater demand stays, with a warning.
func TestLevelKeepsWhatARowDemandsBeyondIt(t *testing.T) {
	s := raisedSite(t, world.Cluster("db1", "db2"), topology.RequireIssuer)
	s.With("db1", func(s *world.Settings) {
		s.Row("10.9.%", facts.Requirement{Kind: facts.RequireSpecified, Cipher: "AES"})
	})
	s.mustApply(t)
	if got := s.requirementOf("db1", "10.9.%"); got.Cipher != "AES" || got.Issuer == "" {
		t.Errorf("%+v", got)
	}
	s.cluster.Account.Require = topology.RequireSSL
	p := s.build()
	if len(p.Steps) > 0 || len(p.Warnings) == 0 || !strings.Contains(p.Warnings[0].Text, "more than account.require: ssl") {
		t.Errorf("%v %+v", ids(p), p.Warnings)
	}
}

// TestRequirementGoesBackToWhatItWas: a run that died after it raised the rows is taken back by the rehearsal of the next one, exactly.
func TestRequirementGoesBackToWhatItWas(t *testing.T) {
	s := raisedSite(t, world.Cluster("db1", "db2"), topology.RequireX509)
	s.With("db1", func(s *world.Settings) {
		s.Row("10.9.%", facts.Requirement{Kind: facts.RequireNone})
		s.Row("10.8.%", facts.Requirement{Kind: facts.RequireX509})
	})
	died := newCrew(s, upTo(s.build(), "rehearse/db2"), inOrder)
	died.dies = true
	died.work()
	before := s.facts().Marks.Raised["db1"].Former
	if len(before) != 2 || before["%"].Kind != facts.RequireSSL || before["10.9.%"].Kind != facts.RequireNone {
		t.Fatalf("the journal knows of %+v", before)
	}
	step := mustStep(t, s.build(), "rehearse/db2")
	s.do(t, step.Rescue...)
	for host, want := range map[string]facts.RequirementKind{"%": facts.RequireSSL, "10.9.%": facts.RequireNone, "10.8.%": facts.RequireX509} {
		if got := s.requirementOf("db1", host); got.Kind != want {
			t.Errorf("repl@%s demands %s, and demanded %s", host, got, want)
		}
	}
}

// TestARequirementThatReceiversHaveMetIsNotTakenBack, though the run that raised it died before it ended.
func TestARequirementThatReceiversHaveMetIsNotTakenBack(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2"))
	p := s.build()
	died := newCrew(s, p, inOrder)
	died.dies = true
	died.work()
	if s.requirementOf("db1", "%").Kind != facts.RequireSSL || len(s.facts().Marks.Raised["db1"].Former) == 0 {
		t.Fatalf("it has raised %+v, and the journal knows of %+v", s.requirementOf("db1", "%"), s.facts().Marks.Raised)
	}
	s.cluster.Account.Require = topology.RequireX509
	s.do(t, mustStep(t, s.build(), "rehearse/db2").Rescue...)
	if got := s.requirementOf("db1", "%"); got.Kind != facts.RequireSSL {
		t.Errorf("repl@%% demands %s, and demanded ssl, which every receiver has met", got)
	}
}

// TestHalfOfTheRowsIsTakenBack: the rescue of the requirement itself puts back the rows that were altered before it failed.
func TestHalfOfTheRowsIsTakenBack(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2"))
	s.With("db1", func(s *world.Settings) { s.Account("10.9.%", facts.RequireNone) })
	p := s.build()
	newCrew(s, upTo(p, "require/db1"), inOrder).work()
	step := mustStep(t, p, "require/db1")
	half := step.Actions[0].(plan.Require)
	half.Rows = half.Rows[:1]
	s.do(t, half)
	if v := step.Rescued.Holds(s.facts()); v.Holds() {
		t.Fatal("a row that was altered counts as taken back")
	}
	s.do(t, step.Rescue...)
	if v := step.Rescued.Holds(s.facts()); !v.Holds() {
		t.Errorf("%s", v)
	}
}

func TestPresents(t *testing.T) {
	s := raisedSite(t, world.Cluster("db1", "db2"), topology.RequireSubject)
	var guard plan.Presents
	for _, g := range mustStep(t, s.build(), "require/db1").Guards {
		if found, ok := g.Condition.(plan.Presents); ok {
			guard = found
		}
	}
	if guard.Subject == "" || guard.Issuer == "" || !guard.Holds(s.facts()).Holds() {
		t.Fatalf("%+v: %s", guard, guard.Holds(s.facts()))
	}
	for name, spoil := range map[string]func(*plan.Presents, *facts.Trial){
		"another issuer":  func(g *plan.Presents, _ *facts.Trial) { g.Issuer = "/CN=other" },
		"another subject": func(g *plan.Presents, _ *facts.Trial) { g.Subject = "/CN=other" },
		"not asked":       func(_ *plan.Presents, trial *facts.Trial) { trial.Subject, trial.Issuer = "", "" },
		"not let in":      func(_ *plan.Presents, trial *facts.Trial) { trial.OK = false },
	} {
		g, f := guard, s.facts()
		trial := f.Server("db2").Trials[g.Link.Channel.Name].Or(facts.Trial{})
		spoil(&g, &trial)
		f.Server("db2").Trials[g.Link.Channel.Name] = facts.Known(trial)
		if v := g.Holds(f); !v.Fails() {
			t.Errorf("%s: %s", name, v)
		}
	}
}

// TestWhatTheBinaryLogChangesGoesFromServerToServer: MySQL writes there what a row is to demand without escapes.
func TestWhatTheBinaryLogChangesGoesFromServerToServer(t *testing.T) {
	for _, c := range []struct {
		mysql    bool
		cipher   string
		replica2 bool
	}{{false, `A\B`, false}, {true, "AB", false}, {true, `A\B`, true}, {true, "A'B", true}} {
		s := newSite(world.Cluster("db1", "db2"))
		for _, name := range []topology.ServerName{"db1", "db2"} {
			s.With(name, func(s *world.Settings) {
				if c.mysql {
					s.Persists()
				}
				s.Row("10.9.%", facts.Requirement{Kind: facts.RequireSpecified, Cipher: c.cipher})
			})
		}
		s.With("db2", func(s *world.Settings) { s.Account("%", facts.RequireNone) })
		s.mustApply(t)
		s.cluster.Account.Require = topology.RequireIssuer
		if got := ids(s.build()); slices.Contains(got, "require/db2") != c.replica2 || !slices.Contains(got, "require/db1") {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
