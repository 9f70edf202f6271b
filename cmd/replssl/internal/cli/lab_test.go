package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func runLab(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := newLab()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestLabRefuses(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no folder", []string{"up"}, `required flag(s) "dir" not set`},
		{"a word too much", []string{"up", "--dir", empty, "now"}, `takes no argument, and "now" was given`},
		{"unknown account place", []string{"up", "--dir", empty, "--account", "none"}, "choose primary, some or all"},
		{"unknown source", []string{"up", "--dir", empty, "--source", "replica2=db9"}, `no server is named "db9"`},
		{"unknown server", []string{"up", "--dir", empty, "--server", "mysql-1.0"}, "hint: scripts/servers.sh mysql-1.0"},
		{"a server for an unknown host", []string{"up", "--dir", empty, "--server", "db9=mysql-1.0"}, `no server is named "db9"`},
		{"no lab to end", []string{"down", "--dir", empty}, "holds no lab"},
		{"no lab to ask", []string{"sql", "--dir", empty, "primary", "SELECT 1"}, "holds no lab"},
		{"no statement", []string{"sql", "--dir", empty, "primary"}, "takes SERVER and SQL, and 1 were given"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := runLab(t, c.args...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(empty, "*")); len(left) > 0 {
		t.Errorf("a refused command left %v", left)
	}
}

func TestLabUpAskDown(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "lab")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	out, err := runLab(t, "up", "--dir", dir, "--replicas", "1", "--account", "all")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "inventory: "+dir+"/replssl.yaml\n") {
		t.Errorf("up printed:\n%s", out)
	}
	out, err = runLab(t, "sql", "--dir", dir, "replica1", "SELECT user, host FROM mysql.user WHERE user = 'repl'; DO 1")
	if want := "user  host\nrepl  %\n"; err != nil || strings.ToLower(out) != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
	for _, args := range [][]string{{"down", "--dir", dir}, {"down", "--dir", dir, "--remove"}} {
		if out, err := runLab(t, args...); err != nil || out != "" {
			t.Errorf("%v: %v, printed %q", args, err, out)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestLabTrees(t *testing.T) {
	t.Parallel()
	all, of := labTrees([]string{"mysql-5.7", "replica1=mysql-8.0", "replica2=", "replica3=/a=b", "/c=d"})
	if all != "/c=d" || len(of) != 3 || of["replica1"] != "mysql-8.0" || of["replica2"] != "" || of["replica3"] != "/a=b" {
		t.Errorf("got %q and %q", all, of)
	}
}
