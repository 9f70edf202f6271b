package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestTheFileThatAnEarlierRunLeftIsNoWayBack: the running server was not started with it, and does not start with it.
func TestTheFileThatAnEarlierRunLeftIsNoWayBack(t *testing.T) {
	remove := plan.Action(plan.RemoveConfig{Server: "db1", Path: "/etc/mysql/conf.d/zz-replssl.cnf"})
	for name, foreign := range map[string]bool{"no TLS before": false, "another certificate before": true} {
		t.Run(name, func(t *testing.T) {
			s := newSite(world.Cluster("db1", "db2", "db3"))
			if foreign {
				s = elsewhere(t, year, "db2")
			}
			died := newCrew(s, upTo(s.build(), "serve/db1"), inOrder)
			died.dies = true
			died.work()
			serve := mustStep(t, s.build(), "serve/db1")
			if !slices.Contains(serve.Rescue, remove) || !slices.Contains(serve.Undo.Actions, remove) {
				t.Errorf("rescue %v, undo %v", sentences(serve.Rescue), sentences(serve.Undo.Actions))
			}
			if v := serve.Rescued.Holds(s.facts()); v.Holds() {
				t.Error("it counts as taken back while the file is there")
			}
		})
	}
}

// TestTheFileOfAFormerTLSDirComesBack: a run that died after it named another TLS dir has overwritten what the server was started with.
func TestTheFileOfAFormerTLSDirComesBack(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	f := seenServer("db1", func(seen *facts.Server) {
		seen.Settings = facts.Known(facts.TLSSettings{
			Enabled: true, CA: "/etc/old-ssl/current/ca.pem", Cert: "/etc/old-ssl/current/cert.pem", Key: "/etc/old-ssl/current/key.pem",
		})
		seen.ServedTLS = facts.Known(facts.ServedTLS{Chain: "of the former set"})
	})(s.quiet())
	for _, a := range mustStep(t, plan.Build(s.cluster, f, s.options), "serve/db1").Rescue {
		switch a := a.(type) {
		case plan.RemoveConfig:
			t.Error("the server would come back without TLS")
		case plan.WriteConfig:
			if !strings.Contains(a.Text, "/etc/old-ssl/current/cert.pem") {
				t.Errorf("%s: %s", a.Path, a.Text)
			}
			return
		}
	}
	t.Error("our option file is not put back")
}

// TestAFileOfSomebodyElseIsKept, though it has the name of ours.
func TestAFileOfSomebodyElseIsKept(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2"))
	const text = "[mysqld]\nssl_cert=/etc/elsewhere/cert.pem\n"
	path := s.facts().Server("db1").Config.Or(facts.Config{}).OwnPath
	s.do(t, plan.WriteConfig{Server: "db1", Path: path, Text: text})
	if back := plan.Action(plan.WriteConfig{Server: "db1", Path: path, Text: text}); !slices.Contains(mustStep(t, s.build(), "serve/db1").Rescue, back) {
		t.Errorf("rescue %v", sentences(mustStep(t, s.build(), "serve/db1").Rescue))
	}
}

// TestASetThatCannotBeReadIsNoWayBack: the disk would have it, and the server would not start.
func TestASetThatCannotBeReadIsNoWayBack(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2", "db3"))
	other := func(seen *facts.Server) {
		dir, _ := seen.TLSDir.Get()
		set := dir.Sets[1]
		set.KeyPublic = facts.Known("another")
		dir.Sets[1] = set
		seen.TLSDir = facts.Known(dir)
	}
	serve := mustStep(t, plan.Build(s.cluster, seenServer("db1", other)(s.quiet()), s.options), "serve/db1")
	if slices.ContainsFunc(serve.Rescue, func(a plan.Action) bool { _, is := a.(plan.SwitchSet); return is }) {
		t.Errorf("rescue %v", sentences(serve.Rescue))
	}
	if !strings.Contains(serve.Impact, "there is no way back to the certificate that it has read: certificate set 1 of db1: the key does not match") {
		t.Errorf("impact: %s", serve.Impact)
	}
}

// TestFilesThatTheServerCouldNotReadAgainAreNoProof, though it still serves what it has read.
func TestFilesThatTheServerCouldNotReadAgainAreNoProof(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	for want, spoil := range map[string]func(*facts.FileSet){
		"the key does not match the certificate":   func(set *facts.FileSet) { set.KeyPublic = facts.Known("another") },
		"the server's user cannot read the files":  func(set *facts.FileSet) { set.Readable = facts.Known(false) },
		"certificate set 1 of db1: key.pem is not": func(set *facts.FileSet) { set.Faults = []string{"key.pem is not there"} },
	} {
		f := edit(s.facts(), "db1", func(seen *facts.Server) {
			dir, _ := seen.TLSDir.Get()
			set := dir.Sets[1]
			spoil(&set)
			dir.Sets[1] = set
			seen.TLSDir = facts.Known(dir)
		})
		r := plan.Judge(s.cluster, f, positionsOf(s.cluster, f), nil)
		if r.OK || !slices.ContainsFunc(r.Problems, func(p plan.Problem) bool { return p.Server == "db1" && strings.Contains(p.Why, want) }) {
			t.Errorf("%s: %+v", want, r.Problems)
		}
	}
}

