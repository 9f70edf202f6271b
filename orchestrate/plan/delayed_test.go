package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestADelayedApplierGoesOn where the receiver alone is stopped: what it waits with stays, and nothing waits for it.
func TestADelayedApplierGoesOn(t *testing.T) {
	s := ofMySQL("db2")
	s.With("db2", func(w *world.Settings) { w.Delay(time.Hour) })
	s.With("db2", func(w *world.Settings) { w.Channel(func(c *facts.Channel) { c.Until = true }) })
	for _, c := range conditionsOf(mustStep(t, s.build(), "change/db2")) {
		if _, purges := c.(plan.RelayLogsSafe); purges {
			t.Error("it looks for what it would have to fetch again")
		}
	}
	s.mustApply(t)
	f := editChannel(s.facts(), "db2", func(c *facts.Channel) { c.Exec.Pos-- })
	at := f.Server("db1").Position.Or(facts.Position{})
	if v := (plan.Reached{Link: linkTo("db2"), Position: at}).Holds(f); !v.Holds() {
		t.Errorf("it is waited for: %s", v)
	}
}

// TestAStoppedApplierLosesItsRelayLogs, also where the receiver alone is stopped: the plan says so, and looks whether they can be had again.
func TestAStoppedApplierLosesItsRelayLogs(t *testing.T) {
	s := ofMySQL("db2")
	s.options.KeepStopped = true
	s.With("db2", func(w *world.Settings) { w.Stop(facts.Threads{Applier: true}) })
	step := mustStep(t, s.build(), "change/db2")
	looks := false
	for _, c := range conditionsOf(step) {
		_, safe := c.(plan.RelayLogsSafe)
		looks = looks || safe
	}
	if !looks || !strings.Contains(step.Impact, "its applier is stopped, so that relay logs are deleted") {
		t.Errorf("impact %q, guards %v", step.Impact, sentences(conditionsOf(step)))
	}
	s.With("db2", func(w *world.Settings) { w.Delay(time.Hour) })
	if p := s.build(); !blocks(p, "channel db2 is delayed by 1h", "CHANGE REPLICATION SOURCE TO SOURCE_DELAY=0") {
		t.Errorf("blocked %+v", p.Blocked)
	}
}
