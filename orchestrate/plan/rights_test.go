package plan_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// lackingSite is a cluster of MariaDB or MySQL, whose replica db2 is read_only and has the account, and whose server lacks privileges.
func lackingSite(mysql bool, server topology.ServerName, privileges ...string) *site {
	s := newSite(world.Cluster("db1", "db2"))
	for _, name := range []topology.ServerName{"db1", "db2"} {
		s.With(name, func(w *world.Settings) {
			if mysql {
				w.Persists()
			}
		})
	}
	s.With("db2", func(w *world.Settings) {
		w.Account("10.%", facts.RequireNone)
		w.Instance(func(i *facts.Instance) { i.ReadOnly = true })
	})
	return lack(s, server, privileges...)
}

func lack(s *site, server topology.ServerName, privileges ...string) *site {
	s.With(server, func(w *world.Settings) { w.Lacks(privileges...) })
	return s
}

func TestALackOfPrivilegesBlocksBeforeAnythingIsDone(t *testing.T) {
	const threads = "stop and start threads, to set TLS options of a channel"
	for name, c := range map[string]struct {
		mysql  bool
		server topology.ServerName
		lacks  []string
		why    string // empty: nothing is lacking
		hint   string
	}{
		"threads": {
			false, "db2", []string{"REPLICATION SLAVE ADMIN"}, "REPLICATION SLAVE ADMIN (to " + threads + ")", "GRANT REPLICATION SLAVE ADMIN ON *.* TO `root`@`localhost`",
		},
		"threads of a server without a channel": {false, "db1", []string{"REPLICATION SLAVE ADMIN"}, "", ""},
		"reload where a restart is due":         {false, "db1", []string{"RELOAD"}, "", ""},
		"rows": {
			false, "db2",
			[]string{"BINLOG ADMIN", "READ_ONLY ADMIN", "CREATE USER"},
			"CREATE USER (to set what an account requires); BINLOG ADMIN (to keep that out of the binary log); READ_ONLY ADMIN (to set it on a read_only server)",
			"GRANT CREATE USER, BINLOG ADMIN, READ_ONLY ADMIN ON *.* TO `root`@`localhost`",
		},
		"a server that may be written": {false, "db1", []string{"READ_ONLY ADMIN"}, "", ""},
		"reload, of MySQL":             {true, "db1", []string{"CONNECTION_ADMIN"}, "CONNECTION_ADMIN (to let it read its certificate files again)", "GRANT CONNECTION_ADMIN ON *.*"},
		"a way back": {
			true, "db1", []string{"PERSIST_RO_VARIABLES_ADMIN"}, "PERSIST_RO_VARIABLES_ADMIN (to take back what it persists)", "GRANT PERSIST_RO_VARIABLES_ADMIN ON *.*",
		},
		"a privilege that another stands for": {true, "db2", []string{"SESSION_VARIABLES_ADMIN"}, "", ""},
	} {
		p := lackingSite(c.mysql, c.server, c.lacks...).build()
		if c.why == "" {
			if len(p.Blocked)+len(p.Warnings) > 0 {
				t.Errorf("%s: blocked: %v %v", name, p.Blocked, p.Warnings)
			}
			continue
		}
		why := "root@localhost lacks privileges on " + string(c.server) + " that this plan takes: " + c.why
		if len(p.Blocked) != 1 || p.Blocked[0].Why != why || p.Blocked[0].Target != c.server || !strings.Contains(p.Blocked[0].Hint, c.hint) || len(p.Steps) > 0 {
			t.Errorf("%s: %+v, want %s; hint %s", name, p.Blocked, why, c.hint)
		}
	}
}