// TestSystemdIsAskedToForget what it counted before the way back starts the server once more.
func TestSystemdIsAskedToForget(t *testing.T) {
	cluster := world.Cluster("db1", "db2")
	asRoot(&cluster)
	serve := mustStep(t, newSite(cluster).build(), "serve/db1")
	want := plan.Action(plan.Restart{Server: "db1", Command: "systemctl reset-failed -- mariadb.service; systemctl restart -- mariadb.service", Unit: "mariadb.service"})
	if !slices.Contains(serve.Rescue, want) || slices.Contains(serve.Undo.Actions, want) {
		t.Errorf("rescue %v, undo %v", sentences(serve.Rescue), sentences(serve.Undo.Actions))
	}
}

// TestWhatAMovedChannelIsLookedAtBefore: all that a change of its own looks at, but for the trial.
func TestWhatAMovedChannelIsLookedAtBefore(t *testing.T) {
	s := elsewhere(t, year, "db2", "db3")
	serve := mustStep(t, s.build(), "serve/db1")
	for _, id := range []facts.ChannelID{channelOf("db2"), channelOf("db3")} {
		found := map[string]bool{}
		for _, guard := range serve.Guards {
			switch g := guard.Condition.(type) {
			case plan.AsPlanned:
				found["as planned"] = found["as planned"] || g.Link.Channel == id && g.Threads == both
			case plan.LagWithin:
				found["lag"] = found["lag"] || g.Link.Channel == id && guard.Patience > 0
			case plan.RelayLogsSafe:
				found["relay logs"] = found["relay logs"] || g.Link.Channel == id
			case plan.TrialWorks:
				t.Error("a trial cannot work yet")
			}
		}
		if !found["as planned"] || !found["lag"] || !found["relay logs"] {
			t.Errorf("%s: %v", id, found)
		}
	}
	if !strings.Contains(serve.Impact, "all 2 in one step, without a canary") {
		t.Errorf("impact: %s", serve.Impact)
	}
}

// TestAnApplierThatWasStoppedStaysStopped through the restart of its server, and through the way back of one that fails.
func TestAnApplierThatWasStoppedStaysStopped(t *testing.T) {
	stopped := func(skips bool) *site {
		c := world.Cluster("db1", "db2")
		allServers(&c)
		s := newSite(c)
		s.options.KeepStopped = true
		s.With("db2", func(s *world.Settings) {
			s.Stop(applier)
			if skips {
				s.SkipsStart()
			}
		})
		return s
	}
	for _, skips := range []bool{false, true} {
		s := stopped(skips)
		p := s.build()
		serve := mustStep(t, p, "serve/db2")
		if !strings.Contains(serve.Impact, "the applier of db2, which does not run, starts with the server and is stopped again at once") {
			t.Errorf("impact: %s", serve.Impact)
		}
		newCrew(s, upTo(p, "serve/db2"), inOrder).work()
		s.do(t, serve.Actions[0])
		s.do(t, serve.Rescue...)
		if v := serve.Rescued.Holds(s.facts()); !v.Holds() {
			t.Error(v)
		}
		if c := channelIn(s.facts(), channelOf("db2")); c.Threads() != receiver {
			t.Errorf("after the way back: %+v", c)
		}
		s.do(t, plan.StartThreads{Channel: channelOf("db2"), Threads: applier})
		if v := serve.Rescued.Holds(s.facts()); v.Holds() {
			t.Error("it counts as taken back though the applier was started")
		}
		s = stopped(skips)
		s.mustApply(t)
		if c := channelIn(s.facts(), channelOf("db2")); c.Threads() != receiver {
			t.Errorf("at the end: %+v", c)
		}
	}
}

// TestAThreadThatRunsIsNotStoppedUnasked by what an old journal says.
func TestAThreadThatRunsIsNotStoppedUnasked(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2", "db3"))
	s.interrupted("change/db2", channelOf("db2"), receiver)
	if p := s.build(); !slices.ContainsFunc(p.Blocked, func(b plan.Blocked) bool {
		return strings.Contains(b.Why, "the applier of db2 runs, and an interrupted run found it stopped") && strings.Contains(b.Hint, "--keep-stopped")
	}) {
		t.Errorf("%v", p.Blocked)
	}
	s.options.KeepStopped = true
	if impact := mustStep(t, s.build(), "change/db2").Impact; !strings.Contains(impact, "the applier of db2, which runs, stays stopped") {
		t.Errorf("impact: %s", impact)
	}
	s.mustApply(t)
	s.interrupted("change/db2", channelOf("db2"), receiver)
	s.do(t, plan.StartThreads{Channel: channelOf("db2"), Threads: applier})
	if step := mustStep(t, s.build(), "change/db2"); !slices.Equal(step.Actions, []plan.Action{plan.StopThreads{Channel: channelOf("db2"), Threads: applier}}) {
		t.Errorf("%v", sentences(step.Actions))
	}
	s.mustApply(t)
	if c := channelIn(s.facts(), channelOf("db2")); c.Threads() != receiver {
		t.Errorf("%+v", c)
	}
}

// TestNoServerGetsSettingsBeforeThoseOfTheOneBeforeAreProven: they would wait for a restart for whatever cause it comes.
func TestNoServerGetsSettingsBeforeThoseOfTheOneBeforeAreProven(t *testing.T) {
	c := world.Cluster("db1", "db2", "db3")
	allServers(&c)
	p := newSite(c).build()
	for id, needs := range map[string][]string{"config/db2": {"serve/db1"}, "config/db3": {"serve/db1", "serve/db2", "resume/db2"}} {
		for _, need := range needs {
			if !ancestors(p, id)[need] {
				t.Errorf("%s may begin before %s", id, need)
			}
		}
	}
}
