package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestADiagnosis names the channels that it looked at, and sends nobody to where it comes from.
func TestADiagnosis(t *testing.T) {
	for _, text := range []string{"SSL connection error: bad certificate", "SSL connection error: handshake failure", "SSL connection error: certificate verify failed"} {
		f, link := ailing(t, 2026, text, func(*facts.Channel, map[string]facts.Named, *facts.Server) {})
		d := plan.Diagnose(world.Cluster("db1", "db2"), f, func(id facts.ChannelID) bool { return id == link.Channel })
		if len(d.Findings) != 1 || !slices.Equal(d.Looked, []string{"db2"}) || d.OK {
			t.Fatalf("%+v", d)
		}
		if do := strings.Join(d.Findings[0].Do, "\n"); strings.Contains(do, "replssl doctor") || d.Findings[0].Means == "" {
			t.Errorf("%q: %s", text, do)
		}
	}
	f, _ := ailing(t, 2026, "", func(*facts.Channel, map[string]facts.Named, *facts.Server) {})
	if d := plan.Diagnose(world.Cluster("db1", "db2"), f, func(facts.ChannelID) bool { return false }); len(d.Looked)+len(d.Findings) > 0 {
		t.Errorf("%+v", d)
	}
}
