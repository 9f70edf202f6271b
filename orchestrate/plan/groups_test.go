package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestMembersOfGroups: what is left alone is said by name, and what becomes of the requirement.
func TestMembersOfGroups(t *testing.T) {
	for _, mysql := range []bool{true, false} {
		s := newSite(world.Cluster("db1", "db2"))
		s.With("db1", func(s *world.Settings) {
			if mysql {
				s.Persists()
			}
			s.Instance(func(i *facts.Instance) { i.Group = "orders" })
		})
		words := map[bool]string{
			true: "group_replication_applier and group_replication_recovery", false: "the Galera cluster orders",
		}
		more := map[bool]string{true: "set it on the others too", false: "comes to all its members"}
		told := func(p plan.Plan, texts ...string) bool {
			return slices.ContainsFunc(p.Warnings, func(w plan.Warning) bool {
				return w.Target == "db1" && !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(w.Text, text) })
			})
		}
		if p := s.build(); !told(p, words[mysql], more[mysql]) {
			t.Errorf("%+v %+v", p.Warnings, p.Blocked)
		}
		s.mustApply(t)
		if p := s.build(); !told(p, words[mysql]) || told(p, more[mysql]) {
			t.Errorf("afterwards: %+v", p.Warnings)
		}
	}
}
