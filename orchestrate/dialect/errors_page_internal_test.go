package dialect

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
)

const errorsPage = "../../docs/errors.md"

// TestErrorsPage: docs/errors.md is what the table of explanations says, and which servers said it is what is recorded. -update writes it.
func TestErrorsPage(t *testing.T) {
	page := writtenPage(t)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(errorsPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(errorsPage); err != nil || string(have) != page {
		t.Errorf("%s is not what the table says: %v\nhint: go test ./orchestrate/dialect -run TestErrorsPage -update", errorsPage, err)
	}
}

func writtenPage(t *testing.T) string {
	t.Helper()
	page := `<!-- Written by: go test ./orchestrate/dialect -run TestErrorsPage -update -->
# What an error means for replication over TLS

Paste what the server said: ` + "`replssl doctor 'TEXT'`" + ` says what stands here, offline. Or let ` + "`replssl doctor`" + ` look at the cluster of the
inventory: it compares the files of each channel, the certificate that the source serves and the account's rows, and names the one at fault.

Where to find the text: ` + "`Last_IO_Errno`, `Last_IO_Error`" + ` (receiver) and ` + "`Last_SQL_Errno`, `Last_SQL_Error`" + ` (applier) of SHOW REPLICA STATUS, or of
SHOW SLAVE STATUS on MariaDB and older MySQL. MySQL 5.6, 5.7 and 8.0 up to at least 8.0.15 tell the number alone.

A text with a mark means what stands under that mark; any other text of the number means what stands under "any text". "Told by" names
the servers of which the text was recorded; the others were not provoked.
`
	told := speakers(t)
	list := explanations()
	slices.SortStableFunc(list, func(a, b explanation) int { return cmp.Compare(a.numbers[0], b.numbers[0]) })
	for i, e := range list {
		if i == 0 || !slices.Equal(list[i-1].numbers, e.numbers) {
			page += fmt.Sprintf("\n## %s\n", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(e.numbers)), ", "), "[]"))
		}
		page += fmt.Sprintf("\n**%s%s.** %s.\n", markOf(e), familyNote(e), upper(e.means))
		for _, do := range e.do {
			page += "- " + upper(do) + "\n"
		}
		if servers := told[key(e)]; len(servers) > 0 {
			page += "\nTold by " + strings.Join(servers, ", ") + ".\n"
		}
	}
	return page
}

func markOf(e explanation) string {
	mark := fmt.Sprintf("%q", strings.TrimSpace(e.mark))
	for _, also := range e.also {
		mark += fmt.Sprintf(", %q", also)
	}
	if e.rest {
		return mark + ", or any other text"
	}
	return mark
}

func familyNote(e explanation) string {
	if e.of == "" {
		return ""
	}
	return " (" + string(e.of) + ")"
}

func upper(text string) string {
	if strings.HasPrefix(text, "replssl ") {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func key(e explanation) string { return fmt.Sprint(e.numbers, e.mark, e.of) }

// speakers are the servers that were recorded saying it, by explanation.
func speakers(t *testing.T) map[string][]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/failures/*/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		server := filepath.Base(filepath.Dir(path))
		digits, _, _ := strings.Cut(filepath.Base(path), "-")
		number, err := strconv.Atoi(digits)
		if err != nil {
			t.Fatal(path, err)
		}
		name, version, _ := strings.Cut(server, "-")
		family := facts.MySQL
		if name == "mariadb" {
			family = facts.MariaDB
		}
		e, _ := explained(Failure{Number: number, Text: string(text), Family: family})
		if name = string(family) + " " + version; !slices.Contains(found[key(e)], name) {
			found[key(e)] = append(found[key(e)], name)
		}
	}
	return found
}

// TestMarks: no mark is hidden by an earlier one of the same numbers and family, and each is in lower case.
func TestMarks(t *testing.T) {
	list := explanations()
	for i, e := range list {
		if e.mark == "" || e.mark != strings.ToLower(e.mark) || e.means == "" || len(e.do) == 0 {
			t.Errorf("%v %q is not whole", e.numbers, e.mark)
		}
		for _, before := range list[:i] {
			if before.numbers[0] == e.numbers[0] && strings.Contains(e.mark, before.mark) && (before.of == "" || before.of == e.of) {
				t.Errorf("%v: %q is never reached behind %q", e.numbers, e.mark, before.mark)
			}
		}
	}
}
