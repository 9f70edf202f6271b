package plan_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestARestartIsNoCureForBadFiles: nobody is told to restart a server that would not come back.
func TestARestartIsNoCureForBadFiles(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	alike := plan.StartsAlike{Server: "db1", Cert: "/etc/mysql-ssl/current/cert.pem"}
	for name, c := range map[string]struct {
		named   facts.Value[map[string]facts.Named]
		restart bool
	}{
		"good":       {facts.Known(map[string]facts.Named{}), true},
		"gone":       {facts.Known(map[string]facts.Named{"/old.pem": {Readable: facts.Absent[bool]()}}), false},
		"unreadable": {facts.Known(map[string]facts.Named{"/old.pem": {Readable: facts.Known(false)}}), false},
		"no certificate": {
			facts.Known(map[string]facts.Named{"/old.pem": {Readable: facts.Known(true), Certs: "text"}}), false,
		},
		"not looked at": {facts.Unknown[map[string]facts.Named]("no sudo"), false},
	} {
		f := edit(addSetting(s.facts(), later("ssl_ca", "/old.pem")), "db1", func(server *facts.Server) { server.Named = c.named })
		if name == "no certificate" {
			f = addSetting(f, later("ssl_cert", "/old.pem"))
		}
		v := alike.Holds(f)
		if !v.Fails() || !strings.Contains(v.Hint(), "correct /etc/mysql/conf.d/zzz.cnf:7") || strings.Contains(v.Hint(), "restart") != c.restart {
			t.Errorf("%s: %s; %s", name, v, v.Hint())
		}
	}
}

// TestReasonsAreThoseOfTheMoment: a step's reason is what is wrong when it begins.
func TestReasonsAreThoseOfTheMoment(t *testing.T) {
	p := newSite(world.Cluster("db1", "db2", "db3")).build()
	if got := mustStep(t, p, "serve/db1").Reason; got != "db1 offers no TLS" {
		t.Errorf("serve: %s", got)
	}
	if got := mustStep(t, p, "serve/db1").Impact; !strings.Contains(got, "db1 restarts: it cuts the receivers of db2, db3; ") {
		t.Errorf("impact: %s", got)
	}
	s := securedSite(t, world.Cluster("db1", "db2"))
	broken := edit(s.facts(), "db1", func(server *facts.Server) {
		dir, _ := server.TLSDir.Get()
		set := dir.Sets[1]
		set.Faults = []string{"ca.pem is missing"}
		dir.Sets = map[int]facts.FileSet{1: set}
		server.TLSDir = facts.Known(dir)
	})
	p = plan.Build(s.cluster, broken, plan.Options{})
	for _, id := range []string{"leaf/db1", "files/db1"} {
		if got := mustStep(t, p, id).Reason; got != "certificate set 1 of db1: ca.pem is missing" {
			t.Errorf("%s: %s", id, got)
		}
	}
	if got := mustStep(t, p, "serve/db1").Impact; !strings.Contains(got, "db1 reads its certificate anew") {
		t.Errorf("the impact of a reload: %s", got)
	}
}

// TestNoTLSWithoutACertificate: the error log of a server that was given no certificate has nothing to tell.
func TestNoTLSWithoutACertificate(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	for cert, want := range map[string]string{"": "counts from its next start on", "/etc/mysql-ssl/current/cert.pem": "error log"} {
		f := edit(s.facts(), "db1", func(server *facts.Server) {
			server.ServedTLS = facts.Absent[facts.ServedTLS]()
			server.Settings = facts.Known(facts.TLSSettings{Cert: cert})
		})
		for _, c := range []plan.Condition{plan.ServesValid{Server: "db1"}, plan.Serves{Server: "db1"}} {
			if v := c.Holds(f); !v.Fails() || !strings.Contains(v.Hint(), want) {
				t.Errorf("%q: %s; %s", cert, v, v.Hint())
			}
		}
	}
}

// TestStatusOfPersistedSettings: what the next start would read again was not only set while the server ran.
func TestStatusOfPersistedSettings(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	f := edit(s.facts(), "db1", func(server *facts.Server) {
		server.Variables = facts.Known(map[string]facts.Variable{
			"ssl_ca": {Value: "/ca", Origin: facts.FromRunTime}, "ssl_cert": {Value: "/new", Origin: facts.FromRunTime}, "ssl_crl": {Origin: facts.FromRunTime},
		})
		server.Kept = facts.Known(facts.Kept{Loaded: true, Values: map[string]string{"ssl_ca": "/ca", "ssl_cert": "/cert"}})
	})
	var got []string
	for _, setting := range plan.StatusOf(s.cluster, f, s.build()).Servers[0].Settings.Or(nil) {
		got = append(got, setting.Name+" "+setting.From)
	}
	if text := strings.Join(got, ", "); text != "ssl_ca "+string(facts.FromPersisted)+", ssl_cert "+string(facts.FromRunTime) {
		t.Error(text)
	}
}
