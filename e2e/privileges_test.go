package e2e_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// TestLeastPrivileges does the whole job with an administrator that has what the README asks for and nothing else. The administrator
// is let in by the socket, so it is the very account of the lab, with its privileges taken away.
func TestLeastPrivileges(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1, Account: lab.AccountSome})
	account := "'" + c.Admin + "'@'localhost'"
	grants := readmeGrants(t)
	if len(grants) < 4 {
		t.Fatalf("the README has no grants any more: %q", grants)
	}
	for _, s := range c.Servers {
		statements := []string{"SET sql_log_bin=0"}
		for _, grant := range grants {
			statements = append(statements, strings.ReplaceAll(grant, "mysql@localhost", account))
		}
		revoke := "REVOKE ALL PRIVILEGES, GRANT OPTION FROM " + account
		// The session that takes its own privileges away keeps them until it ends.
		c.sql(s.Name, strings.Join(append([]string{statements[0], revoke}, statements[1:]...), "; "))
		held, err := c.Query(t.Context(), s.Name, "SHOW GRANTS")
		must(t, err)
		if text := held.String(); strings.Contains(text, "ALL PRIVILEGES") || strings.Contains(text, "SUPER") {
			t.Fatalf("%s still has all privileges: %s", account, text)
		}
	}
	c.plan(2)
	c.want(0, "apply", "--yes")
	if r := c.verify(0); !r.OK {
		t.Errorf("%+v", r)
	}
}

// readmeGrants are the GRANT statements of the README.
func readmeGrants(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	must(t, err)
	var grants []string
	for _, line := range regexp.MustCompile(`(?m)^GRANT [^;]*;`).FindAllString(string(text), -1) {
		grants = append(grants, strings.TrimSuffix(line, ";"))
	}
	return grants
}
