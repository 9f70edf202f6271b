package plan_test

import (
	"testing"

	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestPlanGolden shows whole plans as they are given to scripts. Look at a change of these files as at a change of what is done to
// somebody's servers.
func TestPlanGolden(t *testing.T) {
	chained := world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2")
	chained.Policy.Enforce = topology.EnforceFirst
	blocked := newSite(world.Cluster("db1", "db2"))
	blocked.With("db2", func(s *world.Settings) { s.Stop(applier); s.NoPassword() })
	blocked.With("db1", func(s *world.Settings) { s.Stranger("cdc", "10.0.0.78:55555") })
	for name, s := range map[string]*site{
		"two-replicas.golden.json":  newSite(world.Cluster("db1", "db2", "db3")),
		"chain-first.golden.json":   newSite(chained),
		"blocked.golden.json":       blocked,
		"nothing-to-do.golden.json": securedSite(t, world.Cluster("db1", "db2", "db3")),
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, encoded(t, s.build())) })
	}
}
