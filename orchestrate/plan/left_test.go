package plan_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestWhatARunThatDiedLeftIsNotOnlySets though the versions are those that are wanted.
func TestWhatARunThatDiedLeftIsNotOnlySets(t *testing.T) {
	dir := facts.TLSDir{Kind: facts.DirReal, Current: 2, Sets: map[int]facts.FileSet{2: {}}, Left: []string{".7.gone"}}
	goal := plan.OnlySets{Server: "db1", Keep: []int{2}}
	verdict := func() plan.Verdict {
		return goal.Holds(facts.Facts{Servers: map[topology.ServerName]facts.Server{"db1": {TLSDir: facts.Known(dir)}}})
	}
	if v := verdict(); v.Holds() || !strings.Contains(v.Why(), ".7.gone") {
		t.Errorf("got %v", v)
	}
	dir.Left = nil
	if v := verdict(); !v.Holds() {
		t.Errorf("got %v", v)
	}
}
