package observe

import (
	"context"
	"fmt"
	"io/fs"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/seen"
)

// disk is files by their paths; a text that begins with "mode" is that of a file which anybody may write to, "closed" of one that
// nobody may read.
type disk map[string]string

func (d disk) content(name string) seen.Value[file.Content] {
	text, ok := d[name]
	switch {
	case !ok:
		return seen.Absent[file.Content]()
	case text == "closed":
		return seen.Unknown[file.Content]("Permission denied")
	}
	mode := fs.FileMode(0o644)
	if strings.HasPrefix(text, "#open") {
		mode = 0o666
	}
	return seen.Known(file.Content{Text: secret.New(text), Mode: mode})
}

func (d disk) fetch(_ context.Context, picks []file.Pick) ([]seen.Value[[]file.Found], error) {
	var all []seen.Value[[]file.Found]
	for _, pick := range picks {
		all = append(all, d.pick(pick))
	}
	return all, nil
}

func (d disk) pick(pick file.Pick) seen.Value[[]file.Found] {
	suffix, many := strings.CutPrefix(pick.Name, "*")
	if !many {
		name := path.Join(pick.Folder, pick.Name)
		return seen.Known([]file.Found{{Path: name, Content: d.content(name)}})
	}
	var names []string
	there := false
	for name := range d {
		there = there || strings.HasPrefix(name, pick.Folder+"/")
		if path.Dir(name) == pick.Folder && strings.HasSuffix(name, suffix) {
			names = append(names, name)
		}
	}
	if !there {
		return seen.Absent[[]file.Found]()
	}
	slices.Sort(names)
	found := []file.Found{}
	for _, name := range names {
		found = append(found, file.Found{Path: name, Content: d.content(name)})
	}
	return seen.Known(found)
}

func mariadb(t *testing.T) dialect.Dialect {
	t.Helper()
	d, err := dialect.For(facts.Version{Flavour: facts.MariaDB, Major: 10, Minor: 11})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOptionFilesAreReadInTheServersOrder(t *testing.T) {
	for name, c := range map[string]struct {
		files  disk
		folder string
		later  string
		fault  string
	}{
		"nothing": {disk{}, "", "", ""},
		"Debian": {disk{
			"/etc/mysql/my.cnf":                     "[client-server]\n!includedir /etc/mysql/conf.d/\n!includedir /etc/mysql/mariadb.conf.d/\n",
			"/etc/mysql/conf.d/mysql.cnf":           "[mysql]\n",
			"/etc/mysql/mariadb.conf.d/50-serv.cnf": "[mysqld]\nssl-ca=/before\n",
			"/etc/mysql/mariadb.conf.d/zzz.cnf":     "[mariadb]\nssl_key=/later\n",
			"/etc/mysql/mariadb.conf.d/zz.txt":      "[mysqld]\nssl_key=/no\n",
		}, "/etc/mysql/mariadb.conf.d", "/etc/mysql/mariadb.conf.d/zzz.cnf:2: ssl_key=/later", ""},
		"an include before the rest": {disk{
			"/etc/my.cnf":        "!includedir /etc/my.cnf.d\n[mysqld]\nssl_cert=/later\n",
			"/etc/my.cnf.d/a.md": "",
		}, "/etc/my.cnf.d", "/etc/my.cnf:3: ssl_cert=/later", ""},
		"a file that includes": {disk{
			"/etc/my.cnf":     "!include /etc/more.cnf\n!include /etc/none.cnf\n",
			"/etc/more.cnf":   "!includedir /etc/more\n",
			"/etc/more/a.cnf": "[mysqld]\n!include /etc/last.cnf\n", "/etc/last.cnf": "[server]\nssl=0\n",
		}, "/etc/more", "", ""},
		"a folder that is not there": {disk{"/etc/my.cnf": "!includedir /etc/none\n"}, "", "", ""},
		"settings behind a folder that is not there": {disk{
			"/etc/my.cnf": "!include /etc/more.cnf\n!includedir /etc/d\n", "/etc/more.cnf": "!includedir /etc/none\n!includedir /etc/e\n", "/etc/d/x.cnf": "",
			"/etc/mysql/my.cnf": "[mysqld]\n!includedir /etc/none\nskip-ssl\n",
		}, "/etc/d", "", ""},
		"open to all": {disk{
			"/etc/my.cnf": "!includedir /etc/d\n", "/etc/d/zzz.cnf": "#open\n[mysqld]\nssl=0\n",
		}, "/etc/d", "", ""},
		"closed":      {disk{"/etc/my.cnf": "!includedir /etc/d\n", "/etc/d/a.cnf": "closed"}, "", "", "the option file /etc/d/a.cnf: Permission denied"},
		"in a circle": {disk{"/etc/my.cnf": "!include /etc/a.cnf\n", "/etc/a.cnf": "[mysqld]\nssl_ca=/a\n!include /etc/my.cnf\n"}, "", "", ""},
		"relative":    {disk{"/etc/my.cnf": "!includedir d\n"}, "", "", `the include folder "d" is not named by an absolute path`},
		"broken":      {disk{"/etc/my.cnf": "ssl_ca=/no/group\n"}, "", "", "/etc/my.cnf:1: an option stands before the first group"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOptionFiles(mariadb(t), "")
			err := o.load(t.Context(), []string{"/etc/my.cnf", "/etc/mysql/my.cnf"}, c.files.fetch)
			if fault := text(err); fault != c.fault {
				t.Fatalf("got %q, want %q", fault, c.fault)
			}
			folder, later := "", ""
			if n := len(o.includes); n > 0 {
				folder, later = o.includes[n-1].folder, laterTexts(o.later(o.includes[n-1]))
			}
			if err == nil && (folder != c.folder || later != c.later) {
				t.Errorf("got %q, later %q; want %q, later %q", folder, later, c.folder, c.later)
			}
		})
	}
}

