package observe

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/confine"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/seen"
)

// apparmor are the texts of a host whose profile lets the server read /etc/mysql, with a local file.
func apparmor(local string) disk {
	return disk{
		"/etc/apparmor.d/usr.sbin.mysqld": "include <tunables/global>\n/usr/sbin/mysqld {\n include <abstractions/base>\n /etc/mysql/** r,\n" +
			" include <local/usr.sbin.mysqld>\n}\n",
		"/etc/apparmor.d/usr.sbin.mariadbd":     "# nothing\n",
		"/etc/apparmor.d/tunables/global":       "include <tunables/home.d>\n@{HOME}=/root/\n",
		"/etc/apparmor.d/tunables/home.d/site":  "@{TLS}=/srv/tls\n",
		"/etc/apparmor.d/abstractions/base":     "/etc/localtime r,\n",
		"/etc/apparmor.d/local/usr.sbin.mysqld": local,
	}
}

func beside(dir string, sets ...int) *glance {
	g := &glance{server: topology.Server{Name: "db1", TLSDir: dir}, parts: facts.PartProcess | facts.PartFiles}
	found := facts.TLSDir{Sets: map[int]facts.FileSet{}}
	for _, version := range sets {
		found.Sets[version], found.Current = facts.FileSet{}, version
	}
	g.seen.TLSDir, g.seen.Process = facts.Known(found), facts.Known(facts.Process{})
	return g
}

func TestWhatAProfileLetsTheServerRead(t *testing.T) {
	for name, c := range map[string]struct {
		dir, local, profile string
		sets                []int
		want                string
	}{
		"the package's own folder":   {"/etc/mysql/ssl", "", "/usr/sbin/mysqld", nil, "true"},
		"another folder":             {"/etc/replssl", "", "/usr/sbin/mysqld", nil, "false"},
		"with a rule of its own":     {"/etc/replssl", "/etc/replssl/** r,", "/usr/sbin/mysqld", nil, "true"},
		"by a variable of a folder":  {"/srv/tls", "@{TLS}/** r,", "/usr/sbin/mysqld", nil, "true"},
		"the set that comes next":    {"/etc/replssl", "/etc/replssl/versions/[12]/* r,", "/usr/sbin/mysqld", []int{1, 2}, "false"},
		"a profile that is not here": {"/etc/mysql/ssl", "", "mariadbd", nil, "unknown: no file in /etc/apparmor.d has it"},
		"a local file that is not":   {"/etc/mysql/ssl", "closed", "/usr/sbin/mysqld", nil, "unknown: /etc/apparmor.d/local/usr.sbin.mysqld: "},
	} {
		t.Run(name, func(t *testing.T) {
			confined := beside(c.dir, c.sets...).confinedBy(t.Context(), c.profile, apparmor(c.local).fetch)
			if got := confined.Reads.String(); got != c.want && (!strings.HasPrefix(c.want, "unknown") || !strings.HasPrefix(got, c.want)) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if c.profile == "/usr/sbin/mysqld" && (confined.File != "/etc/apparmor.d/usr.sbin.mysqld" || confined.Place != "/etc/apparmor.d/local/usr.sbin.mysqld") {
				t.Errorf("got %+v", confined)
			}
		})
	}
}

func TestAHostThatDoesNotTellItsProfiles(t *testing.T) {
	lost := func(context.Context, []file.Pick) ([]seen.Value[[]file.Found], error) { return nil, errors.New("lost") }
	if got := beside("/etc/replssl").confinedBy(t.Context(), "mysqld", lost).Reads.String(); got != "unknown: lost" {
		t.Errorf("got %s", got)
	}
	if got := beside("/etc/replssl").confinedBy(t.Context(), "mysqld", disk{}.fetch).Reads.String(); got != "unknown: /etc/apparmor.d: it is not there" {
		t.Errorf("got %s", got)
	}
}

func TestATypeThatThePolicyDoesNotLetTheServerRead(t *testing.T) {
	for context, want := range map[string]string{
		"unconfined_u:object_r:user_tmp_t:s0": "user_tmp_t", "system_u:object_r:etc_t:s0": "", "": "",
	} {
		g := beside("/srv/tls", 1)
		g.found = process.Process{Label: seen.Known(confine.Label{Type: "mysqld_t"})}
		g.takeFiles(fileset.State{Dir: seen.Absent[fileset.Folder](), Context: context}, nil)
		g.lookAtConfinement(t.Context())
		if got := g.seen.Confined.Or(facts.Confined{}); got.KeyType != want || g.seen.Confined.IsAbsent() != (want == "") || got.Reads.Or(false) {
			t.Errorf("%q: got %v", context, g.seen.Confined)
		}
	}
}

// TestOnlyAnEnforcedProfileIsAskedFor: a glance without an observer cannot ask its host.
func TestOnlyAnEnforcedProfileIsAskedFor(t *testing.T) {
	for _, label := range []confine.Label{{}, {Type: "mysqld_t"}} {
		g := beside("/etc/replssl")
		g.found = process.Process{Label: seen.Known(label)}
		g.lookAtConfinement(t.Context())
		if !g.seen.Confined.IsAbsent() {
			t.Errorf("%+v: got %v", label, g.seen.Confined)
		}
	}
	g := beside("/etc/replssl")
	g.found = process.Process{Label: seen.Unknown[confine.Label]("closed")}
	g.lookAtConfinement(t.Context())
	if got := g.seen.Confined.Or(facts.Confined{}).Reads.String(); got != "unknown: closed" {
		t.Errorf("got %s", got)
	}
}
