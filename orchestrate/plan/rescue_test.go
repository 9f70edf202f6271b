package plan_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestRescueBringsReplicationBack: whichever action of a step fails, the rescue leaves every receiver connected that was before, with its
// former options, and says so by its own condition.
func TestRescueBringsReplicationBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSite(t)
		w := watch(s)
		if rapid.Bool().Draw(t, "a run dies") {
			runUntilDeath(t, s, w)
		}
		p := unblocked(t, s)
		w.follow(p)
		rescuable := slices.DeleteFunc(slices.Clone(p.Steps), func(step plan.Step) bool { return len(step.Rescue) == 0 })
		if len(rescuable) == 0 {
			t.Skip("nothing can fail")
		}
		victim := rapid.SampledFrom(rescuable).Draw(t, "victim")
		c := newCrew(s, upTo(p, victim.ID), inOrder)
		c.work()
		if c.fault != "" {
			t.Fatalf("%s\n%s", c.fault, c.story())
		}
		if c.judge(victim.Goal).Holds() {
			t.Skip("the step has nothing to do")
		}
		before := s.facts()
		if strings.HasPrefix(victim.ID, "files/") && before.Server(victim.Target).TLSDir.Or(facts.TLSDir{}).Current == 0 {
			t.Skip("a receiver without files has nothing to come back to")
		}
		done := rapid.IntRange(0, len(victim.Actions)).Draw(t, "actions before the failure")
		if spoils(before, victim, s.cluster) && rapid.Bool().Draw(t, "its files are spoiled before its start") {
			done = 1
			s.With(victim.Target, func(s *world.Settings) { s.Spoil() })
			if err := s.Do(context.Background(), victim.Actions[0], s.note); err == nil || s.facts().Server(victim.Target).Instance.IsKnown() {
				t.Fatalf("%s starts with files that nobody can read", victim.Target)
			}
			s.despite(victim.Rescue...)
		} else {
			s.do(t, victim.Actions[:done]...)
			s.do(t, victim.Rescue...)
		}
		if v := c.judge(victim.Rescued); !v.Holds() {
			t.Fatalf("%s failed after %v, and its rescue %v did not work: %s", victim.ID, sentences(victim.Actions[:done]), sentences(victim.Rescue), v)
		}
		after := s.facts()
		for _, server := range s.cluster.Replicas() {
			was, is := channelIn(before, channelOf(server.Name)), channelIn(after, channelOf(server.Name))
			if is.TLS != was.TLS || was.Receiver == facts.Yes && is.Receiver != facts.Yes || was.Applier.Runs() && !is.Applier.Runs() {
				t.Fatalf("%s failed after %v, and its rescue %v leaves %s so: %+v\nbefore: %+v", victim.ID, sentences(victim.Actions[:done]),
					sentences(victim.Rescue), server.Name, is, was)
			}
		}
		w.check(t, c)
	})
}

// spoils says that the step restarts its server with files that it has not read yet, so that it can do without them.
func spoils(before facts.Facts, step plan.Step, c topology.Cluster) bool {
	if _, restarts := step.Actions[0].(plan.Restart); !restarts {
		return false
	}
	server, _ := c.Server(step.Target)
	return before.Server(step.Target).Settings.Or(facts.TLSSettings{}).Cert != server.TLSDir+"/current/cert.pem"
}

// despite carries actions out as an engine does for a rescue: also those behind one that fails.
func (s *site) despite(actions ...plan.Action) {
	for _, a := range actions {
		_ = s.Do(context.Background(), a, s.note)
	}
}

// upTo is a plan with what has to be done before a step.
func upTo(p plan.Plan, id string) plan.Plan {
	needed := ancestors(p, id)
	p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(step plan.Step) bool { return !needed[step.ID] })
	return p
}

// TestRescueUnderEnforceFirst: a receiver with its former settings could not log in while TLS is required, also where a run that
// died long ago required it.
func TestRescueUnderEnforceFirst(t *testing.T) {
	c := world.Cluster("db1", "db2", "db3")
	enforceFirst(&c)
	s := newSite(c)
	died := newCrew(s, upTo(s.build(), "change/db2"), inOrder)
	died.dies = true
	died.work()
	step := mustStep(t, s.build(), "change/db2")
	s.do(t, step.Actions...)
	s.do(t, step.Rescue...)
	f := s.Observe(context.Background(), step.Rescued.Look())
	if v := step.Rescued.Holds(f); !v.Holds() {
		t.Errorf("%s, after %v", v, sentences(step.Rescue))
	}
}

// TestServerThatDoesNotStartWithOurFiles comes up without them, also where a run that died before its restart has left our option file.
func TestServerThatDoesNotStartWithOurFiles(t *testing.T) {
	for _, died := range []bool{false, true} {
		s := newSite(world.Cluster("db1", "db2"))
		if died {
			newCrew(s, upTo(s.build(), "serve/db1"), inOrder).work()
		}
		p := s.build()
		serve := mustStep(t, p, "serve/db1")
		newCrew(s, upTo(p, "serve/db1"), inOrder).work()
		s.With("db1", func(s *world.Settings) { s.Spoil() })
		if err := s.Do(context.Background(), serve.Actions[0], s.note); err == nil {
			t.Fatal("it starts with a key that it cannot read")
		}
		if err := s.Do(context.Background(), plan.ReloadTLS{Server: "db1"}, s.note); err == nil {
			t.Error("it answers though it is down")
		}
		if err := s.Do(context.Background(), serve.Actions[0], s.note); err == nil {
			t.Error("it starts though its option file is there")
		}
		s.despite(serve.Rescue...)
		if v := serve.Rescued.Holds(s.facts()); !v.Holds() {
			t.Errorf("after a dead run %t: %s", died, v)
		}
	}
}
