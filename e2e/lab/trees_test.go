package lab_test

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

// pair is a primary and its replica, by the names of their trees; an empty one is the MariaDB of this machine.
type pair struct{ primary, replica string }

func (p pair) String() string {
	return cmp.Or(p.primary, "machine") + " to " + cmp.Or(p.replica, "machine")
}

// refused is why the lab does not try it.
func (p pair) refused() string {
	switch {
	case !strings.HasPrefix(p.primary, "mysql") && (p.replica == "mysql-8.0" || p.replica == "mysql-9.7"):
		return "cannot read the row events"
	case p.primary == "mysql-9.7" && slices.Contains([]string{"", "mysql-5.6", "mysql-5.7", "mariadb-11.4"}, p.replica):
		return "no passwords that it could log in by"
	}
	return ""
}

// pairs are those of a quick run, or, with REPLSSL_MATRIX, all trees that are there and all that replicate from one to the next.
func pairs(t *testing.T) []pair {
	t.Helper()
	if os.Getenv("REPLSSL_MATRIX") == "" {
		for _, tree := range []string{"mysql-5.7", "mysql-9.7"} {
			labtest.Tree(t, tree)
		}
		return []pair{{"", ""}, {"mysql-5.7", "mysql-5.7"}, {"mysql-9.7", "mysql-9.7"}, {"mysql-5.7", "mysql-9.7"}, {"mysql-5.7", ""}, {"", "mysql-9.7"}}
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
			o := lab.Options{Replicas: 1, Server: p.primary, Servers: map[string]string{"replica1": p.replica}}
			if why := p.refused(); why != "" {
				o.Dir = "/tmp/x"
				_, err := lab.Up(t.Context(), o)
				if err == nil || !strings.Contains(err.Error(), why) {
					t.Errorf("got %v, want an error with %q", err, why)
				}
				return
			}
			l := labtest.Start(t, o)
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
			passwordIsPrivate(t, l)
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

func passwordIsPrivate(t *testing.T, l *lab.Lab) {
	t.Helper()
	equal(t, "mode of the administrator's password", must(os.Stat(l.AdminPasswordFile()))(t).Mode().Perm(), 0o600)
	text := string(must(os.ReadFile(l.Inventory()))(t))
	for _, s := range l.Servers {
		_, line, _ := strings.Cut(text, "\n  "+s.Name+": ")
		line, _, _ = strings.Cut(line, "\n")
		equal(t, s.Name+"'s password in the inventory", strings.Contains(line, "password_file: "+l.AdminPasswordFile()), !s.Programs.SocketLogin)
	}
	equal(t, "the password itself there", strings.Contains(text, l.AdminPassword), false)
}

// number is the version as the server itself says it.
func number(s lab.Server) string {
	_, version, _ := strings.Cut(s.Programs.Release.String(), " ")
	return version
}
