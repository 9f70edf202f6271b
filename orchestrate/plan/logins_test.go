package plan_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// ofMySQL is a cluster of servers that persist their settings, and that have START REPLICA with USER and PASSWORD.
func ofMySQL(replicas ...topology.ServerName) *site {
	s := newSite(world.Cluster("db1", replicas...))
	for _, server := range s.cluster.Servers {
		s.With(server.Name, func(settings *world.Settings) { settings.Persists() })
	}
	return s
}

// TestALoginThatIsKeptNowhereBlocks: the step that would stop the receiver is named, and what lets the server keep its login.
func TestALoginThatIsKeptNowhereBlocks(t *testing.T) {
	s := ofMySQL("db2", "db3")
	s.With("db3", func(w *world.Settings) { w.StartedWith() })
	p := s.build()
	if len(p.Steps) > 0 || !blocks(p, "the login of the receiver of db3 is in memory alone", "STOP REPLICA IO_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_USER='repl', SOURCE_PASSWORD='...'; START REPLICA IO_THREAD") {
		t.Fatalf("steps %v, blocked %+v", ids(p), p.Blocked)
	}
	if p.Blocked[0].Target != "db3" || !strings.HasSuffix(p.Blocked[0].Why, "change channel db3 to TLS") {
		t.Errorf("blocked %+v", p.Blocked[0])
	}
}

// TestALoginThatIsKeptNowhereIsLookedAtAgain: whoever starts a receiver so between plan and apply keeps its login.
func TestALoginThatIsKeptNowhereIsLookedAtAgain(t *testing.T) {
	s := ofMySQL("db2", "db3")
	found := 0
	for _, step := range s.build().Steps {
		stops := false
		for _, a := range step.Actions {
			stop, ok := a.(plan.StopThreads)
			stops = stops || ok && stop.Threads.Receiver && stop.Channel.Server == "db2"
		}
		if !stops {
			continue
		}
		found++
		f := s.facts()
		logins := f.Servers["db2"]
		logins.Logins = facts.Known(map[string]facts.KeptLogin{"": {User: "repl"}})
		f.Servers["db2"] = logins
		guarded := false
		for _, g := range step.Guards {
			_, keeps := g.Condition.(plan.KeepsLogin)
			guarded = guarded || keeps && g.Condition.Holds(f).Fails()
		}
		if !guarded {
			t.Errorf("%s stops a receiver, and its guards are %v", step.ID, sentences(conditionsOf(step)))
		}
	}
	if found < 2 {
		t.Errorf("%d steps stop the receiver", found)
	}
}

func conditionsOf(step plan.Step) []plan.Condition {
	var list []plan.Condition
	for _, g := range step.Guards {
		list = append(list, g.Condition)
	}
	return list
}

func TestKeepsLogin(t *testing.T) {
	s := ofMySQL("db2")
	s.mustApply(t)
	whole := s.facts()
	keeps := plan.KeepsLogin{Channel: facts.ChannelID{Server: "db2"}}
	logins := func(logins facts.Value[map[string]facts.KeptLogin]) func(facts.Facts) facts.Facts {
		return func(f facts.Facts) facts.Facts {
			return edit(f, "db2", func(s *facts.Server) { s.Logins = logins })
		}
	}
	kept := func(login facts.KeptLogin) func(facts.Facts) facts.Facts {
		return logins(facts.Known(map[string]facts.KeptLogin{"": login}))
	}
	stopped := func(f facts.Facts) facts.Facts {
		f = kept(facts.KeptLogin{})(f)
		return editChannel(f, "db2", func(c *facts.Channel) { c.Receiver = facts.No })
	}
	for _, j := range []judgement{
		{"a login that is kept", keeps, kept(facts.KeptLogin{User: "repl", Password: true}), "holds", ""},
		{"none that could be lost", keeps, logins(facts.Absent[map[string]facts.KeptLogin]()), "holds", ""},
		{"a receiver that is stopped", keeps, stopped, "holds", ""},
		{"no login", keeps, kept(facts.KeptLogin{}), "fails", "keeps no login of it"},
		{"no password", keeps, kept(facts.KeptLogin{User: "repl"}), "fails", "keeps no password of it"},
		{"another user", keeps, kept(facts.KeptLogin{User: "other", Password: true}), "fails", "keeps that of other"},
		{"a look that was refused", keeps, logins(facts.Unknown[map[string]facts.KeptLogin]("SELECT command denied")), "unclear", "SELECT command denied"},
	} {
		t.Run(j.name, func(t *testing.T) { j.check(t, whole) })
	}
}

func TestLoginWorks(t *testing.T) {
	s := ofMySQL("db2")
	whole := s.facts()
	works := plan.LoginWorks{Link: linkTo("db2")}
	refused, let := facts.Attempt{Errno: 1045, Text: "Access denied for user 'repl'"}, facts.Attempt{OK: true}
	tries := func(plain facts.Value[facts.Attempt], encrypted facts.Value[facts.Trial]) func(facts.Facts) facts.Facts {
		return seenServer("db2", func(s *facts.Server) {
			s.Plaintext, s.Trials = map[string]facts.Value[facts.Attempt]{"": plain}, map[string]facts.Value[facts.Trial]{"": encrypted}
		})
	}
	overTLS := func(a facts.Attempt) facts.Value[facts.Trial] { return facts.Known(facts.Trial{Attempt: a}) }
	noTrial := facts.Unknown[facts.Trial]("no TLS there")
	for _, j := range []judgement{
		{"a plaintext login", works, tries(facts.Known(let), noTrial), "holds", ""},
		{"a login over TLS", works, tries(facts.Known(refused), overTLS(let)), "holds", ""},
		{"neither", works, tries(facts.Known(refused), overTLS(refused)), "fails", "Access denied"},
		{"a refusal that may be for lack of TLS", works, tries(facts.Known(refused), noTrial), "unclear", "no TLS there"},
		{"no password", works, tries(facts.Unknown[facts.Attempt]("another password"), facts.Unknown[facts.Trial]("another password")), "unclear", "another password"},
		{"a receiver that is stopped", works, seeing(tries(facts.Known(refused), overTLS(refused)), seenChannel("db2", func(c *facts.Channel) { c.Receiver = facts.No })), "holds", ""},
	} {
		t.Run(j.name, func(t *testing.T) { j.check(t, whole) })
	}
}

// TestAReceiverThatMovesIsTold: other sources than that of the inventory have to serve TLS too.
func TestAReceiverThatMovesIsTold(t *testing.T) {
	s := ofMySQL("db2")
	f := edit(s.quiet(), "db2", func(s *facts.Server) {
		s.Logins = facts.Known(map[string]facts.KeptLogin{"": {User: "repl", Password: true, Moves: true}})
	})
	p := plan.Build(s.cluster, f, plan.Options{})
	if len(p.Warnings) != 1 || p.Warnings[0].Target != "db2" || !strings.Contains(p.Warnings[0].Text, "goes to another source when db1 fails") {
		t.Errorf("%+v", p.Warnings)
	}
}

// TestAReceiverThatLostItsLoginIsNamed: it stopped, and the server shows no user of it any more.
func TestAReceiverThatLostItsLoginIsNamed(t *testing.T) {
	s := ofMySQL("db2")
	f := editChannel(s.quiet(), "db2", func(c *facts.Channel) { c.SourceUser, c.Receiver = "", facts.No })
	if p := plan.Build(s.cluster, f, plan.Options{}); !blocks(p, "channel db2 has no login", "SOURCE_USER='repl'") {
		t.Errorf("blocked %+v", p.Blocked)
	}
}
