package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

func ownFiles(c *topology.Cluster) {
	c.TLS.Source = topology.SourceFiles
	for i, s := range c.Servers {
		dir := "/pki/" + string(s.Name)
		c.Servers[i].Given = topology.Given{CA: dir + "/ca.pem", Cert: dir + "/cert.pem", Key: dir + "/key.pem"}
	}
}

func TestBuildFollowsOwnFiles(t *testing.T) {
	clock := func(name topology.ServerName, d time.Duration) func(facts.Facts) facts.Facts {
		return seenServer(name, func(s *facts.Server) { s.Clock = facts.Known(d) })
	}
	alone := []string{"files/db1", "files/db2", "files/db3"}
	runCases(t, []planCase{
		{
			name:   "own files go all the way, and nothing is made",
			policy: ownFiles,
			steps:  slices.Concat(alone, serving, changes, []string{"require/db1"}, rehearsals),
		},
		{
			name:   "own files in place need nothing",
			policy: ownFiles, secured: true,
		},
		{
			name:   "a new certificate of the same authority is served after it is copied",
			policy: ownFiles, secured: true,
			begin: func(_ *testing.T, s *site) { s.NewOwn("db1") },
			steps: []string{"files/db1", "serve/db1", "change/db2", "change/db3"},
		},
		{
			name:   "an authority at one end alone blocks both ends",
			policy: ownFiles,
			begin: func(_ *testing.T, s *site) {
				var old facts.Value[facts.Leaf]
				s.Own("db1", func(own *facts.Value[facts.Leaf]) { old = *own })
				s.NewOwnAuthority()
				s.Own("db1", func(own *facts.Value[facts.Leaf]) { *own = old })
			},
			blocked: []string{
				"db2: would refuse what db1 shows", "db1: would refuse what db2 shows", "db3: would refuse what db1 shows", "db1: would refuse what db3 shows",
			},
		},
		{
			name:   "another authority at once blocks, since the ends do not change at the same moment",
			policy: ownFiles, secured: true,
			begin: func(_ *testing.T, s *site) { s.NewOwnAuthority() },
			blocked: []string{
				"db2: while the files change it would refuse what db1 shows: not-chained: /pki/db1/cert.pem",
				"db1: while the files change it would refuse what db2 shows: not-chained: db2:/etc/mysql-ssl/current/cert.pem",
				"db2: while the files change it would refuse what db1 shows: not-chained: db1:/etc/mysql-ssl/current/cert.pem",
				"db1: while the files change it would refuse what db2 shows: not-chained: /pki/db2/cert.pem",
				"db3: while the files change it would refuse what db1 shows: not-chained: /pki/db1/cert.pem",
				"db1: while the files change it would refuse what db3 shows: not-chained: db3:/etc/mysql-ssl/current/cert.pem",
				"db3: while the files change it would refuse what db1 shows: not-chained: db1:/etc/mysql-ssl/current/cert.pem",
				"db1: while the files change it would refuse what db3 shows: not-chained: /pki/db3/cert.pem",
			},
			hint: "three runs",
		},
		{
			name:   "files that cannot be read block with what helps",
			policy: ownFiles,
			begin: func(_ *testing.T, s *site) {
				s.Own("db2", func(own *facts.Value[facts.Leaf]) {
					*own = facts.Unknown[facts.Leaf]("/pki/db2/key.pem: others can read it")
				})
			},
			blocked: []string{"db2: its own files cannot be used: /pki/db2/key.pem: others can read it"},
		},
		{
			name:   "a host whose clock is a day behind does not take its certificate yet",
			policy: ownFiles, seen: clock("db2", -24*time.Hour),
			blocked: []string{"db2: not-yet-valid: /pki/db2/ca.pem", "db2: not-yet-valid: /pki/db2/cert.pem"}, hint: "set the clock of the host",
		},
		{
			name:   "a host whose clock is ahead of the certificates sees them expired",
			policy: ownFiles, seen: clock("db1", 20*year),
			blocked: []string{"db1: expired: /pki/db1/ca.pem", "db1: expired: /pki/db1/cert.pem"},
		},
		{
			name:   "a clock that is a day ahead is nobody's trouble",
			policy: ownFiles, seen: clock("db1", 24*time.Hour),
			steps: slices.Concat(alone, serving, changes, []string{"require/db1"}, rehearsals),
		},
	})
}

