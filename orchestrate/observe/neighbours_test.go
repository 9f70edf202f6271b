package observe

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/seen"
)

// TestOtherServersThatWouldHeedOurFile: which servers of the host read the file that we write for one of them.
func TestOtherServersThatWouldHeedOurFile(t *testing.T) {
	files := disk{
		"/etc/mysql/my.cnf": "!includedir /etc/mysql/conf.d\n", "/etc/mysql/conf.d/a.cnf": "[mysqld]\n",
		"/etc/a.cnf": "[mysqld]\n!includedir /etc/mysql/conf.d\n", "/etc/b.cnf": "!includedir /etc/b.d\n", "/etc/b.d/x.cnf": "",
		"/etc/c.cnf": "[mysqld]\nport=1\n", "/etc/closed.cnf": "closed", "/etc/d.cnf": "!include /etc/a.cnf\n",
		"/etc/e.cnf": "!includedir /etc/link.d\n", "/etc/link.d/a.cnf": "[mysqld]\n", "/etc/f.cnf": "!includedir /etc/unseen.d\n", "/etc/unseen.d/a.cnf": "",
	}
	for name, c := range map[string]struct {
		own    string // its options
		others []string
		path   string
		want   string // the readers by number, or why not
	}{
		"alone":                      {"", nil, "/etc/mysql/conf.d/zz-replssl.cnf", ""},
		"one that reads the same":    {"", []string{""}, "/etc/mysql/conf.d/zz-replssl.cnf", "1"},
		"one of a template beside":   {"", []string{"--defaults-group-suffix=.x"}, "/etc/mysql/conf.d/zz-replssl.cnf", "1"},
		"of a template itself":       {"--defaults-group-suffix=.x", []string{"", "--defaults-group-suffix=.y"}, "/etc/mysql/conf.d/zz-replssl@.x.cnf", ""},
		"twice the same suffix":      {"--defaults-group-suffix=.x", []string{"--defaults-group-suffix=.X"}, "/etc/mysql/conf.d/zz-replssl@.x.cnf", "1"},
		"a suffix that is no name":   {"--defaults-group-suffix=/x", nil, "/etc/mysql/conf.d/zz-replssl@%2Fx.cnf", ""},
		"files of their own":         {"--defaults-file=/etc/b.cnf", []string{"--defaults-file=/etc/c.cnf", ""}, "/etc/b.d/zz-replssl.cnf", ""},
		"one folder by two files":    {"--defaults-file=/etc/a.cnf", []string{"--defaults-file=/etc/b.cnf", ""}, "/etc/mysql/conf.d/zz-replssl.cnf", "2"},
		"by a file that includes":    {"", []string{"--defaults-file=/etc/d.cnf"}, "/etc/mysql/conf.d/zz-replssl.cnf", "1"},
		"by an extra file":           {"--defaults-file=/etc/b.cnf", []string{"--defaults-extra-file=/etc/b.cnf"}, "/etc/b.d/zz-replssl.cnf", "1"},
		"by another name":            {"", []string{"--defaults-file=/etc/e.cnf", "--defaults-file=/etc/b.cnf"}, "/etc/mysql/conf.d/zz-replssl.cnf", "1"},
		"by a name that is closed":   {"", []string{"--defaults-file=/etc/f.cnf"}, "/etc/mysql/conf.d/zz-replssl.cnf", "what process 1 --defaults-file=/etc/f.cnf reads: it is closed"},
		"one that reads no files":    {"", []string{"--no-defaults"}, "/etc/mysql/conf.d/zz-replssl.cnf", ""},
		"one whose file is gone":     {"", []string{"--defaults-file=/etc/gone.cnf"}, "/etc/mysql/conf.d/zz-replssl.cnf", ""},
		"one whose file is closed":   {"", []string{"--defaults-file=/etc/closed.cnf"}, "/etc/mysql/conf.d/zz-replssl.cnf", "what process 1 --defaults-file=/etc/closed.cnf reads: "},
		"closed, of another group":   {"--defaults-group-suffix=.x", []string{"--defaults-file=/etc/closed.cnf"}, "/etc/mysql/conf.d/zz-replssl@.x.cnf", ""},
		"one of a relative file":     {"", []string{"--defaults-file=my.cnf"}, "/etc/mysql/conf.d/zz-replssl.cnf", "is not named by an absolute path"},
		"servers that nobody listed": {"", []string{"unseen"}, "/etc/mysql/conf.d/zz-replssl.cnf", "no list"},
		"a list that lacks our own":  {"", []string{"not ours"}, "/etc/mysql/conf.d/zz-replssl.cnf", "process 100, which is ours, is not among the servers that the host shows"},
	} {
		t.Run(name, func(t *testing.T) {
			g := &glance{observer: New(cluster(), nil, store(t), nil), dialect: mariadb(t), args: arguments{"/usr/sbin/mariadbd"}}
			g.observer.memory.keepDefaults(origin{"", strings.Join(environment{}.words(), " ") + " /usr/sbin/mariadbd"}, []string{"/etc/my.cnf", "/etc/mysql/my.cnf"})
			g.args = append(g.args, strings.Fields(c.own)...)
			g.found.PID, g.found.Environment = 100, seen.Known(map[string]string{})
			servers := []process.Server{{PID: 100, Options: strings.Fields(c.own)}}
			for i, options := range c.others {
				servers = append(servers, process.Server{PID: i + 1, Options: strings.Fields(options)})
			}
			g.servers = seen.Known(servers)
			if slices.Contains(c.others, "unseen") {
				g.servers = seen.Unknown[[]process.Server]("no list")
			}
			roots, err := g.rootFiles(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			suffix, _ := g.args.option(groupSuffix)
			own := newOptionFiles(g.dialect, suffix)
			own.roots = roots
			if slices.Contains(c.others, "not ours") {
				g.servers = seen.Known([]process.Server{})
			}
			others := g.neighbours(t.Context(), own)
			if err := loadAll(t.Context(), append([]*optionFiles{own}, others.files()...), files.fetch); err != nil || own.fault() != nil {
				t.Fatal(err, own.fault())
			}
			config := g.config(own, roots)
			if config.OwnPath != c.path {
				t.Errorf("ours is %s, want %s", config.OwnPath, c.path)
			}
			same := map[string]seen.Value[bool]{}
			for _, folder := range others.elsewhere(config) {
				same[folder] = seen.Known(folder == "/etc/link.d")
				if folder == "/etc/unseen.d" {
					same[folder] = seen.Unknown[bool]("it is closed")
				}
			}
			readers := others.readers(config, suffix, same)
			var numbers []string
			for _, reader := range readers.Or(nil) {
				numbers = append(numbers, strings.Fields(reader)[1])
			}
			if got := strings.Join(numbers, " ") + readers.Why(); got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
