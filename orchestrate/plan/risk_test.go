package plan_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestFoldersThatOthersCouldChange block before anything is copied, where something has to be written there.
func TestFoldersThatOthersCouldChange(t *testing.T) {
	none := facts.Absent[facts.Risk]()
	mine := facts.Known(facts.Risk{Why: "/etc/mysql-ssl belongs to the user mysql", Cure: "chown root /etc/mysql-ssl"})
	files := facts.Known(facts.Risk{Why: "/etc/mysql/conf.d may be written by others", Cure: "chmod o-w /etc/mysql/conf.d"})
	blind := facts.Unknown[facts.Risk]("stat is not installed")
	for name, c := range map[string]struct {
		server             string
		dir, optionFiles   facts.Value[facts.Risk]
		blocked, hint      string
		secured, isWarning bool
	}{
		"the TLS dir":                       {"db3", mine, none, "the TLS dir /etc/mysql-ssl: /etc/mysql-ssl belongs to the user mysql", "chown root /etc/mysql-ssl", false, false},
		"the TLS dir, unknown":              {"db3", blind, none, "the TLS dir /etc/mysql-ssl: who else may write there is not known: stat is not installed", "", false, false},
		"the TLS dir, not looked at":        {"db3", facts.Value[facts.Risk]{}, none, "who else may write there is not known", "", false, false},
		"the option files":                  {"db1", none, files, "the folder of option files /etc/mysql/conf.d: /etc/mysql/conf.d may be written by others", "chmod o-w /etc/mysql/conf.d", false, false},
		"the option files, unknown":         {"db1", none, blind, "the folder of option files /etc/mysql/conf.d: who else may write there is not known", "", false, false},
		"option files that nobody writes":   {"db3", none, files, "", "", false, false},
		"the TLS dir when nothing is to do": {"db3", mine, files, "the TLS dir /etc/mysql-ssl: /etc/mysql-ssl belongs to the user mysql", "chown root", true, true},
		"unknown when nothing is to do":     {"db1", blind, blind, "", "", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(world.Cluster("db1", "db2", "db3"))
			if c.secured {
				s.mustApply(t)
			}
			with(topology.ServerName(c.server), func(s *world.Settings) { s.Risk(c.dir, c.optionFiles) })(t, s)
			p := s.build()
			switch {
			case c.blocked == "" && (len(p.Blocked) > 0 || len(p.Warnings) > 0):
				t.Errorf("blocked %v, warnings %v", p.Blocked, p.Warnings)
			case c.isWarning && (len(p.Blocked) > 0 || len(p.Steps) > 0 || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Text, c.blocked) || !strings.Contains(p.Warnings[0].Text, c.hint)):
				t.Errorf("blocked %v, steps %v, warnings %v", p.Blocked, ids(p), p.Warnings)
			case c.blocked != "" && !c.isWarning && (len(p.Steps) > 0 || !blocks(p, c.blocked, c.hint)):
				t.Errorf("blocked %+v, steps %v", p.Blocked, ids(p))
			}
		})
	}
}

func blocks(p plan.Plan, why, hint string) bool {
	return len(p.Blocked) == 1 && strings.Contains(p.Blocked[0].Why, why) && strings.Contains(p.Blocked[0].Hint, hint)
}

// TestNothingIsPrunedWhereOthersCouldChangeTheDir: the host would refuse it, and nothing depends on it.
func TestNothingIsPrunedWhereOthersCouldChangeTheDir(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2"))
	s.mustApply(t)
	f := s.facts()
	seen := f.Servers["db2"]
	dir := seen.TLSDir.Or(facts.TLSDir{})
	dir.Left = []string{".7.gone"}
	seen.TLSDir = facts.Known(dir)
	f.Servers["db2"] = seen
	if p := plan.Build(s.cluster, f, plan.Options{}); len(p.Steps) != 1 || p.Steps[0].ID != "prune/db2" {
		t.Fatalf("got %v", ids(p))
	}
	dir.Risk = facts.Known(facts.Risk{Why: "it belongs to eve", Cure: "chown root it"})
	seen.TLSDir = facts.Known(dir)
	f.Servers["db2"] = seen
	if p := plan.Build(s.cluster, f, plan.Options{}); len(p.Steps) > 0 || len(p.Blocked) > 0 || len(p.Warnings) != 1 {
		t.Errorf("got %v %v %v", ids(p), p.Blocked, p.Warnings)
	}
}
