package plan_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// gaveUp lets the receiver of a server have tried as often as it may.
func gaveUp(w *world.Settings) {
	w.Stop(facts.Threads{Receiver: true})
	w.Channel(func(c *facts.Channel) {
		c.GaveUp, c.ReceiverError = 10, facts.ThreadError{Number: 1045, Text: "Error connecting to source. This was attempt 10/10"}
	})
}

// TestAReceiverThatGaveUpIsStartedByItsChange: nobody has stopped it, and the plan says so.
func TestAReceiverThatGaveUpIsStartedByItsChange(t *testing.T) {
	for name, s := range map[string]*site{"MariaDB": newSite(world.Cluster("db1", "db2", "db3")), "MySQL": ofMySQL("db2", "db3")} {
		t.Run(name, func(t *testing.T) {
			s.With("db2", gaveUp)
			p := s.build()
			step := mustStep(t, p, "change/db2")
			if !strings.Contains(step.Impact, "the receiver of db2, which has given up after 10 tries: error 1045") || !strings.Contains(step.Impact, "is started again") {
				t.Errorf("impact: %s", step.Impact)
			}
			for _, id := range ids(p) {
				if id == "wake/db2" {
					t.Error("it is woken before it is cured")
				}
			}
			s.mustApply(t)
			if c, _ := s.facts().Channel(channelOf("db2")).Get(); c.Receiver != facts.Yes || c.GaveUp != 0 {
				t.Errorf("%+v", c)
			}
			if len(s.Violations()) > 0 {
				t.Error(s.Violations())
			}
		})
	}
}

// TestAReceiverThatGaveUpIsStartedWithTheOptionsThatItHas where a login with them works.
func TestAReceiverThatGaveUpIsStartedWithTheOptionsThatItHas(t *testing.T) {
	s := ofMySQL("db2")
	s.mustApply(t)
	s.With("db2", gaveUp)
	p := s.build()
	step := mustStep(t, p, "change/db2")
	if len(p.Steps) != 1 || !strings.HasPrefix(step.Title, "start the receiver of db2 again") || !strings.HasPrefix(step.Reason, "the receiver has given up after 10 tries") {
		t.Errorf("%v: %+v", ids(p), step)
	}
	tried := false
	for _, c := range conditionsOf(step) {
		_, is := c.(plan.TrialWorks)
		tried = tried || is
	}
	if !tried {
		t.Errorf("no login is tried before: %v", step.Guards)
	}
	s.mustApply(t)
}

// TestAReceiverThatWasStoppedStaysSo, also one that could not connect before.
func TestAReceiverThatWasStoppedStaysSo(t *testing.T) {
	s := ofMySQL("db2")
	s.With("db2", gaveUp)
	s.With("db2", func(w *world.Settings) { w.Channel(func(c *facts.Channel) { c.GaveUp = 0 }) })
	if p := s.build(); len(p.Steps) > 0 || !blocks(p, "the receiver of db2 is stopped, and no journal here tells who stopped it; its last error was 1045", "START REPLICA IO_THREAD") {
		t.Errorf("blocked %+v", p.Blocked)
	}
}
