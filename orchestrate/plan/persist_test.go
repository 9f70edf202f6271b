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

// TestPersistedPathsOfOthersComeBack: what was persisted before is persisted again by the rescue, what was not is not.
func TestPersistedPathsOfOthersComeBack(t *testing.T) {
	s := mysqlSite()
	rescue := func() string {
		for _, step := range s.build().Steps {
			if step.ID == "serve/db1" {
				return step.Rescue[0].String()
			}
		}
		return ""
	}
	if got := rescue(); !strings.Contains(got, "take the paths") {
		t.Errorf("rescue: %q", got)
	}
	s.With("db1", func(settings *world.Settings) {
		settings.Kept(func(k *facts.Kept) { k.Values = map[string]string{"ssl_cert": "/etc/mysql/ssl/cert.pem"} })
	})
	if got := rescue(); !strings.Contains(got, "persist the paths of its TLS files: /etc/mysql/ssl/cert.pem") {
		t.Errorf("rescue: %q", got)
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
