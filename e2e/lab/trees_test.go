package lab_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

// pair is a primary and its replica, by the names of their trees; an empty one is the MariaDB of this machine.
type pair struct{ primary, replica string }

func (p pair) String() string {
	name := strings.NewReplacer("()", "machine").Replace
	return name("("+p.primary+")") + " to " + name("("+p.replica+")")
}

// pairs are those of a quick run, or, with REPLSSL_MATRIX, all trees that are there and all that replicate from one to the next.
func pairs(t *testing.T) []pair {
	t.Helper()
	if os.Getenv("REPLSSL_MATRIX") == "" {
		for _, tree := range []string{"mysql-5.7", "mysql-9.7"} {
			labtest.Tree(t, tree)
		}
		return []pair{{"", ""}, {"mysql-5.7", "mysql-5.7"}, {"mysql-9.7", "mysql-9.7"}, {"mysql-5.7", "mysql-9.7"}, {"mysql-5.7", ""}}
	}
	var all []pair
	trees := append(labtest.Trees(t), "")
	for _, primary := range trees {
		for _, replica := range trees {
			all = append(all, pair{primary, replica})
		}
	}
	return all
}

// TestServersOfOtherVersions starts each, lets a row through in plaintext, and leaves nothing.
func TestServersOfOtherVersions(t *testing.T) {
	t.Parallel()
	for _, p := range pairs(t) {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			l := labtest.Start(t, lab.Options{Replicas: 1, Server: p.primary, Servers: map[string]string{"replica1": p.replica}})
			for _, s := range l.Servers {
				equal(t, s.Name+"'s version", strings.HasPrefix(value(t, l, s.Name, "SELECT VERSION()"), number(s)), true)
				equal(t, s.Name+"'s format of the binlog", value(t, l, s.Name, "SELECT @@binlog_format"), "ROW")
			}
			if err := l.Exec(t.Context(), "primary", "INSERT INTO shop.orders (note) VALUES ('through')"); err != nil {
				t.Fatal(err)
			}
			sameRows(t, l, 6)
			status := must(l.SlaveStatus(t.Context(), "replica1"))(t)
			equal(t, "receiver, applier, TLS", status["Slave_IO_Running"]+status["Slave_SQL_Running"]+status["Master_SSL_Allowed"], "YesYesNo")
			equal(t, "TLS logins", must(l.Query(t.Context(), "primary", "SHOW GLOBAL STATUS LIKE 'Ssl_finished_accepts'"))(t).Rows[0][1].String, "0")
			comesBack(t, l)
			if err := l.Remove(t.Context()); err != nil {
				t.Fatal(err)
			}
			nothingRuns(t, l.Dir)
			if _, err := os.Stat(l.Dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the folder is still there: %v", err)
			}
		})
	}
}

// comesBack restarts both servers by the command that the inventory names: the replica last, whose receiver so finds its primary at once.
func comesBack(t *testing.T, l *lab.Lab) {
	t.Helper()
	for _, s := range l.Servers {
		if err := l.RestartServer(t.Context(), s.Name); err != nil {
			t.Fatal(err)
		}
	}
	sql := "INSERT INTO shop.orders (note) VALUES ('after')"
	if err := l.Exec(t.Context(), "primary", sql); err != nil {
		t.Fatal(err)
	}
	sameRows(t, l, 7)
}

// number is the version as the server itself says it.
func number(s lab.Server) string {
	_, version, _ := strings.Cut(s.Programs.Release.String(), " ")
	return version
}
