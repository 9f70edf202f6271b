package dialect_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// trees are the servers that scripts/servers.sh brings, and the rows of the capability table that each of them stands for: its own, and those
// that no server is at hand for and whose words it still understands.
func trees() map[string][]facts.Version {
	mysql := func(major, minor, patch int) facts.Version {
		return facts.Version{Flavour: facts.MySQL, Major: major, Minor: minor, Patch: patch}
	}
	mariadb := func(major, minor, patch int) facts.Version {
		return facts.Version{Flavour: facts.MariaDB, Major: major, Minor: minor, Patch: patch}
	}
	return map[string][]facts.Version{
		"mysql-5.6":     {mysql(5, 6, 24)},
		"mysql-5.7":     {mysql(5, 7, 22), mysql(5, 7, 10)},
		"mysql-8.0.15":  {mysql(8, 0, 15)},
		"mysql-8.0":     {mysql(8, 0, 33), mysql(8, 0, 21), mysql(8, 0, 22)},
		"mysql-9.7":     {mysql(9, 7, 4), mysql(8, 4, 3)},
		"mariadb-10.5":  {mariadb(10, 5, 23)},
		"mariadb-10.11": {mariadb(10, 11, 19)},
		"mariadb-11.4":  {mariadb(11, 4, 5)},
		"mariadb-11.8":  {mariadb(11, 8, 6)},
	}
}

// usual are those that are tried where REPLSSL_MATRIX does not ask for all.
func usual() []string { return []string{"mysql-5.7", "mysql-9.7", "mariadb-11.8"} }

// tree is an unpacked server.
type tree struct {
	name, dir, binary string
	mysql             bool
}

func findTree(t *testing.T, name string) tree {
	t.Helper()
	tr := tree{name: name, dir: labtest.Tree(t, name), mysql: strings.HasPrefix(name, "mysql-")}
	tr.binary = filepath.Join(tr.dir, "usr/sbin", map[bool]string{true: "mysqld", false: "mariadbd"}[tr.mysql])
	return tr
}

// options are those by which a server of the tree finds what is its own.
func (tr tree) options(data string) []string {
	share := filepath.Join(tr.dir, "usr/share/mysql")
	list := []string{
		"--no-defaults", "--datadir=" + data, "--basedir=" + filepath.Join(tr.dir, "usr"), "--lc-messages-dir=" + share,
		"--character-sets-dir=" + filepath.Join(share, "charsets"), "--plugin-dir=" + filepath.Join(tr.dir, "usr/lib/mysql/plugin"),
		"--secure-file-priv=", "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0",
	}
	if os.Geteuid() == 0 {
		list = append(list, "--user=root")
	}
	return list
}

// fill makes a data folder that servers get copies of. Those that cannot do it by themselves read the statements for it.
func (tr tree) fill(t *testing.T, data string) {
	t.Helper()
	cmd := exec.Command(tr.binary, append(tr.options(data), "--initialize-insecure", "--loose-mysqlx=OFF")...)
	if scripts, _ := filepath.Glob(filepath.Join(tr.dir, "usr/share/mysql/m*_system_tables.sql")); !tr.mysql || tr.name == "mysql-5.6" {
		if err := os.MkdirAll(data, 0o700); err != nil || len(scripts) != 1 {
			t.Fatalf("%v %v", scripts, err)
		}
		cmd = exec.Command(tr.binary, append(tr.options(data), "--bootstrap")...)
		cmd.Stdin = io.MultiReader(strings.NewReader("CREATE DATABASE mysql;\nUSE mysql;\n"), opened(t, scripts[0]),
			opened(t, strings.Replace(scripts[0], "tables.sql", "tables_data.sql", 1)))
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: fill a data folder: %v\n%s", tr.name, err, out)
	}
	if err := os.Remove(filepath.Join(data, "auto.cnf")); err != nil && !errors.Is(err, os.ErrNotExist) { // the id of a server, which copies must not share
		t.Fatal(err)
	}
}

func opened(t *testing.T, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// newTreeLab is a pair of servers of a tree, and the dialect of what they say they are. The source serves TLS by RSA, which all can.
func newTreeLab(t *testing.T, name string) (*lab, dialect.Dialect) {
	t.Helper()
	tr := findTree(t, name)
	l := &lab{dir: shortDir(t), tree: tr}
	l.pki = newPKIOf(t, l.dir, pki.RSA2048)
	template := filepath.Join(l.dir, "template")
	tr.fill(t, template)
	for i, s := range []**server{&l.source, &l.replica} {
		dir := filepath.Join(l.dir, fmt.Sprint("s", i+1))
		if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(template)); err != nil {
			t.Fatal(err)
		}
		*s = &server{dir: dir, socket: filepath.Join(dir, "sock"), port: freePort(t)}
	}
	l.source.launch(t, tr, "--server-id=1", "--performance-schema=ON", "--ssl-ca="+l.pki.ca, "--ssl-cert="+l.pki.cert, "--ssl-key="+l.pki.key)
	replica := []string{"--server-id=2", "--performance-schema=ON", "--skip-slave-start", "--relay-log=r"}
	if name == "mysql-5.7" { // several channels want tables there (3077)
		replica = append(replica, "--master-info-repository=TABLE", "--relay-log-info-repository=TABLE")
	}
	l.replica.launch(t, tr, replica...)
	l.source.ready(t)
	l.replica.ready(t)
	d, err := dialect.For(mustAsk(t, l.source.DB, dialect.Version()))
	if err != nil {
		t.Fatal(err)
	}
	return l, d
}

// shortDir is a folder for sockets, the paths of which are limited.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tree")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// launch starts a server of a tree, which ends with the test.
func (s *server) launch(t *testing.T, tr tree, options ...string) {
	t.Helper()
	args := slices.Concat(tr.options(filepath.Join(s.dir, "data")), []string{
		"--socket=" + s.socket, fmt.Sprint("--port=", s.port), "--bind-address=127.0.0.1", "--skip-name-resolve", "--log-bin=b",
		"--pid-file=" + filepath.Join(s.dir, "pid"), "--log-error=" + filepath.Join(s.dir, "log.err"), "--loose-mysqlx=OFF",
	}, options)
	s.spawn(t, exec.Command(tr.binary, args...))
	s.DB = open(t, s.login("root", ""))
}

// onBoth runs what is about accounts on both servers, and in neither binary log.
func (l *lab) onBoth(t *testing.T, statements ...string) {
	t.Helper()
	for _, s := range []*server{l.source, l.replica} {
		s.do(t, slices.Concat([]string{"SET sql_log_bin=0"}, statements, []string{"SET sql_log_bin=1"})...)
	}
}

// spell gives a statement about channels the words of the server: it is written in those of MySQL 5.6, with CHANNEL for where the name of the
// channel stands.
func (l *lab) spell(d dialect.Dialect, text, channel string) string {
	behind, front := " FOR CHANNEL '"+strings.ReplaceAll(channel, "'", "''")+"'", ""
	switch {
	case !l.tree.mysql:
		behind, front = "", " '"+strings.ReplaceAll(channel, "'", "''")+"'"
	case l.tree.name == "mysql-5.6":
		behind = ""
	}
	text = strings.ReplaceAll(text, "CHANGE MASTER", "CHANGE MASTER"+front) + behind
	change, _ := d.ChangeTLS("", facts.TLSOptions{})
	if strings.Contains(change.String(), "SOURCE") {
		text = strings.NewReplacer("CHANGE MASTER", "CHANGE REPLICATION SOURCE", "MASTER_", "SOURCE_", "SLAVE", "REPLICA").Replace(text)
	}
	return text
}
