package plan_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestWhatIsKeptStopped: a thread that somebody has stopped is as it should be where the operator says so, and nothing else is.
func TestWhatIsKeptStopped(t *testing.T) {
	failed := facts.ThreadError{Number: 1062, Text: "duplicate entry"}
	stopped := func(receiver, applier facts.ThreadState) change {
		return seenChannel("db2", func(c *facts.Channel) {
			c.Receiver, c.Applier = receiver, applier
			c.Exec.Pos = 1 // where it was stopped
		})
	}
	found := func(threads facts.Threads) change {
		return func(f facts.Facts) facts.Facts {
			f.Marks.Threads = map[facts.ChannelID]facts.Threads{{Server: "db2"}: threads}
			return f
		}
	}
	for _, c := range []struct {
		name  string
		seen  change
		proof plan.Level
		want  []string // problems
	}{
		{"nothing", nil, plan.Demanded, nil},
		{"an applier", stopped(facts.Yes, facts.No), plan.Demanded, nil},
		{"a channel", stopped(facts.No, facts.No), plan.Demanded, nil},
		{
			"a receiver whose options let it go on without TLS",
			seeing(stopped(facts.No, facts.No), options(func(o *facts.TLSOptions) { o.VerifyIdentity = false })), plan.None,
			[]string{"db2: its options would not refuse plaintext when it starts"},
		},
		{
			"an applier that an error has stopped", seeing(stopped(facts.Yes, facts.No), seenChannel("db2", func(c *facts.Channel) { c.ApplierError = failed })),
			plan.Demanded,
			[]string{"db2: the applier of db2 does not run (No)", "db2: the applier of db2 is at"},
		},
		{
			"an applier that a dead run has stopped", seeing(stopped(facts.Yes, facts.No), found(facts.Threads{Receiver: true, Applier: true})),
			plan.Demanded,
			[]string{"db2: the applier of db2 does not run (No)", "db2: the applier of db2 is at"},
		},
		{
			"an applier that runs, and that a dead run has found stopped", found(facts.Threads{Receiver: true}),
			plan.Demanded,
			[]string{"db2: the applier runs, and is to stay stopped as it was found"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := securedSite(t, world.Cluster("db1", "db2", "db3"))
			f := s.facts()
			if c.seen != nil {
				f = c.seen(f)
			}
			r := plan.Judge(s.cluster, f, positionsOf(s.cluster, f), plan.KeptStopped(s.cluster, f, plan.Options{KeepStopped: true}))
			var got []string
			for _, p := range r.Problems {
				got = append(got, string(p.Server)+": "+p.Why)
			}
			compareTexts(t, "problems", got, c.want)
			if replica := r.Replicas[0]; r.OK != (len(c.want) == 0) || replica.Proof != c.proof || replica.Encrypted != (c.proof != plan.None) {
				t.Errorf("ok is %v, the proof %+v", r.OK, replica)
			}
			if without := plan.Judge(s.cluster, f, positionsOf(s.cluster, f), plan.KeptStopped(s.cluster, f, plan.Options{})); c.seen != nil && c.name != "an applier that runs, and that a dead run has found stopped" && without.OK {
				t.Error("it is proven without being told so")
			}
		})
	}
}

// TestNothingIsProvenWhereNoReceiverRuns: that each is stopped on purpose proves no connection.
func TestNothingIsProvenWhereNoReceiverRuns(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	f := seenChannel("db2", func(c *facts.Channel) { c.Receiver, c.Applier = facts.No, facts.No })(s.facts())
	r := plan.Judge(s.cluster, f, positionsOf(s.cluster, f), plan.KeptStopped(s.cluster, f, plan.Options{KeepStopped: true}))
	if r.OK || len(r.Problems) != 1 || !strings.HasPrefix(r.Problems[0].Why, "every receiver is kept stopped") {
		t.Errorf("%v %+v", r.OK, r.Problems)
	}
}

// TestAReceiverThatIsOutForGoodIsNotWaitedFor, while one that may get in again by itself is.
func TestAReceiverThatIsOutForGoodIsNotWaitedFor(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	behind := plan.Reached{Link: linkTo("db2"), Position: facts.Position{File: "binlog.000009", Pos: 4}}
	failing := func(state facts.ThreadState, number int, text string) change {
		return seenChannel("db2", func(c *facts.Channel) {
			c.Receiver, c.ReceiverError = state, facts.ThreadError{Number: number, Text: text}
		})
	}
	for name, c := range map[string]struct {
		seen  change
		final bool
	}{
		"it is connected":               {failing(facts.Yes, 0, ""), false},
		"it was cut before":             {failing(facts.Yes, 2026, "certificate verify failed"), false},
		"nobody listens":                {failing(facts.Connecting, 2003, "Can't connect"), false},
		"the handshake was cut":         {failing(facts.Connecting, 2026, "TLS/SSL error: unexpected eof"), false},
		"it does not trust its source":  {failing(facts.Connecting, 2026, "TLS/SSL error: certificate verify failed (5)"), true},
		"it does not tell why":          {failing(facts.Connecting, 2026, "SSL connection error: error:00000000:lib(0)::reason(0)"), true},
		"it is refused":                 {failing(facts.Connecting, 1045, "Access denied"), true},
		"it is stopped":                 {failing(facts.No, 0, ""), true},
		"an error has stopped it":       {failing(facts.No, 1236, "no such log"), true},
		"its applier alone is stopped":  {seenChannel("db2", func(c *facts.Channel) { c.Applier = facts.No }), true},
		"its applier has yet to finish": {seenChannel("db2", func(c *facts.Channel) { c.Read.File, c.Read.Pos = "binlog.000009", 4 }), false},
	} {
		if v := behind.Holds(c.seen(s.facts())); !v.Fails() || v.Final() != c.final {
			t.Errorf("%s: %v, final: %v", name, v, v.Final())
		}
	}
}
