package plan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// texts is everything that plan and lint say of the facts.
func texts(t *testing.T, s *site, f facts.Facts) string {
	t.Helper()
	said, err := json.Marshal([]any{plan.Build(s.cluster, f, s.options).Blocked, plan.Lint(s.cluster, f, "pki")})
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}

// TestVersionsThatWereNotSeen forbid nothing: a server that did not tell its version is not taken for an old one.
func TestVersionsThatWereNotSeen(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	f := edit(s.quiet(), "db2", func(s *facts.Server) { s.Instance = facts.Unknown[facts.Instance]("it did not answer") })
	said := texts(t, s, f)
	for _, claim := range []string{"does not read", "looks at nothing else", "sends its first certificate alone", "0.0.0"} {
		if strings.Contains(said, claim) {
			t.Errorf("%q is said of a server whose version was not seen: %s", claim, said)
		}
	}
	if !strings.Contains(said, "it did not answer") {
		t.Errorf("that it was not seen is not told: %s", said)
	}
}