// TestOwnFilesThatChangeAreNotCopied: the guard looks at the files once more.
func TestOwnFilesThatChangeAreNotCopied(t *testing.T) {
	c := world.Cluster("db1", "db2")
	ownFiles(&c)
	s := newSite(c)
	guards := mustStep(t, s.build(), "files/db2").Guards
	if len(guards) != 1 || !guards[0].Condition.Holds(s.facts()).Holds() {
		t.Fatalf("%v", guards)
	}
	s.NewOwn("db2")
	v := guards[0].Condition.Holds(s.facts())
	if v.Holds() || !strings.Contains(v.Why(), "db2 have changed since the plan") || v.Hint() != "plan again" {
		t.Errorf("%s (%s)", v.Why(), v.Hint())
	}
	s.Own("db2", func(own *facts.Value[facts.Leaf]) { *own = facts.Unknown[facts.Leaf]("it is gone") })
	if v := guards[0].Condition.Holds(s.facts()); !v.Unclear() || !strings.Contains(v.Why(), "it is gone") {
		t.Errorf("%s", v.Why())
	}
}

// TestSameCertificateInAnotherSetIsReadAtOnce: of a newer bundle no handshake would tell that the server has not read it.
func TestSameCertificateInAnotherSetIsReadAtOnce(t *testing.T) {
	c := world.Cluster("db1", "db2")
	ownFiles(&c)
	s := securedSite(t, c)
	more := otherAuthority(t).CA.Or("")
	for _, name := range []topology.ServerName{"db1", "db2"} {
		s.Own(name, func(own *facts.Value[facts.Leaf]) {
			leaf, _ := own.Get()
			leaf.CA += more
			*own = facts.Known(leaf)
		})
	}
	p := s.build()
	reload := plan.ReloadTLS{Server: "db1"}
	step := mustStep(t, p, "files/db1")
	if last := len(step.Actions) - 1; step.Actions[last] != plan.Action(reload) || step.Rescue[len(step.Rescue)-1] != plan.Action(reload) {
		t.Errorf("%v, and back %v", step.Actions, step.Rescue)
	}
	for _, action := range mustStep(t, p, "files/db2").Actions {
		if action == plan.Action(reload) {
			t.Errorf("a replica reads no files as a server: %v", action)
		}
	}
	s.mustApply(t)
	if again := s.build(); len(again.Steps)+len(again.Blocked) > 0 {
		t.Errorf("%v %v", ids(again), again.Blocked)
	}
}

// TestListOfRevokedCertificatesIsRead: a server that shows its certificate, and runs without its list, does not do yet.
func TestListOfRevokedCertificatesIsRead(t *testing.T) {
	const list = "/etc/mysql-ssl/current/crl.pem"
	serves := plan.Serves{Server: "db1", Paths: facts.TLSSettings{CRL: list}}
	running := func(crl string) func(facts.Facts) facts.Facts {
		return seenServer("db1", func(s *facts.Server) {
			settings, _ := s.Settings.Get()
			settings.CRL = crl
			s.Settings = facts.Known(settings)
		})
	}
	runJudgements(t, securedSite(t, world.Cluster("db1", "db2")).facts(), []judgement{
		{"a server without its list", serves, nil, "fails", "does not run with the list of revoked certificates " + list},
		{"a server with another list", serves, running("/other.pem"), "fails", list},
		{"a server with its list", serves, running(list), "holds", ""},
		{"a server whose settings were not seen", serves, seenServer("db1", func(s *facts.Server) { s.Settings = facts.Unknown[facts.TLSSettings]("gone") }), "unclear", "gone"},
		{"a list that is somebody else's choice", plan.Serves{Server: "db1"}, running("/other.pem"), "holds", ""},
	})
}
