package orchestratetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

var (
	db2  = facts.ChannelID{Server: "db2"}
	both = facts.Threads{Receiver: true, Applier: true}
)

func ignore(event.Event) error { return nil }

func do(t *testing.T, w *World, actions ...plan.Action) {
	t.Helper()
	for _, a := range actions {
		if err := w.Do(context.Background(), a, ignore); err != nil {
			t.Fatalf("%s: %v", a, err)
		}
	}
}

func refused(t *testing.T, w *World, a plan.Action, text string) {
	t.Helper()
	if err := w.Do(context.Background(), a, ignore); err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: %v", a, err)
	}
}

func channelOf(w *World, id facts.ChannelID) facts.Channel {
	return w.Facts().Channel(id).Or(facts.Channel{})
}

// prepared is a world with files on every host and TLS on the primary; its channels are in plaintext.
func prepared(t *testing.T, c topology.Cluster) *World {
	t.Helper()
	w := New(c)
	do(t, w, plan.CreateAuthority{Cluster: c.Name})
	for _, s := range c.Servers {
		do(t, w, plan.IssueLeaf{Leaf: plan.Leaf{Server: s.Name, Version: 1, Names: []string{s.Address}}},
			plan.InstallSet{Server: s.Name, Dir: s.TLSDir, Version: 1, Owner: "mysql"}, plan.SwitchSet{Server: s.Name, Dir: s.TLSDir, Version: 1})
	}
	primary := c.Primary().Name
	do(t, w, plan.WriteConfig{Server: primary, Path: "/etc/mysql/conf.d/zz-replssl.cnf", Text: w.optionFile(w.servers[primary])},
		plan.Restart{Server: primary})
	for _, s := range c.ReplicasOf(primary) {
		wake(t, w, facts.ChannelID{Server: s.Name})
	}
	return w
}

func wake(t *testing.T, w *World, id facts.ChannelID) {
	t.Helper()
	do(t, w, plan.StopThreads{Channel: id, Threads: facts.Threads{Receiver: true}}, plan.StartThreads{Channel: id, Threads: both})
}

func options(verify bool) facts.TLSOptions {
	return facts.TLSOptions{
		Enabled: true, CA: "/etc/mysql-ssl/current/ca.pem", Cert: "/etc/mysql-ssl/current/cert.pem", Key: "/etc/mysql-ssl/current/key.pem",
		VerifyIdentity: verify,
	}
}

func change(t *testing.T, w *World, id facts.ChannelID, o facts.TLSOptions) {
	t.Helper()
	do(t, w, plan.StopThreads{Channel: id, Threads: both}, plan.ChangeTLS{Channel: id, Options: o}, plan.StartThreads{Channel: id, Threads: both})
}

func require(binlog bool) plan.Require {
	return plan.Require{Server: "db1", User: "repl", Rows: raised("%"), Binlog: binlog}
}

func TestAPlainWorldReplicates(t *testing.T) {
	w := New(Chained(Cluster("db1", "db2", "db3"), "db3", "db2"))
	f := w.Facts()
	for _, id := range []facts.ChannelID{db2, {Server: "db3"}} {
		c := f.Channel(id).Or(facts.Channel{})
		if c.Receiver != facts.Yes || c.Applier != facts.Yes || c.TLS != (facts.TLSOptions{}) {
			t.Errorf("%s: %+v", id, c)
		}
	}
	if open := w.Plaintext(); len(open) != 2 {
		t.Errorf("%v", open)
	}
	if served := f.Server("db1").ServedTLS; !served.IsAbsent() {
		t.Errorf("%v", served)
	}
	links, blocked := plan.FindLinks(w.Cluster(), f)
	if len(links) != 2 || len(blocked) > 0 || links[1].Source != "db2" {
		t.Fatalf("%v %v", links, blocked)
	}
	for _, l := range links {
		if thread := l.DumpThread(f); !thread.IsKnown() {
			t.Errorf("%s: %v", l.Channel, thread)
		}
	}
}

func TestAnOptionThatOnlyAllowsTLSGoesOnInPlaintext(t *testing.T) {
	w := New(Cluster("db1", "db2"))
	change(t, w, db2, options(false))
	if c := channelOf(w, db2); c.Receiver != facts.Yes || !c.TLS.Enabled {
		t.Fatalf("%+v", c)
	}
	if open := w.Plaintext(); !slices.Equal(open, []facts.ChannelID{db2}) {
		t.Errorf("in plaintext: %v", open)
	}
	change(t, w, db2, options(true))
	if c := channelOf(w, db2); c.Receiver != facts.Connecting || c.ReceiverError.Number != 2026 {
		t.Errorf("with identity checked: %+v", c)
	}
}

