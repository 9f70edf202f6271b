package plan_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// mysqlSite is a site whose servers persist their settings.
func mysqlSite() *site {
	s := newSite(world.Cluster("db1", "db2", "db3"))
	for _, name := range []topology.ServerName{"db1", "db2", "db3"} {
		s.With(name, func(settings *world.Settings) { settings.Persists() })
	}
	return s
}

func actionTexts(p plan.Plan) []string {
	var list []string
	for _, step := range p.Steps {
		for _, a := range step.Actions {
			list = append(list, a.String())
		}
	}
	return list
}

// TestPersistedSettings: a server that persists its settings is changed without an option file and without a restart, and is left alone then.
func TestPersistedSettings(t *testing.T) {
	s := mysqlSite()
	for _, step := range s.build().Steps {
		for _, action := range step.Actions {
			switch a := action.(type) {
			case plan.WriteConfig, plan.Restart:
				t.Errorf("%s: %s", step.ID, a)
			case plan.StopThreads:
				if a.Threads.Applier {
					t.Errorf("%s: %s", step.ID, a)
				}
			}
		}
	}
	s.mustApply(t)
	goal := plan.SettingsPersisted{Server: "db1", Settings: facts.TLSSettings{Cert: "/etc/mysql-ssl/current/cert.pem"}}
	if v := goal.Holds(s.facts()); !v.Holds() {
		t.Error(v)
	}
	if again := s.build(); len(again.Steps)+len(again.Blocked) > 0 {
		t.Errorf("%v %v", actionTexts(again), again.Blocked)
	}
	for name, kept := range map[string]facts.Value[facts.Kept]{
		"unclear": facts.Unknown[facts.Kept]("timeout"), "fails": facts.Absent[facts.Kept](),
	} {
		f := s.facts()
		seen := f.Servers["db1"]
		seen.Kept = kept
		f.Servers["db1"] = seen
		if v := goal.Holds(f); v.Holds() || v.Fails() != (name == "fails") {
			t.Errorf("%s: %s", name, v)
		}
	}
}

// TestPersistedPathsOfOthersComeBack: what was persisted before is persisted again by the rescue, variable by variable, and what was not is not.
func TestPersistedPathsOfOthersComeBack(t *testing.T) {
	for name, values := range map[string]map[string]string{
		"nothing":         {},
		"one of them":     {"ssl_cert": "/etc/mysql/ssl/cert.pem"},
		"all but the key": {"ssl_ca": "/etc/mysql/ssl/ca.pem", "ssl_cert": "/etc/mysql/ssl/cert.pem", "ssl_crl": "/etc/mysql/ssl/crl.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			s := mysqlSite()
			s.With("db1", func(settings *world.Settings) { settings.Kept(func(k *facts.Kept) { k.Values = values }) })
			before := s.facts().Server("db1")
			p := s.build()
			newCrew(s, upTo(p, "serve/db1"), inOrder).work()
			serve := mustStep(t, p, "serve/db1")
			s.do(t, serve.Actions...)
			if v := serve.Rescued.Holds(s.facts()); v.Holds() {
				t.Error("it counts as taken back before anything is")
			}
			s.do(t, serve.Rescue...)
			after := s.facts().Server("db1")
			if kept := after.Kept.Or(facts.Kept{}).Values; !maps.Equal(kept, values) {
				t.Errorf("it persists %v, and did %v", kept, values)
			}
			if before.Settings.Or(facts.TLSSettings{}) != after.Settings.Or(facts.TLSSettings{}) {
				t.Errorf("it runs with %v, and did with %v", after.Settings, before.Settings)
			}
			if v := serve.Rescued.Holds(s.facts()); !v.Holds() {
				t.Error(v)
			}
		})
	}
}

// TestPathsComeBackThatADeadRunHasOverwritten: what it persisted before is known to the journal alone, from the moment at which it is overwritten.
func TestPathsComeBackThatADeadRunHasOverwritten(t *testing.T) {
	s := mysqlSite()
	values := map[string]string{"ssl_ca": "/etc/mysql/ssl/ca.pem", "ssl_cert": "/etc/mysql/ssl/cert.pem"}
	s.With("db1", func(settings *world.Settings) { settings.Kept(func(k *facts.Kept) { k.Values = values }) })
	before := s.facts().Server("db1")
	p := s.build()
	newCrew(s, upTo(p, "serve/db1"), inOrder).work()
	s.do(t, mustStep(t, p, "serve/db1").Actions[0]) // and it dies

	serve := mustStep(t, s.build(), "serve/db1")
	s.do(t, serve.Actions...)
	s.do(t, serve.Rescue...)
	after := s.facts().Server("db1")
	if kept := after.Kept.Or(facts.Kept{}).Values; !maps.Equal(kept, values) {
		t.Errorf("it persists %v, and did %v", kept, values)
	}
	if before.Settings.Or(facts.TLSSettings{}) != after.Settings.Or(facts.TLSSettings{}) {
		t.Errorf("it runs with %v, and did with %v", after.Settings, before.Settings)
	}
	if v := serve.Rescued.Holds(s.facts()); !v.Holds() {
		t.Error(v)
	}
	s.mustApply(t)
	if again := s.build(); len(again.Steps)+len(again.Blocked) > 0 {
		t.Errorf("%v %v", actionTexts(again), again.Blocked)
	}
}

// TestTheSetThatIsReadWithoutBeingPersistedComesBackToo: the paths alone would lead to the new set.
func TestTheSetThatIsReadWithoutBeingPersistedComesBackToo(t *testing.T) {
	s := mysqlSite()
	s.mustApply(t)
	s.With("db1", func(settings *world.Settings) { settings.Kept(func(k *facts.Kept) { k.Values = map[string]string{} }) })
	s.cluster = renamed(s.cluster, "db1", "db1.example.org")
	p := s.build()
	newCrew(s, upTo(p, "serve/db1"), inOrder).work()
	serve := mustStep(t, p, "serve/db1")
	if dir := s.facts().Server("db1").TLSDir.Or(facts.TLSDir{}); dir.Current != 2 {
		t.Fatalf("set %d in use", dir.Current)
	}
	s.do(t, serve.Rescue...)
	if dir := s.facts().Server("db1").TLSDir.Or(facts.TLSDir{}); dir.Current != 1 {
		t.Errorf("set %d in use", dir.Current)
	}
	if v := serve.Rescued.Holds(s.facts()); !v.Holds() {
		t.Error(v)
	}
}

// TestWhatIsPersistedAndNotLoadedBlocks: it would be lost with the next start.
func TestWhatIsPersistedAndNotLoadedBlocks(t *testing.T) {
	s := mysqlSite()
	s.With("db1", func(settings *world.Settings) { settings.Kept(func(k *facts.Kept) { k.Loaded = false }) })
	p := s.build()
	if !slices.ContainsFunc(p.Blocked, func(b plan.Blocked) bool { return strings.Contains(b.Why, "persisted_globals_load is OFF") }) {
		t.Errorf("%v", p.Blocked)
	}
}
