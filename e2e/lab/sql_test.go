package lab_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

func TestSQL(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{Replicas: -1})
	for query, want := range map[string]string{
		"SELECT 1 AS a, NULL AS longer": "a  longer\n1  NULL\n",
		"SELECT 'x\ty' AS a":            "a\nx\\ty\n",
		"SELECT 1 WHERE FALSE":          "",
		"DO 1":                          "",
		"SELECT 1 AS a; SELECT 2 AS b":  "a\n1\nb\n2\n",
		"SET @n = 7; SELECT @n AS n":    "n\n7\n",
	} {
		var got strings.Builder
		for _, table := range must(l.SQL(t.Context(), "primary", query))(t) {
			got.WriteString(table.String())
		}
		equal(t, query, got.String(), want)
	}
}

func TestSQLReportsEveryStatementsError(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{Replicas: -1})
	for _, query := range []string{"SELEC 1", "SELECT 1; SELEC 1", "DO 1; SELEC 1", "DO 1; DO 1; DROP TABLE shop.none"} {
		err := l.Exec(t.Context(), "primary", query)
		if err == nil || !strings.HasPrefix(err.Error(), "primary: Error 1") {
			t.Errorf("%s: got %v", query, err)
		}
	}
	if _, err := l.Value(t.Context(), "db9", "SELECT 1"); err == nil || !strings.Contains(err.Error(), "hint: the servers are primary") {
		t.Errorf("got %v", err)
	}
}

func TestWaitCaughtUpTellsOfAStoppedApplier(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{Replicas: 1})
	if err := l.Exec(t.Context(), "primary", "ALTER USER repl@'%' REQUIRE NONE"); err != nil {
		t.Fatal(err)
	}
	err := l.WaitCaughtUp(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "replica1: ") || !strings.Contains(err.Error(), "ALTER USER") {
		t.Errorf("got %v, want the applier's error", err)
	}
}
