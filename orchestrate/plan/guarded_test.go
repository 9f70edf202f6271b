package plan_test

import (
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestWhatChangedSinceThePlanHoldsAStepBack: the guards are read right before the actions, on facts that may be others by then.
func TestWhatChangedSinceThePlanHoldsAStepBack(t *testing.T) {
	backlog := seenChannel("db2", func(c *facts.Channel) {
		c.Exec, c.Read = facts.Position{File: "binlog.000007", Pos: 4}, facts.Position{File: "binlog.000009", Pos: 4}
	})
	stranger := seenServer("db1", func(s *facts.Server) {
		s.DumpThreads = facts.Known(append(s.DumpThreads.Or(nil), facts.DumpThread{ID: 90, User: "repl", Host: "10.0.0.90:50000"}))
	})
	failing := seenServer("db2", func(s *facts.Server) {
		s.Trials = map[string]facts.Value[facts.Trial]{"": facts.Known(facts.Trial{Attempt: facts.Attempt{Errno: 1045, Text: "Access denied"}})}
	})
	down := func(name string) change {
		return seenChannel("db2", func(c *facts.Channel) {
			if name == "receiver" {
				c.Receiver = facts.No
				return
			}
			c.Applier = facts.No
		})
	}
	for _, c := range []struct {
		name, step string
		seen       change
	}{
		{"the trial login fails", "change/db2", failing},
		{"the trial login could not be made", "change/db2", seenServer("db2", func(s *facts.Server) { s.Trials = nil })},
		{"the replica fell behind", "change/db2", seenChannel("db2", func(c *facts.Channel) { c.Lag = facts.Known(time.Hour) })},
		{"the source purged what is not applied", "change/db2", seeing(backlog, seenServer("db1", func(s *facts.Server) { s.Binlogs = facts.Known([]string{"binlog.000009"}) }))},
		{"somebody stopped the receiver", "change/db2", down("receiver")},
		{"somebody stopped the applier", "change/db2", down("applier")},
		{"somebody pointed the replica elsewhere", "change/db2", seenChannel("db2", func(c *facts.Channel) { c.SourceHost = "db9" })},
		{"somebody delayed the replica", "change/db2", seenChannel("db2", func(c *facts.Channel) { c.Delay = time.Hour })},
		{"the canary is not well any more", "change/db3", seenChannel("db2", func(c *facts.Channel) { c.Receiver = facts.Connecting })},
		{"a stranger logged in", "require/db1", stranger},
		{"a channel lost its proof", "require/db1", seeing(noMark, options(func(o *facts.TLSOptions) { o.VerifyIdentity = false }))},
		{"a receiver is not connected", "require/db1", down("receiver")},
		{"TLS is not required any more", "rehearse/db2", seenServer("db1", func(s *facts.Server) {
			s.Accounts = facts.Known([]facts.AccountRow{{User: "repl", Host: "%", Require: facts.Requirement{Kind: facts.RequireNone}}})
		})},
		{"the channel lost its proof", "rehearse/db2", options(func(o *facts.TLSOptions) { *o = facts.TLSOptions{} })},
		{"the set in use is another one", "serve/db1", seenServer("db1", func(s *facts.Server) {
			d, _ := s.TLSDir.Get()
			d.Current = 0
			s.TLSDir = facts.Known(d)
		})},
		{"the server refuses its configuration", "serve/db1", seenServer("db1", func(s *facts.Server) { s.ConfigCheck = facts.Known(facts.Check{Text: "bad"}) })},
		{"another server reads the option file", "config/db1", seenServer("db1", func(s *facts.Server) {
			config := s.Config.Or(facts.Config{})
			config.Others = facts.Known([]string{"process 7"})
			s.Config = facts.Known(config)
		})},
		{"the set in use is another one", "config/db1", seenServer("db1", func(s *facts.Server) { s.TLSDir = facts.Known(facts.TLSDir{}) })},
		{"the certificate is not here", "files/db2", func(f facts.Facts) facts.Facts {
			f.Store = facts.Known(facts.Store{CA: facts.Absent[string]()})
			return f
		}},
	} {
		t.Run(c.step+": "+c.name, func(t *testing.T) {
			s := newSite(world.Cluster("db1", "db2", "db3"))
			p := s.build()
			step := mustStep(t, p, c.step)
			before := newCrew(s, upTo(p, c.step), inOrder)
			before.work()
			if before.fault != "" {
				t.Fatal(before.fault)
			}
			if v := guardsOf(step).Holds(s.facts()); !v.Holds() {
				t.Fatalf("it is held back as it is: %s", v)
			}
			if v := guardsOf(step).Holds(c.seen(s.facts())); v.Holds() {
				t.Errorf("nothing holds it back: %v", step.Guards)
			}
		})
	}
}

func guardsOf(step plan.Step) plan.Condition {
	conditions := make([]plan.Condition, len(step.Guards))
	for i, guard := range step.Guards {
		conditions[i] = guard.Condition
	}
	return plan.All(conditions...)
}
