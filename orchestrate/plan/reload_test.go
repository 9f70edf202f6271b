package plan_test

import (
	"slices"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestAServerThatCannotReload, as MySQL before 8.0.16, reads a new certificate by a restart; the reload has no statement there.
func TestAServerThatCannotReload(t *testing.T) {
	c := world.Cluster("db1", "db2")
	s := newSite(c)
	for _, server := range c.Servers {
		s.With(server.Name, func(settings *world.Settings) {
			settings.Instance(func(i *facts.Instance) {
				i.Version = facts.Version{Flavour: facts.MySQL, Major: 8, Minor: 0, Patch: 15, Text: "8.0.15"}
			})
		})
	}
	s.mustApply(t)
	s.issuedBy(t, pki.RSA2048, "db1", 2)
	s.issuedBy(t, pki.RSA2048, "db2", 2)
	c.Policy.AllowRestart = false
	why := "it has to be restarted to read its new certificate, which its version cannot do as it runs, and that is not allowed"
	if p := plan.Build(c, s.quiet(), s.options); len(p.Blocked) == 0 || p.Blocked[0].Why != why {
		t.Errorf("without leave: %v, %v", ids(p), p.Blocked)
	}
	p := s.build()
	for _, step := range p.Steps {
		for _, a := range slices.Concat(step.Actions, step.Rescue, step.Undo.Actions) {
			if _, reloads := a.(plan.ReloadTLS); reloads {
				t.Errorf("%s: %s", step.ID, a)
			}
		}
	}
	if title := mustStep(t, p, "serve/db1").Title; title != "restart db1, which reads its new certificate" {
		t.Errorf("the step is called %q", title)
	}
	s.mustApply(t)
	for _, server := range c.Servers {
		if now := s.facts().Server(server.Name).TLSDir.Or(facts.TLSDir{}).Current; now != 2 {
			t.Errorf("%s uses set %d", server.Name, now)
		}
	}
	if r := s.report(); !r.OK {
		t.Errorf("not proven: %v", r.Problems)
	}
}