func laterTexts(settings []setting) string {
	var all []string
	for _, s := range settings {
		all = append(all, s.place()+": "+s.Text)
	}
	return strings.Join(all, "; ")
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestWhereAProgramLooksForOptionFiles(t *testing.T) {
	help := "Usage: mariadbd [OPTIONS]\n\nDefault options are read from the following files in the given order:\n" +
		"/etc/my.cnf /etc/mysql/my.cnf ~/.my.cnf \nThe following groups are read: mysqld\n"
	if got := strings.Join(defaultFiles(help, ""), " "); got != "/etc/my.cnf /etc/mysql/my.cnf" {
		t.Errorf("got %q", got)
	}
	if got := strings.Join(defaultFiles(help, "/root/"), " "); got != "/etc/my.cnf /etc/mysql/my.cnf /root/.my.cnf" {
		t.Errorf("with a home: got %q", got)
	}
	if got := defaultFiles("no help", "/root"); got != nil {
		t.Errorf("got %q", got)
	}
}

// TestTheServersOwnProgramTells asks the program that is installed here.
func TestTheServersOwnProgramTells(t *testing.T) {
	program, err := exec.LookPath("mariadbd")
	if err != nil {
		program = "/usr/sbin/mariadbd"
	}
	c := topology.Cluster{Servers: []topology.Server{{Name: "db1"}}}
	servers := access.New(c, func(_ context.Context, _ topology.Server) (remote.Host, error) {
		return remotetest.NewLocal("db1"), nil
	})
	defer func() { _ = servers.Close() }()
	g := &glance{observer: New(c, servers, store(t), nil), server: c.Servers[0], args: arguments{program}}
	g.found.Environment = seen.Known(map[string]string{"MYSQL_HOME": "/srv/a", "MARIADB_GROUP_SUFFIX": ".x", "HOME": "/home"})
	for range 2 {
		files, err := g.rootFiles(t.Context())
		if err != nil || len(files) < 3 || files[0] != "/etc/my.cnf" || files[len(files)-1] != "/home/.my.cnf" {
			t.Errorf("got %q, %v", files, err)
		}
	}
}

func TestRootFilesOfACommandLine(t *testing.T) {
	g := &glance{observer: New(cluster(), nil, store(t), nil), args: arguments{"/usr/sbin/mariadbd"}}
	g.server.Name = "db1"
	g.found.Environment = seen.Known(map[string]string{"HOME": "/root"})
	g.observer.memory.keepDefaults(origin{"db1", strings.Join(environment{"HOME": "/root"}.words(), " ") + " /usr/sbin/mariadbd"}, []string{"/etc/my.cnf"})
	for args, want := range map[string]string{
		"":                                      "/etc/my.cnf",
		"--defaults-file=/a.cnf --port=1":       "/a.cnf",
		"--defaults-extra-file=/b.cnf":          "/etc/my.cnf /b.cnf",
		"--no-defaults":                         "db1: the server was started with --no-defaults, and reads no option file",
		"--ssl-ca=/x --loose-skip-ssl --ssl-cr": "/etc/my.cnf",
	} {
		g.args = append(arguments{"/usr/sbin/mariadbd"}, strings.Fields(args)...)
		files, err := g.rootFiles(t.Context())
		if got := strings.Join(files, " ") + text(err); got != want {
			t.Errorf("%s: got %q, want %q", args, got, want)
		}
	}
}

func TestTheCommandLineWins(t *testing.T) {
	g := &glance{dialect: mariadb(t), args: arguments{"/sbin/mariadbd", "--ssl-ca=/x", "--skip-ssl", "--ssl-crl=/y", "ssl_key", "--port=1"}}
	if got := fmt.Sprint(g.onCommandLine()); got != "[command line: --ssl-ca=/x command line: --skip-ssl command line: --ssl-crl=/y]" {
		t.Errorf("got %q", got)
	}
}
