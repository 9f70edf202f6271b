package plan_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

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