func TestTLSEncryptsWhereItIsServed(t *testing.T) {
	w := prepared(t, Cluster("db1", "db2"))
	change(t, w, db2, options(true))
	if open := w.Plaintext(); len(open) > 0 || channelOf(w, db2).Receiver != facts.Yes {
		t.Errorf("in plaintext: %v", open)
	}
}

func TestACertificateForAnotherNameIsRefused(t *testing.T) {
	w := prepared(t, Cluster("db1", "db2"))
	w.With("db2", func(s *Settings) { s.Channel(func(c *facts.Channel) { c.SourceHost = "alias.example.com" }) })
	w.hosts["alias.example.com"] = "db1"
	change(t, w, db2, options(true))
	if c := channelOf(w, db2); c.ReceiverError.Number != 2026 || !strings.Contains(c.ReceiverError.Text, "alias.example.com") {
		t.Errorf("%+v", c)
	}
}

func TestAnExpiredCertificateIsRefusedAtTheNextLogin(t *testing.T) {
	w := prepared(t, Cluster("db1", "db2"))
	change(t, w, db2, options(true))
	w.now = w.now.AddDate(4, 0, 0)
	if c := channelOf(w, db2); c.Receiver != facts.Yes {
		t.Fatalf("the connection did not outlive its certificate: %+v", c)
	}
	wake(t, w, db2)
	if c := channelOf(w, db2); c.ReceiverError.Number != 2026 || !strings.Contains(c.ReceiverError.Text, "is not valid now") {
		t.Errorf("%+v", c)
	}
}

func TestARequirementMeetsTheNextLogin(t *testing.T) {
	w := prepared(t, Cluster("db1", "db2"))
	do(t, w, require(false))
	if c := channelOf(w, db2); c.Receiver != facts.Yes {
		t.Fatalf("a living connection was cut: %+v", c)
	}
	if v := w.Violations(); len(v) != 1 || !strings.Contains(v[0], "db2 was in plaintext") {
		t.Errorf("%v", v)
	}
	wake(t, w, db2)
	if c := channelOf(w, db2); c.Receiver != facts.Connecting || c.ReceiverError.Number != 1045 {
		t.Errorf("%+v", c)
	}
}

func TestARequirementIsDatedBeforeItsEffect(t *testing.T) {
	w := prepared(t, Cluster("db1", "db2"))
	var dated []event.Event
	err := w.Do(context.Background(), require(false), func(e event.Event) error {
		dated = append(dated, e)
		return errors.New("the disk is full")
	})
	if err == nil || len(dated) != 1 {
		t.Fatalf("%v %v", err, dated)
	}
	if rows := w.Facts().Server("db1").Accounts.Or(nil); rows[0].Require.TLS() {
		t.Error("TLS is required, and nothing tells since when")
	}
	dated = nil
	if err := w.Do(context.Background(), require(false), func(e event.Event) error { dated = append(dated, e); return nil }); err != nil {
		t.Fatal(err)
	}
	threads := w.Facts().Server("db1").DumpThreads.Or(nil)
	found := event.RequirementFound{Server: "db1", Host: "%", Kind: facts.RequireNone}
	if d, ok := dated[1].(event.RequirementDated); dated[0] != found || !ok || threads[0].ID >= d.Connection || d.Beyond {
		t.Errorf("%+v is not younger than %+v", dated, threads[0])
	}
}

func TestAStatementForAMissingRowStopsTheApplier(t *testing.T) {
	w := New(Cluster("db1", "db2", "db3"))
	w.With("db3", func(s *Settings) { s.Account("%", facts.RequireNone) })
	do(t, w, require(true))
	if c := channelOf(w, db2); c.Applier != facts.No || c.ApplierError.Number != 1396 {
		t.Errorf("db2: %+v", c)
	}
	if rows := w.Facts().Server("db3").Accounts.Or(nil); !rows[0].Require.TLS() {
		t.Error("db3 has the row, and the statement did not reach it")
	}
	refused(t, w, plan.Require{Server: "db1", User: "repl", Rows: raised("10.%")}, "1396")
}

