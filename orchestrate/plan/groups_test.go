package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestTheOnlyMemberOfAGaleraCluster is not restarted by its service, which would look for another member; a person's own command may found the
// cluster anew.
func TestTheOnlyMemberOfAGaleraCluster(t *testing.T) {
	member := func(members int, command string) plan.Plan {
		s := newSite(world.Cluster("db1", "db2"))
		s.With("db1", func(s *world.Settings) {
			s.Instance(func(i *facts.Instance) { i.Group, i.Members = "orders", members })
		})
		s.cluster.Servers[0].Restart = command
		return s.build()
	}
	impact := func(p plan.Plan, text string) bool {
		return slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.ID == "serve/db1" && strings.Contains(s.Impact, text) })
	}
	if p := member(1, ""); len(p.Steps) > 0 || !blocks(p, "it is the only member of the Galera cluster orders", "galera_new_cluster") {
		t.Errorf("%+v", p.Blocked)
	}
	if p := member(1, "/root/restart"); !impact(p, "which its restart command has to found anew") {
		t.Errorf("%+v %+v", p.Steps, p.Blocked)
	}
	if p := member(3, "/root/restart"); !impact(p, "db1 leaves the Galera cluster orders, and joins it again") {
		t.Errorf("%+v %+v", p.Steps, p.Blocked)
	}
}

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
