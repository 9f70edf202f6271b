package observe

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/seen"
)

func cluster() topology.Cluster {
	return topology.Cluster{Account: topology.Account{User: "repl"}}
}

func store(t *testing.T) pkistore.Store {
	t.Helper()
	return pkistore.Open(t.TempDir())
}

func info(lines ...string) seen.Value[file.Content] {
	return seen.Known(file.Content{Text: secret.New(strings.Join(lines, "\n"))})
}

func TestThePasswordIsThatOfTheChannel(t *testing.T) {
	channel := facts.Channel{SourceHost: "db1", SourcePort: 3306, SourceUser: "repl"}
	good := info("33", "binlog.000001", "4", "db1", "repl", `p\ä #"x`, "3306", "60", "")
	other := info("33", "binlog.000001", "4", "db9", "repl", "no", "3306", "60", "")
	broken := info("33", "binlog.000001", "4", "db1", "repl", "two", "lines", "3306", "60", "")
	closed := seen.Unknown[file.Content]("Permission denied")
	for name, c := range map[string]struct {
		files []seen.Value[file.Content]
		want  string
	}{
		"found":          {[]seen.Value[file.Content]{other, broken, good}, ""},
		"none":           {nil, "no file master*.info"},
		"another's":      {[]seen.Value[file.Content]{other}, "no file master*.info"},
		"not laid out":   {[]seen.Value[file.Content]{broken}, "/d/master.info: it is not laid out"},
		"closed":         {[]seen.Value[file.Content]{closed, other}, "/d/master.info: Permission denied"},
		"of another age": {[]seen.Value[file.Content]{info("binlog.000001", "4", "db1", "repl", "old", "3306", "60", "", "")}, "not laid out"},
	} {
		t.Run(name, func(t *testing.T) {
			var list []file.Found
			for _, content := range c.files {
				list = append(list, file.Found{Path: "/d/master.info", Content: content})
			}
			found := (&glance{}).matching(list, of(channel))
			p, ok := found.Get()
			switch {
			case ok != (c.want == "") || !strings.Contains(found.Why(), c.want):
				t.Errorf("got %v", found)
			case ok && (p.password.Reveal() != `p\ä #"x`):
				t.Errorf("got %q", p.password.Reveal())
			}
			if text := found.String(); strings.Contains(text, "two") || strings.Contains(text, "#") {
				t.Errorf("the password is told: %s", text)
			}
		})
	}
}

// TestAPIDFileThatIsNotTheServers: most often because several servers share it.
func TestAPIDFileThatIsNotTheServers(t *testing.T) {
	for why, found := range map[string]seen.Value[process.Process]{
		"db1: /run/mysqld.pid names process 7, which does not work in /data":             seen.Unknown[process.Process]("/run/mysqld.pid names process 7, which does not work in /data"),
		"db1: the server answers, but /run/mysqld.pid names a process that is not there": seen.Absent[process.Process](),
	} {
		g := &glance{server: topology.Server{Name: "db1"}}
		g.takeProcess("/run/mysqld.pid", found)
		if g.seen.Process.Why() != why || !strings.Contains(g.seen.Process.Hint(), "give each a pid_file of its own") {
			t.Errorf("got %v, hint %s", g.seen.Process, g.seen.Process.Hint())
		}
	}
}

func TestComplaints(t *testing.T) {
	for said, want := range map[string]string{
		"":                                   "",
		"2026-11-22 7:41:55 0 [Warning] x\n": "2026-11-22 7:41:55 0 [Warning] x",
		"2026 0 [Warning] x\n2026 0 [ERROR] a: unknown variable 'my_secret=x'\nmore\n": "a: unknown variable 'my_secret=***'",
		"error: Wrong group\n[ERROR] b\n":                                              "Wrong group; b",
	} {
		if got := complaints(said); got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
}

func TestReadable(t *testing.T) {
	yes, no, unknown := seen.Known(true), seen.Known(false), seen.Unknown[bool]("why")
	for name, c := range map[string]struct {
		values []seen.Value[bool]
		want   string
	}{
		"all":           {[]seen.Value[bool]{yes, yes}, "true"},
		"one not":       {[]seen.Value[bool]{no, yes}, "false"},
		"a later not":   {[]seen.Value[bool]{unknown, no}, "false"},
		"unknown":       {[]seen.Value[bool]{yes, unknown, yes}, "unknown: ca.pem: why"},
		"not, whatever": {[]seen.Value[bool]{no, unknown}, "false"},
	} {
		got := facts.Known(true)
		for _, v := range c.values {
			got = also(got, "ca.pem", v)
		}
		if got.String() != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}
