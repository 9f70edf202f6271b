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

const year = 365 * 24 * time.Hour

// elsewhere is a cluster whose primary serves a certificate of another authority; those that check it name its bundle.
func elsewhere(t *testing.T, valid time.Duration, checking ...topology.ServerName) *site {
	t.Helper()
	s := newSite(world.Cluster("db1", "db2", "db3"))
	s.With("db1", func(s *world.Settings) { s.ServesForeign(valid) })
	for _, name := range checking {
		s.With(name, func(s *world.Settings) { s.ChecksForeign(true) })
	}
	return s
}

// TestAnotherCertificateForClientsAlone: no channel rests on it, so each changes by itself after a trial; its clients are warned.
func TestAnotherCertificateForClientsAlone(t *testing.T) {
	s := elsewhere(t, year)
	p := s.build()
	if want := slices.Concat(certificates, serving, changes, []string{"require/db1"}, rehearsals); !slices.Equal(ids(p), want) {
		t.Errorf("steps %v, want %v", ids(p), want)
	}
	serve := mustStep(t, p, "serve/db1")
	for _, text := range []string{"clients that trust only the issuer", "/CN=db1", "elsewhere", "tls.source: files"} {
		if !strings.Contains(serve.Impact, text) {
			t.Errorf("the impact does not tell %q: %s", text, serve.Impact)
		}
	}
	s.mustApply(t)
	if r := s.report(); !r.OK {
		t.Errorf("%+v", r.Problems)
	}
}

