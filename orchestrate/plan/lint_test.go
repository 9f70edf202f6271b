package plan_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestEveryCodeIsDocumented, as it is in the code.
func TestEveryCodeIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/certificates.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, info := range plan.LintCodes() {
		lines++
		if line := fmt.Sprintf("| `%s` | %s | %s |\n", info.Code, info.Severity, info.Meaning); !strings.Contains(string(text), line) {
			t.Errorf("docs/certificates.md lacks %s", line)
		}
	}
	_, table, _ := strings.Cut(string(text), "|---|---|---|\n")
	if got := strings.Count(table, "\n"); got != lines {
		t.Errorf("docs/certificates.md has %d codes, and there are %d", got, lines)
	}
}

// lint is what is found at a secured site that was changed.
func lint(t *testing.T, change func(*site, *world.Settings), later time.Duration) string {
	t.Helper()
	s := securedSite(t, world.Cluster("db1", "db2"))
	s.With("db1", func(w *world.Settings) { change(s, w) })
	s.Later(later)
	var found []string
	for _, f := range plan.Lint(s.Cluster(), s.Facts(), "pki").Findings {
		found = append(found, fmt.Sprintf("%s %s %s", f.Severity, f.Code, f.File))
	}
	return strings.Join(found, "\n")
}

func TestLintOfHosts(t *testing.T) {
	set := func(change func(*facts.FileSet)) func(*site, *world.Settings) {
		return func(_ *site, w *world.Settings) { w.Set(1, change) }
	}
	for name, c := range map[string]struct {
		change func(*site, *world.Settings)
		later  time.Duration
		want   string
	}{
		"a good one": {change: set(func(*facts.FileSet) {})},
		"a key that all may read": {
			change: set(func(s *facts.FileSet) { s.Loose, s.Exposed = []string{"key.pem is open to others (mode 0644)"}, true }),
			want:   "forbids key-open db1:/etc/mysql-ssl/current/key.pem",
		},
		"another owner": {
			change: set(func(s *facts.FileSet) { s.Loose = []string{"cert.pem belongs to bob"} }),
			want:   "forbids on-host db1:/etc/mysql-ssl/current",
		},
		"one that the server cannot read": {
			change: set(func(s *facts.FileSet) { s.Readable = facts.Known(false) }), want: "forbids on-host db1:/etc/mysql-ssl/current",
		},
		"a file is missing": {
			change: set(func(s *facts.FileSet) { s.Faults = []string{"key.pem is missing"} }), want: "forbids on-host db1:/etc/mysql-ssl/current",
		},
		"the end is near": {
			change: set(func(*facts.FileSet) {}), later: 725 * 24 * time.Hour, want: "warns expires-soon db1:/etc/mysql-ssl/current/cert.pem",
		},
		"it is over": {
			change: set(func(*facts.FileSet) {}), later: 731 * 24 * time.Hour, want: "forbids expired db1:/etc/mysql-ssl/current/cert.pem",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := lint(t, c.change, c.later)
			if !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
				t.Errorf("got\n%s\nwant %q", got, c.want)
			}
		})
	}
}
