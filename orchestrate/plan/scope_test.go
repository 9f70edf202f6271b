package plan_test

import (
	"slices"
	"strings"
	"testing"

	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestScope touches no replica that is not meant, requires TLS of nobody as long as one is left, and the next plan goes on.
func TestScope(t *testing.T) {
	for name, scope := range map[string]plan.Scope{"--only": {Only: []topology.ServerName{"db3"}}, "--limit": {Limit: 1}} {
		t.Run(name, func(t *testing.T) {
			s := newSite(world.Cluster("db1", "db2", "db3", "db4"))
			s.options.Scope = scope
			meant := topology.ServerName("db2")
			if len(scope.Only) > 0 {
				meant = scope.Only[0]
			}
			p := s.build()
			for _, step := range p.Steps {
				if strings.HasPrefix(step.ID, "require/") || strings.HasPrefix(step.ID, "wake/") {
					continue
				}
				for _, other := range []topology.ServerName{"db2", "db3", "db4"} {
					if other != meant && strings.HasSuffix(step.ID, "/"+string(other)) {
						t.Errorf("%s is planned", step.ID)
					}
				}
			}
			if len(p.Left) != 2 || slices.Contains(p.Left, meant) {
				t.Errorf("left are %v", p.Left)
			}
			if _, requires := p.Step("require/db1"); requires {
				t.Error("TLS would be required of replicas that are left")
			}
			s.mustApply(t)
			if open := s.Plaintext(); len(open) != 2 || slices.Contains(open, channelOf(meant)) {
				t.Errorf("in plaintext: %v", open)
			}
			s.options.Scope = plan.Scope{}
			s.mustApply(t)
			if r := s.report(); !r.OK {
				t.Errorf("not proven: %v", r.Problems)
			}
			if p := s.build(); len(p.Steps)+len(p.Left) > 0 {
				t.Errorf("it does not come to rest: %v", ids(p))
			}
		})
	}
}