// TestAChannelThatChecksAnotherAuthorityMovesWithItsSource: its receiver could not connect again in between.
func TestAChannelThatChecksAnotherAuthorityMovesWithItsSource(t *testing.T) {
	s := elsewhere(t, year, "db2")
	p := s.build()
	serve := mustStep(t, p, "serve/db1")
	change := func(a plan.Action) bool { c, ok := a.(plan.ChangeTLS); return ok && c.Channel == channelOf("db2") }
	if !slices.ContainsFunc(serve.Actions, change) || !slices.ContainsFunc(serve.Rescue, change) {
		t.Errorf("actions %v, rescue %v", sentences(serve.Actions), sentences(serve.Rescue))
	}
	if _, woken := p.Step("wake/db2"); woken {
		t.Error("it is woken besides")
	}
	if _, woken := p.Step("wake/db3"); !woken {
		t.Error("nobody wakes the receiver that checks nothing")
	}
	if !ancestors(p, "serve/db1")["files/db2"] {
		t.Error("it may change before its files are there")
	}
	if !strings.Contains(serve.Impact, "db2, whose options do not trust its new certificate, change with it") {
		t.Errorf("impact: %s", serve.Impact)
	}
	s.mustApply(t)
	changed := 0
	for _, action := range s.Done() {
		if change(action) {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("it was changed %d times", changed)
	}
	if again := s.build(); len(again.Steps) > 0 {
		t.Errorf("a second plan has steps: %v", ids(again))
	}
}

// TestAMovedChannelGetsItsFormerOptions when its source cannot serve the new certificate.
func TestAMovedChannelGetsItsFormerOptions(t *testing.T) {
	s := elsewhere(t, year, "db2")
	before := channelIn(s.facts(), channelOf("db2"))
	p := s.build()
	newCrew(s, upTo(p, "serve/db1"), inOrder).work()
	s.With("db1", func(s *world.Settings) { s.TLSBroken() })
	serve := mustStep(t, p, "serve/db1")
	s.do(t, serve.Actions...)
	if f := s.facts(); serve.Goal.Holds(f).Holds() {
		t.Fatal("it serves")
	}
	s.do(t, serve.Rescue...)
	f := s.facts()
	if v := serve.Rescued.Holds(f); !v.Holds() {
		t.Errorf("it is not taken back: %s", v)
	}
	if now := channelIn(f, channelOf("db2")); now.TLS != before.TLS || now.Receiver != facts.Yes {
		t.Errorf("%+v", now)
	}
}

// TestReceiversThatAnExpiredCertificateKeepsOut come back with the new one, and what was not connected is not waited for on the way back.
func TestReceiversThatAnExpiredCertificateKeepsOut(t *testing.T) {
	s := elsewhere(t, -24*time.Hour, "db2")
	if c := channelIn(s.facts(), channelOf("db2")); c.ReceiverError.Number != 2026 {
		t.Fatalf("%+v", c)
	}
	if r := s.report(); !slices.ContainsFunc(r.Problems, func(p plan.Problem) bool { return strings.Contains(p.Why, "has expired at") }) {
		t.Errorf("nothing tells of the expired certificate: %+v", r.Problems)
	}
	serve := mustStep(t, s.build(), "serve/db1")
	if v := serve.Rescued.Holds(s.facts()); strings.Contains(v.Why(), "not connected") {
		t.Errorf("the way back waits for a receiver that was not connected: %s", v)
	}
	s.mustApply(t)
	if r := s.report(); !r.OK {
		t.Errorf("%+v", r.Problems)
	}
}

// TestAnExpiredCertificateOfOurs: receivers that met it are down until the next set is reloaded; nothing is restarted.
func TestAnExpiredCertificateOfOurs(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2", "db3"))
	s.Later(3 * year)
	for _, name := range []topology.ServerName{"db2", "db3"} {
		s.do(t, plan.StopThreads{Channel: channelOf(name), Threads: receiver}, plan.StartThreads{Channel: channelOf(name), Threads: receiver})
		if c := channelIn(s.facts(), channelOf(name)); c.ReceiverError.Number != 2026 {
			t.Fatalf("%+v", c)
		}
	}
	p := s.build()
	if serve := mustStep(t, p, "serve/db1"); !slices.Equal(serve.Actions, []plan.Action{plan.ReloadTLS{Server: "db1"}}) {
		t.Errorf("%v", sentences(serve.Actions))
	}
	s.mustApply(t)
	if r := s.report(); !r.OK {
		t.Errorf("%+v", r.Problems)
	}
}

// TestAReloadThatFailsIsTakenBack: the server goes on with the set that it has read, and would start with it.
func TestAReloadThatFailsIsTakenBack(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2", "db3"))
	s.cluster = renamed(s.cluster, "db1", "db1.example.org")
	before := s.facts().Server("db1")
	p := s.build()
	newCrew(s, upTo(p, "serve/db1"), inOrder).work()
	s.With("db1", func(s *world.Settings) { s.RefusesReload("error 1105: failed to refresh SSL") })
	c := newCrew(s, p, inOrder)
	c.status = map[string]plan.Status{"leaf/db1": plan.Done, "files/db1": plan.Done}
	c.work()
	if !strings.Contains(c.fault, "serve/db1: ") || !strings.Contains(c.fault, "1105") {
		t.Fatalf("%q", c.fault)
	}
	serve := mustStep(t, p, "serve/db1")
	for _, action := range serve.Rescue {
		_ = s.Do(t.Context(), action, s.note) // the reload fails once more
	}
	f := s.facts()
	if v := serve.Rescued.Holds(f); !v.Holds() {
		t.Errorf("it is not taken back: %s", v)
	}
	after := f.Server("db1")
	if dir := after.TLSDir.Or(facts.TLSDir{}); dir.Current != 1 || after.ServedTLS.Or(facts.ServedTLS{}) != before.ServedTLS.Or(facts.ServedTLS{}) {
		t.Errorf("set %d in use", dir.Current)
	}
	s.With("db1", func(s *world.Settings) { s.RefusesReload("") })
	s.mustApply(t)
	if dir := s.facts().Server("db1").TLSDir.Or(facts.TLSDir{}); dir.Current != 2 {
		t.Errorf("set %d in use", dir.Current)
	}
}

// TestTheWayBackFromAReloadAfterADeath: the run that switched the set died before the reload, so that the former one is what is served.
func TestTheWayBackFromAReloadAfterADeath(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2", "db3"))
	s.cluster = renamed(s.cluster, "db1", "db1.example.org")
	newCrew(s, upTo(s.build(), "serve/db1"), inOrder).work()
	serve := mustStep(t, s.build(), "serve/db1")
	if want := (plan.SwitchSet{Server: "db1", Dir: "/etc/mysql-ssl", Version: 1}); !slices.Contains(serve.Rescue, plan.Action(want)) {
		t.Errorf("%v", sentences(serve.Rescue))
	}
}

func allServers(c *topology.Cluster) { c.TLS.Servers = topology.ServersAll }

// TestAllServersServe: the sources first, then one replica after the other, each only while the one before runs again.
func TestAllServersServe(t *testing.T) {
	runCases(t, []planCase{{
		name: "replicas are prepared too", policy: allServers,
		steps: slices.Concat(certificates, []string{
			"config/db1", "serve/db1", "wake/db2", "wake/db3",
			"config/db2", "serve/db2", "resume/db2", "config/db3", "serve/db3", "resume/db3",
			"change/db2", "change/db3", "require/db1", "rehearse/db2", "rehearse/db3",
		}),
	}, {
		name: "a replica that was not prepared in the first run is in the second", secured: true,
		begin: func(_ *testing.T, s *site) { s.cluster.TLS.Servers = topology.ServersAll },
		steps: []string{"config/db2", "serve/db2", "resume/db2", "config/db3", "serve/db3", "resume/db3"},
	}})
	c := world.Cluster("db1", "db2", "db3")
	allServers(&c)
	s := newSite(c)
	p := s.build()
	for _, need := range []string{"serve/db1", "wake/db2", "resume/db2", "wake/db3"} {
		if !ancestors(p, "serve/db3")[need] {
			t.Errorf("serve/db3 may begin before %s", need)
		}
	}
	if !ancestors(p, "change/db2")["resume/db2"] {
		t.Error("the channel may change before its own server is back")
	}
	s.mustApply(t)
	if r := s.report(); !r.OK {
		t.Errorf("%+v", r.Problems)
	}
	if again := s.build(); len(again.Steps) > 0 {
		t.Errorf("a second plan has steps: %v", ids(again))
	}
	s.do(t, plan.RemoveConfig{Server: "db3"}, plan.Restart{Server: "db3"})
	r := s.report()
	if r.OK || !slices.ContainsFunc(r.Problems, func(p plan.Problem) bool { return p.Server == "db3" && strings.Contains(p.Why, "offers no TLS") }) {
		t.Errorf("verify does not miss the TLS of a replica: %+v", r.Problems)
	}
}

// TestCompleteByHandIsProven: what counts is what is seen. Once the TLS dir has a set in use, the server has to show that one.
func TestCompleteByHandIsProven(t *testing.T) {
	s := elsewhere(t, year)
	s.do(t, plan.Require{Server: "db1", User: s.cluster.Account.User, Rows: raised("%")})
	for _, name := range []topology.ServerName{"db2", "db3"} {
		s.With(name, func(s *world.Settings) { s.ChecksForeign(true) })
	}
	if r := s.report(); !r.OK {
		t.Fatalf("%+v", r.Problems)
	}
	p := s.build()
	for _, id := range []string{"authority", "leaf/db1", "files/db1"} {
		s.do(t, mustStep(t, p, id).Actions...)
	}
	if r := s.report(); r.OK || len(r.Problems) != 1 || r.Problems[0].Server != "db1" || !r.Problems[0].Known {
		t.Errorf("%+v", r.Problems)
	}
}