func TestAChannelIsChangedOnlyWhileBothThreadsAreStopped(t *testing.T) {
	w := New(Cluster("db1", "db2"))
	to := plan.ChangeTLS{Channel: db2, Options: options(true)}
	refused(t, w, to, "1198")
	do(t, w, plan.StopThreads{Channel: db2, Threads: facts.Threads{Receiver: true}})
	refused(t, w, to, "1198")
	do(t, w, plan.StopThreads{Channel: db2, Threads: facts.Threads{Applier: true}}, to)
	if c := channelOf(w, db2); c.TLS != to.Options {
		t.Errorf("%+v", c)
	}
}

func TestARestartCutsTheReceiversAndReadsTheFiles(t *testing.T) {
	w := prepared(t, Cluster("db1", "db2"))
	served := w.Facts().Server("db1").ServedTLS
	if !served.IsKnown() {
		t.Fatalf("%v", served)
	}
	start := w.Facts().Server("db1").Process.Or(facts.Process{}).Start
	do(t, w, plan.RemoveConfig{Server: "db1"})
	if again := w.Facts().Server("db1").ServedTLS; !again.IsKnown() {
		t.Error("settings matter before a restart")
	}
	do(t, w, plan.Restart{Server: "db1"})
	f := w.Facts()
	if f.Server("db1").ServedTLS.IsKnown() || f.Server("db1").Process.Or(facts.Process{}).Start == start {
		t.Errorf("%+v", f.Server("db1"))
	}
	if c := channelOf(w, db2); c.Receiver != facts.Connecting || len(f.Server("db1").DumpThreads.Or(nil)) > 0 {
		t.Errorf("%+v", c)
	}
}

func TestAReloadReadsTheSetInUse(t *testing.T) {
	w := prepared(t, Cluster("db1", "db2"))
	before := w.Facts().Server("db1").ServedTLS.Or(facts.ServedTLS{})
	do(t, w, plan.IssueLeaf{Leaf: plan.Leaf{Server: "db1", Version: 2, Names: []string{"db1.example.com"}}},
		plan.InstallSet{Server: "db1", Version: 2}, plan.SwitchSet{Server: "db1", Version: 2})
	if now := w.Facts().Server("db1").ServedTLS.Or(facts.ServedTLS{}); now.Chain != before.Chain {
		t.Error("the server reads files by itself")
	}
	do(t, w, plan.ReloadTLS{Server: "db1"})
	if now := w.Facts().Server("db1").ServedTLS.Or(facts.ServedTLS{}); now.Chain == before.Chain {
		t.Error("the server did not read the new set")
	}
}

