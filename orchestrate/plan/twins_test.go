package plan_test

import (
	"slices"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestSetsWithTheServedCertificateArePruned: only one that is the former set stays, and one that the server shows while it uses another.
func TestSetsWithTheServedCertificateArePruned(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2"))
	s.mustApply(t)
	f := s.facts()
	seen := f.Servers["db1"]
	dir := seen.TLSDir.Or(facts.TLSDir{})
	use := dir.Current
	for version := use + 1; version < use+4; version++ {
		twin := dir.Sets[use]
		twin.CA += "\n" // other bytes, the same certificate
		dir.Sets[version] = twin
	}
	seen.TLSDir = facts.Known(dir)
	f.Servers["db1"] = seen
	f.Marks.Read = map[topology.ServerName]string{"db1": dir.Sets[use].Digest()}
	p := plan.Build(s.cluster, f, plan.Options{})
	if len(p.Steps) != 1 || p.Steps[0].ID != "prune/db1" {
		t.Fatalf("got %v, %v, %v", ids(p), p.Blocked, p.Warnings)
	}
	if prune, is := p.Steps[0].Actions[0].(plan.PruneSets); !is || !slices.Equal(prune.Keep, []int{use, use + 3}) {
		t.Errorf("got %v", p.Steps[0].Actions)
	}
}
