package plan_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/topology"
)

func freeze(w *world.Settings) {
	w.Instance(func(i *facts.Instance) { i.ReadOnly, i.Frozen = true, true })
}

// TestTheRowOfAFrozenReplicaIsLeft where the statement cannot come through the binary log, and told of; all else is secured.
func TestTheRowOfAFrozenReplicaIsLeft(t *testing.T) {
	s := ofMySQL("db2", "db3")
	s.With("db3", freeze)
	s.With("db3", func(w *world.Settings) { w.Account("%", facts.RequireNone) })
	told := func() {
		t.Helper()
		p := s.build()
		if len(p.Blocked) > 0 || len(p.Warnings) != 1 || p.Warnings[0].Target != "db3" || !strings.Contains(p.Warnings[0].Text, "unprotected after a promotion") {
			t.Errorf("blocked %v, warnings %v", p.Blocked, p.Warnings)
		}
	}
	told()
	s.mustApply(t)
	if r := s.report(); !r.OK {
		t.Errorf("%+v", r.Problems)
	}
	told()
	if rows := s.facts().Server("db3").Accounts.Or(nil); len(rows) != 1 || rows[0].Require.TLS() {
		t.Errorf("%v", rows)
	}
}

// TestTheRowOfAFrozenReplicaIsSetThroughTheBinaryLog where every replica has it.
func TestTheRowOfAFrozenReplicaIsSetThroughTheBinaryLog(t *testing.T) {
	s := ofMySQL("db2", "db3")
	for _, name := range []topology.ServerName{"db2", "db3"} {
		s.With(name, func(w *world.Settings) { w.Account("%", facts.RequireNone) })
	}
	s.With("db3", freeze)
	if p := s.build(); len(p.Warnings)+len(p.Blocked) > 0 {
		t.Errorf("blocked %v, warnings %v", p.Blocked, p.Warnings)
	}
	s.mustApply(t)
	if rows := s.facts().Server("db3").Accounts.Or(nil); len(rows) != 1 || !rows[0].Require.TLS() {
		t.Errorf("%v", rows)
	}
}

// TestAFrozenSourceBlocks: receivers log in there, and would not be refused in plaintext.
func TestAFrozenSourceBlocks(t *testing.T) {
	s := newSite(world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2"))
	s.With("db2", freeze)
	p := s.build()
	if len(p.Steps) > 0 || !blocks(p, "db2 is super_read_only", "SET GLOBAL super_read_only=0 on db2") {
		t.Errorf("steps %v, blocked %v", ids(p), p.Blocked)
	}
}
