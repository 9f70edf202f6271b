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
		s.do(t, victim.Actions[:done]...)
		s.do(t, victim.Rescue...)
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