func TestTheWorldRefusesWhatCannotBe(t *testing.T) {
	w := New(Cluster("db1", "db2"))
	refused(t, w, plan.IssueLeaf{Leaf: plan.Leaf{Server: "db1", Version: 1}}, "no authority")
	do(t, w, plan.CreateAuthority{Cluster: "db1"})
	refused(t, w, plan.CreateAuthority{Cluster: "db1"}, "already")
	refused(t, w, plan.InstallSet{Server: "db1", Version: 1}, "not issued")
	refused(t, w, plan.SwitchSet{Server: "db1", Version: 1}, "no certificate set 1")
	refused(t, w, plan.StopThreads{Channel: facts.ChannelID{Server: "db2", Name: "east"}}, "no such channel")
	refused(t, w, plan.StopThreads{Channel: facts.ChannelID{Server: "db9"}}, "no such channel")
	w.With("db1", func(s *Settings) { s.Unreachable("no route") })
	refused(t, w, plan.ReloadTLS{Server: "db1"}, "no route")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Do(ctx, plan.StopThreads{Channel: db2}, ignore); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestALookYieldsWhatItAsksFor, and leaves the rest unknown.
func TestALookYieldsWhatItAsksFor(t *testing.T) {
	w := New(Cluster("db1", "db2"))
	f := w.Observe(context.Background(), facts.Look{"db2": facts.PartChannels})
	s := f.Server("db2")
	if !s.Channels.IsKnown() || !s.Instance.IsUnknown() || !s.TLSDir.IsUnknown() || !s.ServedTLS.IsUnknown() || len(s.Trials)+len(s.Plaintext) > 0 {
		t.Errorf("%+v", s)
	}
	if !f.Server("db1").Instance.IsUnknown() {
		t.Error("a server that was not asked for was looked at")
	}
	if looked := w.Facts(); !looked.Server("db2").Trials[""].IsKnown() || !looked.Server("db2").Plaintext[""].Or(facts.Attempt{}).OK {
		t.Errorf("%+v", looked.Server("db2"))
	}
	s.Channels.Or(nil)[0].SourceHost = "scribbled"
	if c := channelOf(w, db2); c.SourceHost == "scribbled" {
		t.Error("a reader changed the world")
	}
}

func TestStoppedThreadsAreWokenByTheirOwnServer(t *testing.T) {
	w := New(Cluster("db1", "db2"))
	w.With("db2", func(s *Settings) { s.Stop(facts.Threads{Receiver: true, Applier: true}) })
	do(t, w, plan.Restart{Server: "db1"})
	if c := channelOf(w, db2); c.Receiver != facts.No || c.Applier != facts.No {
		t.Errorf("%+v", c)
	}
	do(t, w, plan.Restart{Server: "db2"})
	if c := channelOf(w, db2); c.Receiver != facts.Yes || c.Applier != facts.Yes {
		t.Errorf("%+v", c)
	}
	w.With("db2", func(s *Settings) { s.SkipsStart() })
	do(t, w, plan.Restart{Server: "db2"})
	if c := channelOf(w, db2); c.Receiver != facts.No || c.Applier != facts.No {
		t.Errorf("%+v", c)
	}
}

// TestCertificatesAreRenewed: years later the whole cluster gets new ones, without a restart and without a moment in plaintext.
func TestCertificatesAreRenewed(t *testing.T) {
	w := New(Cluster("db1", "db2", "db3"))
	ledger := event.NewLedger(nil)
	apply(t, w, ledger)
	for _, years := range []int{1, 3, 3} {
		w.now = w.now.AddDate(years, 0, 0)
		w.means.Now = w.now
		restarts := w.servers["db1"].start
		p := apply(t, w, ledger)
		if years > 1 && len(p.Steps) == 0 {
			t.Fatalf("nothing is renewed at %s", w.now.Format(time.DateOnly))
		}
		if w.servers["db1"].start != restarts {
			t.Errorf("the primary was restarted for a new certificate")
		}
		if open := w.Plaintext(); len(open) > 0 {
			t.Errorf("in plaintext: %v", open)
		}
		f := w.Facts()
		f.Marks = ledger.Marks()
		if again := plan.Build(w.cluster, f, plan.Options{}); len(again.Steps)+len(again.Blocked) > 0 {
			t.Errorf("%s: a second plan: %v %v", w.now.Format(time.DateOnly), again.Steps, again.Blocked)
		}
		for _, name := range []topology.ServerName{"db2", "db3"} {
			if c := channelOf(w, facts.ChannelID{Server: name}); c.Receiver != facts.Yes || c.Applier != facts.Yes {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}

// apply carries a plan out in its own order.
func apply(t *testing.T, w *World, ledger *event.Ledger) plan.Plan {
	t.Helper()
	note := func(e event.Event) error { ledger.Read(e); return nil }
	see := func(c plan.Condition) plan.Verdict {
		f := w.Observe(context.Background(), c.Look())
		f.Marks = ledger.Marks()
		return c.Holds(f)
	}
	f := w.Observe(context.Background(), Everything(w.cluster))
	f.Marks = ledger.Marks()
	p := plan.Build(w.cluster, f, plan.Options{})
	if len(p.Blocked) > 0 {
		t.Fatalf("blocked: %v", p.Blocked)
	}
	for _, step := range p.Steps {
		if see(step.Goal).Holds() {
			continue
		}
		for _, guard := range step.Guards {
			if v := see(guard.Condition); !v.Holds() {
				t.Fatalf("%s: not begun: %s", step.ID, v)
			}
		}
		for _, a := range step.Actions {
			if err := w.Do(context.Background(), a, note); err != nil {
				t.Fatalf("%s: %s: %v", step.ID, a, err)
			}
		}
		if v := see(step.Goal); !v.Holds() {
			t.Fatalf("%s: %s", step.ID, v)
		}
	}
	return p
}

// raised is a row of which TLS is required.
func raised(host string) []facts.RowChange {
	return []facts.RowChange{{Host: host, Former: facts.Requirement{Kind: facts.RequireNone}, Wanted: facts.Requirement{Kind: facts.RequireSSL}}}
}