// TestWhatWasPersistedBeforeIsPersistedAgain takes no more than to persist it: nothing is reset.
func TestWhatWasPersistedBeforeIsPersistedAgain(t *testing.T) {
	values := map[string]string{"ssl_ca": "/etc/mysql/ssl/ca.pem", "ssl_cert": "/etc/mysql/ssl/cert.pem", "ssl_key": "/etc/mysql/ssl/key.pem"}
	s := lackingSite(true, "db1", "PERSIST_RO_VARIABLES_ADMIN")
	s.With("db1", func(settings *world.Settings) { settings.Kept(func(k *facts.Kept) { k.Values = values }) })
	if p := s.build(); len(p.Blocked) > 0 {
		t.Errorf("blocked: %v", p.Blocked)
	}
	delete(values, "ssl_key")
	if p := s.build(); len(p.Blocked) != 1 || !strings.Contains(p.Blocked[0].Why, "PERSIST_RO_VARIABLES_ADMIN") {
		t.Errorf("what is to be reset takes more: %v", p.Blocked)
	}
}

func TestAWeakAccountIsEnoughForWhatIsDone(t *testing.T) {
	for _, mysql := range []bool{false, true} {
		s := lackingSite(mysql, "db1")
		s.mustApply(t)
		s = lack(lack(s, "db1", world.Privileges(mysql)...), "db2", world.Privileges(mysql)...)
		if p := s.build(); len(p.Blocked)+len(p.Steps)+len(p.Warnings) > 0 {
			t.Errorf("%+v", p)
		}
		if r := s.report(); !r.OK {
			t.Errorf("%+v", r.Problems)
		}
	}
}

func TestPrivilegesThatWereNotUnderstoodWarn(t *testing.T) {
	for want, grants := range map[string]facts.Value[facts.Grants]{
		"whether root@localhost may do all of this was not seen: it was lost":                facts.Unknown[facts.Grants]("it was lost"),
		"root@localhost may lack privileges that this plan takes: CREATE USER, BINLOG ADMIN": facts.Known(facts.Grants{Unread: true}),
	} {
		s := newSite(world.Cluster("db1", "db2"))
		s.With("db1", func(w *world.Settings) { w.Grants(grants) })
		p := s.build()
		if len(p.Blocked) > 0 || !slices.ContainsFunc(p.Warnings, func(w plan.Warning) bool { return w.Target == "db1" && strings.HasPrefix(w.Text, want) }) {
			t.Errorf("%v %v, want %s", p.Blocked, p.Warnings, want)
		}
		s.mustApply(t)
		if p := s.build(); len(p.Warnings) > 0 {
			t.Errorf("where nothing is to be done: %v", p.Warnings)
		}
	}
}

// TestNoActionOfAPlanIsRefused: whatever one privilege the administrator lacks, the plan blocks, or every action of it and every way back is allowed. The world
// refuses by a list of its own.
func TestNoActionOfAPlanIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 8 { // one alone seldom lacks what only a way back takes
			s := drawSite(t)
			drawLack(t, s)
			s.refusesNothingOf(t, s.build())
		}
	})
}

func (s *site) refusesNothingOf(t *rapid.T, p plan.Plan) {
	for _, step := range p.Steps {
		for _, a := range slices.Concat(step.Actions, step.Rescue) {
			if err := s.Do(context.Background(), a, s.note); err != nil && strings.Contains(err.Error(), "1227") {
				t.Fatalf("%s: %s: %v", step.ID, a, err)
			}
		}
	}
}

// drawLack takes one privilege away, on one server or on all, or none. With several the plan would block for one that is taken in any case.
func drawLack(t *rapid.T, s *site) {
	all := world.Privileges(s.facts().Server("db1").Instance.Or(facts.Instance{}).Version.Flavour == facts.MySQL)
	lacks := rapid.SampledFrom(append(all, "")).Draw(t, "lacks")
	only := rapid.SampledFrom(append(s.cluster.Servers, topology.Server{})).Draw(t, "on").Name
	for _, server := range s.cluster.Servers {
		if lacks != "" && (only == "" || only == server.Name) {
			lack(s, server.Name, lacks)
		}
	}
}
