package apply_test

import (
	"errors"
	"testing"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

func threads(t *testing.T, b *bench) {
	id, all := facts.ChannelID{Server: "replica1"}, facts.Threads{Receiver: true, Applier: true}
	stop := func(threads facts.Threads) plan.Action { return plan.StopThreads{Channel: id, Threads: threads} }
	start := func(threads facts.Threads) plan.Action { return plan.StartThreads{Channel: id, Threads: threads} }
	for _, step := range []struct {
		action plan.Action
		want   facts.Threads
		sql    string
	}{
		{stop(facts.Threads{Receiver: true}), facts.Threads{Applier: true}, "STOP SLAVE '' IO_THREAD"},
		{stop(facts.Threads{Receiver: true}), facts.Threads{Applier: true}, "STOP SLAVE '' IO_THREAD"},
		{stop(all), facts.Threads{}, "STOP SLAVE ''"},
		{start(facts.Threads{}), facts.Threads{}, ""},
		{start(facts.Threads{Applier: true}), facts.Threads{Applier: true}, "START SLAVE '' SQL_THREAD"},
		{start(all), all, "START SLAVE ''"},
		{start(all), all, "START SLAVE ''"},
	} {
		b.do(t, step.action)
		equal(t, step.action.String(), b.channel(t).Threads(), step.want)
		equal(t, step.action.String()+": noted", b.noted(), step.sql)
	}
}

func (b *bench) options() facts.TLSOptions {
	dir := b.Servers[1].TLSDir + "/current/"
	return facts.TLSOptions{Enabled: true, CA: dir + "ca.pem", Cert: dir + "cert.pem", Key: dir + "key.pem", VerifyIdentity: true}
}

// change sets the options of the stopped channel and starts it.
func (b *bench) change(t *testing.T, options facts.TLSOptions) {
	t.Helper()
	id, all := facts.ChannelID{Server: "replica1"}, facts.Threads{Receiver: true, Applier: true}
	b.do(t,
		plan.StopThreads{Channel: id, Threads: all},
		plan.ChangeTLS{Channel: id, Options: options},
		plan.StartThreads{Channel: id, Threads: all},
	)
}

func changeChannel(t *testing.T, b *bench) {
	before := b.channel(t)
	b.change(t, b.options())
	await(t, "the receiver", func() bool { return b.channel(t).Receiver == facts.Yes })
	after := b.channel(t)
	equal(t, "options", after.TLS, b.options())
	equal(t, "source", [3]any{after.SourceHost, after.SourcePort, after.SourceUser}, [3]any{before.SourceHost, before.SourcePort, before.SourceUser})
	equal(t, "mode", after.GTID, before.GTID)
	await(t, "an encrypted dump thread", func() bool {
		threads := known(t, "dump threads", b.look(t, "primary", facts.PartSessions).DumpThreads)
		return len(threads) == 1 && threads[0].Transport.Or(facts.Transport{}).Encrypted
	})
}

func (b *bench) rows(t *testing.T, name topology.ServerName) facts.RequirementKind {
	t.Helper()
	rows := known(t, "rows", b.look(t, name, facts.PartAccounts).Accounts)
	if len(rows) != 1 {
		t.Fatalf("rows: %v", rows)
	}
	return rows[0].Require.Kind
}

// binlogEnd is the end of the primary's binary log.
func (b *bench) binlogEnd(t *testing.T) facts.Position {
	t.Helper()
	return known(t, "position", b.look(t, "primary", facts.PartPosition).Position)
}

func require(t *testing.T, b *bench) {
	alone := plan.Require{Server: "primary", User: "repl", Rows: raised("%")}
	before := b.binlogEnd(t)
	b.do(t, alone)
	equal(t, "row", b.rows(t, "primary"), facts.RequireSSL)
	equal(t, "the replica's row", b.rows(t, "replica1"), facts.RequireNone)
	equal(t, "position", b.binlogEnd(t), before)
	equal(t, "noted", b.noted(), "requirement-found; requirement-dated; SET SESSION sql_log_bin=0; ALTER USER `repl`@`%` REQUIRE SSL; requirement-dated")
	b.datedByNow(t)

	alone.Rows = lifted("%")
	b.do(t, alone)
	equal(t, "row", b.rows(t, "primary"), facts.RequireNone)
	equal(t, "noted", b.noted(), "requirement-lifted; SET SESSION sql_log_bin=0; ALTER USER `repl`@`%` REQUIRE NONE; requirement-restored")

	diesUndated(t, b)
	b.do(t, alone)

	everywhere := plan.Require{Server: "primary", User: "repl", Rows: raised("%"), Binlog: true}
	b.do(t, everywhere)
	await(t, "the replica's row", func() bool { return b.rows(t, "replica1") == facts.RequireSSL })
	equal(t, "position", b.binlogEnd(t) != before, true)
}

// diesUndated raises the rows and dies before the second date: what is left counts as provisional.
func diesUndated(t *testing.T, b *bench) {
	t.Helper()
	ledger, dead := event.NewLedger(nil), errors.New("dead")
	err := b.executor.Do(t.Context(), plan.Require{Server: "primary", User: "repl", Rows: raised("%")}, func(e event.Event) error {
		if date, ok := e.(event.RequirementDated); ok && !date.Provisional {
			return dead
		}
		ledger.Read(e)
		return nil
	})
	if !errors.Is(err, dead) {
		t.Errorf("got %v", err)
	}
	equal(t, "row", b.rows(t, "primary"), facts.RequireSSL)
	equal(t, "provisional", ledger.Marks().Requirements["primary"].Provisional && ledger.Marks().Raised["primary"].Provisional, true)
}

// datedByNow: a connection that is made now is younger than the date, the running dump thread is older.
func (b *bench) datedByNow(t *testing.T) {
	t.Helper()
	var date event.RequirementDated
	for _, e := range b.notes {
		if d, ok := e.(event.RequirementDated); ok {
			date = d
		}
	}
	seen := b.look(t, "primary", facts.PartProcess|facts.PartSessions)
	equal(t, "start", date.Start, known(t, "process", seen.Process).Start)
	equal(t, "server", date.Server, "primary")
	thread := known(t, "dump threads", seen.DumpThreads)[0]
	if thread.ID >= date.Connection {
		t.Errorf("the dump thread %d is not older than %d", thread.ID, date.Connection)
	}
	receiver := facts.Threads{Receiver: true}
	id := facts.ChannelID{Server: "replica1"}
	b.do(t, plan.StopThreads{Channel: id, Threads: receiver}, plan.StartThreads{Channel: id, Threads: receiver})
	await(t, "a younger dump thread", func() bool {
		threads := known(t, "dump threads", b.look(t, "primary", facts.PartSessions).DumpThreads)
		return len(threads) == 1 && threads[0].ID > date.Connection
	})
}

func notNoted(t *testing.T, b *bench) {
	full := errors.New("the disk is full")
	id := facts.ChannelID{Server: "replica1"}
	before, kind := b.channel(t), b.rows(t, "primary")
	for _, action := range []plan.Action{
		plan.StopThreads{Channel: id, Threads: facts.Threads{Receiver: true}},
		plan.ChangeTLS{Channel: id, Options: facts.TLSOptions{}},
		plan.Require{Server: "primary", User: "repl", Rows: lifted("%")},
		plan.Require{Server: "primary", User: "repl", Rows: raised("%")},
	} {
		if err := b.executor.Do(t.Context(), action, func(event.Event) error { return full }); !errors.Is(err, full) {
			t.Errorf("%s: %v", action, err)
		}
	}
	equal(t, "threads", b.channel(t).Threads(), before.Threads())
	equal(t, "options", b.channel(t).TLS, before.TLS)
	equal(t, "row", b.rows(t, "primary"), kind)
}

// raised and lifted are a row of which TLS is required, and no longer.
func raised(host string) []facts.RowChange {
	return []facts.RowChange{{Host: host, Former: facts.Requirement{Kind: facts.RequireNone}, Wanted: facts.Requirement{Kind: facts.RequireSSL}}}
}

func lifted(host string) []facts.RowChange { return []facts.RowChange{raised(host)[0].Back()} }
