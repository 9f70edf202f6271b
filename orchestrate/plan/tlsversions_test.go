package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestServersThatCannotMeetOverTLS: they block by name, before anything is touched.
func TestServersThatCannotMeetOverTLS(t *testing.T) {
	mysql := func(major, minor, patch int) func(*world.Settings) {
		return func(s *world.Settings) {
			s.Instance(func(i *facts.Instance) {
				i.Version = facts.Version{Flavour: facts.MySQL, Major: major, Minor: minor, Patch: patch}
			})
		}
	}
	for _, c := range []struct {
		source, replica func(*world.Settings)
		why, hint       string
	}{
		{mysql(5, 7, 22), mysql(8, 0, 33), "the MySQL 5.7.22 of db1 speaks TLS 1.0 to 1.1, and the receiver, the MySQL 8.0.33 of db2, TLS 1.2 to 1.3", "upgrade db1 first: MySQL 5.6.46, 5.7.28"},
		{mysql(8, 0, 33), mysql(5, 6, 24), "the MySQL 8.0.33 of db1 speaks TLS 1.2 to 1.3, and the receiver, the MySQL 5.6.24 of db2, TLS 1.0", "upgrade db2 first"},
		{mysql(5, 7, 44), mysql(8, 0, 33), "", ""},
	} {
		s := newSite(world.Cluster("db1", "db2"))
		s.With("db1", c.source).With("db2", c.replica)
		blocked := s.build().Blocked
		told := slices.ContainsFunc(blocked, func(b plan.Blocked) bool {
			return b.Target == "db2" && strings.Contains(b.Why, "no version of TLS in common: "+c.why) && strings.Contains(b.Hint, c.hint)
		})
		if told != (c.why != "") {
			t.Errorf("%q: %v", c.why, blocked)
		}
	}
}
