package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

const month = 30 * 24 * time.Hour

// renewing is a secured site, some time after, whose next plan renews these certificates.
func renewing(t fataler, c topology.Cluster, later time.Duration, within time.Duration, servers ...topology.ServerName) *site {
	s := securedSite(t, c)
	s.Later(later)
	s.options.Renewal = plan.Renewal{Servers: servers, Within: within}
	return s
}

func (s *site) sets() map[topology.ServerName]int {
	sets := map[topology.ServerName]int{}
	for _, server := range s.cluster.Servers {
		sets[server.Name] = s.quiet().Server(server.Name).TLSDir.Or(facts.TLSDir{}).Current
	}
	return sets
}

// TestRenewal gives each server that is named a new certificate by a reload and a reconnect, and comes to rest. No option of a channel
// changes, no applier is stopped, and nobody restarts.
func TestRenewal(t *testing.T) {
	for name, c := range map[string]struct {
		cluster topology.Cluster
		servers []topology.ServerName
	}{
		"one replica":    {world.Cluster("db1", "db2", "db3"), []topology.ServerName{"db2"}},
		"the primary":    {world.Cluster("db1", "db2", "db3"), []topology.ServerName{"db1"}},
		"all":            {world.Cluster("db1", "db2", "db3"), []topology.ServerName{"db1", "db2", "db3"}},
		"all of a chain": {world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2"), []topology.ServerName{"db1", "db2", "db3"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := renewing(t, c.cluster, month, 0, c.servers...)
			before, p := s.sets(), s.build()
			for _, step := range p.Steps {
				for _, action := range step.Actions {
					switch a := action.(type) {
					case plan.ChangeTLS, plan.Restart, plan.Require, plan.WriteConfig:
						t.Errorf("%s: %s", step.ID, a)
					case plan.StopThreads:
						if a.Threads.Applier {
							t.Errorf("%s: %s", step.ID, a)
						}
					}
				}
			}
			s.mustApply(t)
			for server, now := range s.sets() {
				if renewed := now > before[server]; renewed != slices.Contains(c.servers, server) {
					t.Errorf("%s used set %d and uses set %d", server, before[server], now)
				}
			}
			if again := s.build(); len(again.Steps)+len(again.Blocked) > 0 {
				t.Errorf("it does not come to rest: %v, %v", ids(again), again.Blocked)
			}
			if r := s.report(); !r.OK {
				t.Errorf("not proven: %v", r.Problems)
			}
			if v := s.Violations(); len(v) > 0 {
				t.Error(v)
			}
		})
	}
}

// TestRenewalOfWhatExpires leaves alone what is good for longer, and has nothing to do the day after.
func TestRenewalOfWhatExpires(t *testing.T) {
	all := []topology.ServerName{"db1", "db2"}
	s := renewing(t, world.Cluster("db1", "db2"), pki.LeafLife-2*month, month, all...)
	if p := s.build(); len(p.Steps)+len(p.Blocked) > 0 {
		t.Fatalf("two months before the end: %v, %v", ids(p), p.Blocked)
	}
	s.Later(month + time.Hour)
	reason := mustStep(t, s.build(), "files/db2").Reason
	if !strings.HasPrefix(reason, "the certificate in use, set 1, expires on 20") {
		t.Errorf("the reason is %q", reason)
	}
	s.mustApply(t)
	s.Later(24 * time.Hour)
	if p := s.build(); len(p.Steps)+len(p.Blocked) > 0 {
		t.Errorf("a day later: %v, %v", ids(p), p.Blocked)
	}
}

// TestRenewalDoesNoOtherWork: who lets it run at night has agreed to new certificates, and to nothing else.
func TestRenewalDoesNoOtherWork(t *testing.T) {
	for name, spoil := range map[string]func(*site){
		"an account that requires no TLS": func(s *site) { s.do(t, plan.Require{Server: "db1", User: "repl", Rows: lifted("%")}) },
		"other options of a channel": func(s *site) {
			s.do(t, plan.StopThreads{Channel: channelOf("db2"), Threads: both}, plan.ChangeTLS{Channel: channelOf("db2"), Options: facts.TLSOptions{Enabled: true}},
				plan.StartThreads{Channel: channelOf("db2"), Threads: both})
		},
		"a certificate of another server": func(s *site) { s.issued(t, "db1", 2) },
	} {
		t.Run(name, func(t *testing.T) {
			s := renewing(t, world.Cluster("db1", "db2"), month, 0, "db2")
			spoil(s)
			p := s.build()
			if len(p.Steps) > 0 || len(p.Blocked) != 1 || !strings.Contains(p.Blocked[0].Why, "where nothing else is to be done") {
				t.Errorf("%v, %v", ids(p), p.Blocked)
			}
		})
	}
}

// TestRenewalByAnAuthorityThatExpires: the new certificate would be due again at the next look.
func TestRenewalByAnAuthorityThatExpires(t *testing.T) {
	s := renewing(t, world.Cluster("db1", "db2"), pki.AuthorityLife-pki.LeafLife/2, 0, "db1", "db2")
	s.mustApply(t) // which ends with the authority
	s.Later(pki.LeafLife/2 - month/2)
	s.options.Renewal.Within = month
	p := s.build()
	if len(p.Blocked) == 0 || !strings.HasPrefix(p.Blocked[0].Why, "the authority expires at 20") {
		t.Errorf("%v, %v", ids(p), p.Blocked)
	}
}

// TestAProofOfWhatIsPresented: a fresh login shows another certificate than that of the set.
func TestAProofOfWhatIsPresented(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	goal := plan.PresentsSet{Link: linkTo("db2")}
	presents := func(serial string) facts.Facts {
		return seenServer("db2", func(seen *facts.Server) {
			trial, _ := seen.Trials[""].Get()
			trial.Presented = serial
			seen.Trials = map[string]facts.Value[facts.Trial]{"": facts.Known(trial)}
		})(s.facts())
	}
	if v := goal.Holds(s.facts()); !v.Holds() {
		t.Error(v)
	}
	if v := goal.Holds(presents("")); !v.Holds() {
		t.Errorf("a source that asks for none: %s", v)
	}
	if v := goal.Holds(presents("ABC")); !v.Fails() || v.Why() != "the login from db2 presented another certificate than the one of its set" {
		t.Errorf("another certificate: %s", v)
	}
}
