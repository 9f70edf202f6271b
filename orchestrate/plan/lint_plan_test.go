package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestWhatBlocksIsLinted: each of these blocks a plan, and lint tells it by a code or as a problem.
func TestWhatBlocksIsLinted(t *testing.T) {
	const list = "/etc/mysql-ssl/current/crl.pem"
	for name, c := range map[string]struct {
		own  bool
		harm harm
		want string
	}{
		"a clock that is not known": {false, harmsOfHost()["a clock that is not known"], "problem db2: whether certificates are valid by its clock is not known: date failed"},
		"the same with own files":   {true, harmsOfHost()["a clock that is not known"], "problem db2: whether certificates are valid by its clock is not known: date failed"},
		"a dir that is none":        {true, harmsOfHost()["a dir that is none"], "tls-dir db2:/etc/mysql-ssl"},
		"a list that is taken":      {true, harmsOfHost()["a list that its receiver reads"], "crl-taken db2:" + list},
		"ends that do not trust": {true, func(f facts.Facts, _ topology.ServerName) facts.Facts {
			return f
		}, "not-chained"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := world.Cluster("db1", "db2")
			if c.own {
				ownFiles(&cluster)
			}
			s := newSite(cluster)
			if strings.HasPrefix(name, "ends") {
				s.Own("db2", func(own *facts.Value[facts.Leaf]) {
					world.New(cluster).NewOwnAuthority().Own("db2", func(other *facts.Value[facts.Leaf]) { *own = *other })
				})
			}
			f := c.harm(s.quiet(), "db2")
			if p := plan.Build(cluster, f, plan.Options{}); len(p.Blocked) == 0 {
				t.Errorf("nothing blocks: %v", ids(p))
			}
			if got := linted(plan.Lint(cluster, f, "pki")); !strings.Contains(got, c.want) {
				t.Errorf("got\n%s\nwant %s", got, c.want)
			}
		})
	}
}

func linted(r plan.LintReport) string {
	var lines []string
	for _, f := range r.Findings {
		lines = append(lines, fmt.Sprintf("%s %s", f.Code, f.File))
	}
	for _, p := range r.Problems {
		lines = append(lines, fmt.Sprintf("problem %s: %s", p.Server, p.Why))
	}
	return strings.Join(lines, "\n")
}

// TestConditionsAskForTheClock: without it nothing tells whether a set is valid over there.
func TestConditionsAskForTheClock(t *testing.T) {
	f := securedSite(t, world.Cluster("db1", "db2")).facts()
	f = edit(f, "db1", func(s *facts.Server) { s.Clock = facts.Unknown[time.Duration]("date failed") })
	leaf := plan.Leaf{Server: "db1", Version: 1, Names: []string{"db1.example.com"}}
	for _, condition := range []plan.Condition{plan.SetInUse{Server: "db1", Version: 1, Names: leaf.Names}, plan.LeafIssued{Leaf: leaf}} {
		if v := condition.Holds(f); !v.Unclear() || !strings.Contains(v.Why(), "the clock of db1: date failed") {
			t.Errorf("%s: %s", condition, v)
		}
	}
}
