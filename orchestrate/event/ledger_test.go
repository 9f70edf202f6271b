package event_test

import (
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

var db2 = facts.ChannelID{Server: "db2"}

func found(step string, receiver, applier bool) event.Event {
	return event.ThreadsFound{Step: step, Server: "db2", Receiver: receiver, Applier: applier}
}

func records(events []event.Event) []event.Record {
	list := make([]event.Record, len(events))
	for i, e := range events {
		list[i] = event.Record{Seq: i + 1, Event: e}
	}
	return list
}

func TestThreadMarks(t *testing.T) {
	type events = []event.Event
	bothRan, applierRan := &facts.Threads{Receiver: true, Applier: true}, &facts.Threads{Applier: true}
	failed := func(step string, touched bool, rescued event.Rescued) event.Event {
		return event.StepFailed{Step: step, Touched: touched, Rescued: rescued}
	}
	for _, c := range []struct {
		name   string
		events events
		want   *facts.Threads // nil: nothing is kept
	}{
		{"nothing happened", nil, nil},
		{"a step found them and did not end", events{found("a", true, true)}, bothRan},
		{"the first finding wins", events{found("a", true, true), found("b", false, false)}, bothRan},
		{"the first finding wins in the same step of a later run", events{found("a", true, true), event.RunBegan{}, found("a", false, false)}, bothRan},
		{"a finding of nothing running is a finding", events{found("a", false, true), found("b", true, true)}, applierRan},
		{"the step is done", events{found("a", true, true), event.StepDone{Step: "a"}}, nil},
		{"the step is done without a change", events{found("a", true, true), event.StepDone{Step: "a", Unchanged: true}}, nil},
		{"another step is done", events{found("a", true, true), event.StepDone{Step: "b"}}, bothRan},
		{"the step failed and was taken back", events{found("a", true, true), failed("a", true, event.TakenBack)}, nil},
		{"the step failed and was not taken back", events{found("a", true, true), failed("a", true, event.NotTakenBack)}, bothRan},
		{"the step failed and nothing could be taken back", events{found("a", true, true), failed("a", true, event.NotNeeded)}, bothRan},
		{"the step failed in a later run before it touched anything", events{found("a", true, true), event.RunBegan{}, failed("a", false, event.NotNeeded)}, bothRan},
		{"another step was taken back", events{found("a", true, true), failed("b", true, event.TakenBack)}, bothRan},
		{"the run ended well", events{found("a", true, true), event.RunEnded{Outcome: event.Succeeded}}, nil},
		{"the run ended partly", events{found("a", true, true), event.RunEnded{Outcome: event.Partly}}, bothRan},
		{"the run was interrupted", events{found("a", true, true), event.RunEnded{Outcome: event.Interrupted}}, bothRan},
		{"a run ended well after the one that failed", events{
			found("a", true, true), event.RunEnded{Outcome: event.Partly}, event.RunBegan{}, event.RunEnded{Outcome: event.Succeeded},
		}, nil},
		{"a new finding after an old one is done", events{found("a", true, true), event.StepDone{Step: "a"}, found("b", false, true)}, applierRan},
		{"other events say nothing of threads", events{
			found("a", true, true),
			event.StepBegan{Step: "a"},
			event.StepHeld{Step: "a"},
			event.ActionIntended{Step: "a"},
			event.ActionDone{Step: "a"},
			event.ActionFailed{Step: "a"},
			event.Statement{},
			event.StepSkipped{Step: "a"},
			event.Stopping{},
			event.RunBegan{},
		}, bothRan},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := event.NewLedger(records(c.events)).Marks().Threads[db2]
			if ok != (c.want != nil) || ok && got != *c.want {
				t.Errorf("%+v (%v)", got, ok)
			}
		})
	}
}

func TestChannelsAreKeptApart(t *testing.T) {
	l := event.NewLedger(records([]event.Event{
		event.ThreadsFound{Step: "a", Server: "db2", Channel: "east", Receiver: true},
		event.ThreadsFound{Step: "a", Server: "db3", Channel: "east", Applier: true},
		event.ThreadsFound{Step: "b", Server: "db2", Receiver: true, Applier: true},
		event.StepDone{Step: "a"},
	}))
	want := map[facts.ChannelID]facts.Threads{db2: {Receiver: true, Applier: true}}
	if got := l.Marks().Threads; !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestRequirementMarks(t *testing.T) {
	dated := func(server topology.ServerName, connection uint64, start facts.StartID) event.Event {
		return event.RequirementDated{Server: server, Connection: connection, Start: start}
	}
	l := event.NewLedger(records([]event.Event{
		dated("db1", 7, "x"), dated("db2", 9, "y"),
		event.StepFailed{Step: "require/db1", Rescued: event.TakenBack},
		event.RunEnded{Outcome: event.Succeeded},
		dated("db1", 5, "z"),
	}))
	want := map[topology.ServerName]facts.RequirementMark{
		"db1": {Connection: 5, Start: "z"}, "db2": {Connection: 9, Start: "y"}, // the last one counts, and the end of a run forgets none
	}
	if got := l.Marks().Requirements; !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// TestWhatRowsDemandedBefore: the first finding counts until the rows demand it again, or a run ends well; more than TLS leaves the date of TLS.
func TestWhatRowsDemandedBefore(t *testing.T) {
	none, ssl := facts.Requirement{Kind: facts.RequireNone}, facts.Requirement{Kind: facts.RequireSSL}
	begun := []event.Event{
		event.RequirementFound{Server: "db1", Host: "%", Kind: none.Kind},
		event.RequirementDated{Server: "db1", Connection: 7, Start: "x"},
		event.StepFailed{Step: "require/db1", Rescued: event.NotTakenBack},
		event.RunEnded{Outcome: event.Partly},
		event.RequirementFound{Server: "db1", Host: "%", Kind: ssl.Kind},
		event.RequirementFound{Server: "db1", Host: "10.%", Kind: ssl.Kind},
		event.RequirementDated{Server: "db1", Connection: 9, Start: "x", Beyond: true},
	}
	marks := event.NewLedger(records(begun)).Marks()
	raise := marks.Raised["db1"]
	if !maps.Equal(raise.Former, map[string]facts.Requirement{"%": none, "10.%": ssl}) || raise.Connection != 9 || marks.Requirements["db1"].Connection != 7 {
		t.Errorf("%+v", marks)
	}
	lifted := event.RequirementLifted{Server: "db1", Beyond: true}
	if again := event.NewLedger(records(append(begun, lifted))).Marks(); len(again.Raised) != 1 || len(again.Requirements) != 1 {
		t.Errorf("what is about to be lifted is not lifted yet: %+v", again)
	}
	for _, end := range []event.Event{event.RequirementRestored{Server: "db1"}, event.RunEnded{Outcome: event.Succeeded}} {
		if again := event.NewLedger(records(append(begun, end))).Marks(); len(again.Raised) != 0 || len(again.Requirements) != 1 {
			t.Errorf("after %+v: %+v", end, again)
		}
	}
}

func TestMarksAreCopies(t *testing.T) {
	l := event.NewLedger(records([]event.Event{found("a", true, true), event.RequirementDated{Server: "db1", Connection: 7}}))
	marks := l.Marks()
	marks.Threads[db2] = facts.Threads{}
	marks.Requirements["db1"] = facts.RequirementMark{}
	if again := l.Marks(); again.Threads[db2] == (facts.Threads{}) || again.Requirements["db1"].Connection != 7 {
		t.Errorf("a reader changed the ledger: %+v", again)
	}
}

// sequences are events that the ledger reads, in any order.
func sequences() *rapid.Generator[[]event.Event] {
	step := rapid.SampledFrom([]string{"a", "b"})
	return rapid.SliceOf(rapid.Custom(func(t *rapid.T) event.Event {
		switch rapid.IntRange(0, 8).Draw(t, "kind") {
		case 0, 1:
			return found(step.Draw(t, "step"), rapid.Bool().Draw(t, "receiver"), rapid.Bool().Draw(t, "applier"))
		case 2:
			return event.StepDone{Step: step.Draw(t, "step")}
		case 3:
			return event.StepFailed{Step: step.Draw(t, "step"), Touched: true, Rescued: rapid.SampledFrom([]event.Rescued{event.TakenBack, event.NotTakenBack}).Draw(t, "rescued")}
		case 4:
			return event.RequirementDated{Server: "db1", Connection: rapid.Uint64().Draw(t, "connection")}
		case 5:
			return event.RequirementLifted{Server: "db1", Beyond: rapid.Bool().Draw(t, "beyond")}
		case 6:
			former := rapid.SampledFrom([]facts.RequirementKind{facts.RequireNone, facts.RequireSSL}).Draw(t, "former")
			return event.RequirementFound{Server: "db1", Host: "%", Kind: former}
		case 7:
			return event.RequirementRestored{Server: "db1"}
		}
		return event.RunEnded{Outcome: rapid.SampledFrom([]event.Outcome{event.Succeeded, event.Partly}).Draw(t, "outcome")}
	}))
}

// TestReadingOnIsReadingAll: a ledger that reads event by event knows what one knows that read them at once.
func TestReadingOnIsReadingAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := sequences().Draw(t, "events")
		cut := rapid.IntRange(0, len(events)).Draw(t, "cut")
		whole := event.NewLedger(records(events)).Marks()
		parts := event.NewLedger(records(events[:cut]))
		for _, e := range events[cut:] {
			parts.Read(e)
		}
		if !maps.Equal(whole.Threads, parts.Marks().Threads) || !maps.Equal(whole.Requirements, parts.Marks().Requirements) {
			t.Fatalf("%+v, %+v", whole, parts.Marks())
		}
	})
}

// TestWhatACrashTakesIsNotMissed: without the last events that nobody waited for, the ledger still has all that it had with them. What it
// has besides are threads of steps that could not report that they were done.
func TestWhatACrashTakesIsNotMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := sequences().Draw(t, "events")
		whole := event.NewLedger(records(events)).Marks()
		for n := len(events); n > 0 && !event.Waits(events[n-1]); n-- {
			left := event.NewLedger(records(events[:n-1])).Marks()
			for channel, threads := range whole.Threads {
				if left.Threads[channel] != threads {
					t.Fatalf("%s: %+v became %+v", channel, threads, left.Threads[channel])
				}
			}
			if !maps.Equal(whole.Requirements, left.Requirements) {
				t.Fatalf("%+v became %+v", whole.Requirements, left.Requirements)
			}
		}
	})
}

// TestPathsAreKeptUntilARunEndsWell: the last finding counts, since it repeats the first of a run that did not end well.
func TestPathsAreKeptUntilARunEndsWell(t *testing.T) {
	ledger := event.NewLedger(nil)
	read, kept := facts.TLSSettings{Enabled: true, Cert: "/b", Key: "/c"}, facts.TLSSettings{Enabled: true, Cert: "/b"}
	ledger.Read(event.FoundPaths("db1", facts.TLSSettings{Cert: "/a"}, facts.TLSSettings{}))
	ledger.Read(event.FoundPaths("db1", read, kept))
	ledger.Read(event.RunEnded{Outcome: event.Partly})
	if got := ledger.Marks().Paths["db1"]; got != (facts.FormerPaths{Read: read, Kept: kept}) {
		t.Errorf("%+v", got)
	}
	ledger.Read(event.RunEnded{Outcome: event.Succeeded})
	if got := ledger.Marks().Paths; len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// TestPathsEndWithTheStepThatChangedThem: a run that dies, or fails elsewhere, after that leaves nothing to go back to.
func TestPathsEndWithTheStepThatChangedThem(t *testing.T) {
	ledger := event.NewLedger(nil)
	ledger.Read(event.ActionIntended{Step: "serve/db1", Target: "db1", Action: "let db1 persist the paths of its TLS files"})
	ledger.Read(event.FoundPaths("db1", facts.TLSSettings{Cert: "/a"}, facts.TLSSettings{}))
	ledger.Read(event.StepDone{Step: "change/db2"})
	if got := ledger.Marks().Paths; len(got) != 1 || !ledger.Unended() {
		t.Errorf("the paths are forgotten before the step is done: %+v", got)
	}
	ledger.Read(event.StepDone{Step: "serve/db1"})
	if got := ledger.Marks().Paths; len(got) > 0 || ledger.Unended() {
		t.Errorf("%+v", got)
	}
}

// TestSetThatWasReadIsKept: the last one counts, for each server, also after the run has ended.
func TestSetThatWasReadIsKept(t *testing.T) {
	ledger := event.NewLedger(nil)
	for _, e := range []event.Event{
		event.SetRead{Server: "db1", Set: "a"}, event.SetRead{Server: "db2", Set: "b"}, event.SetRead{Server: "db1", Set: "c"}, event.RunEnded{Outcome: event.Succeeded},
	} {
		ledger.Read(e)
	}
	if read := ledger.Marks().Read; len(read) != 2 || read["db1"] != "c" || read["db2"] != "b" {
		t.Errorf("%v", read)
	}
}

// TestRotationsGoOn: a renewal that did not end well has a beginning, and a change of the authority its phase, until a run ends well.
func TestRotationsGoOn(t *testing.T) {
	began := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	var l []event.Record
	add := func(e event.Event) {
		l = append(l, event.Record{At: began.Add(time.Duration(len(l)) * time.Hour), Event: e})
	}
	is := func(what string, renewing time.Time, phase int) {
		t.Helper()
		ledger := event.NewLedger(l)
		if got := ledger.Marks(); !got.Renewing.Equal(renewing) || got.Succeeding != phase || ledger.Unended() == (renewing.IsZero() && phase == 0) {
			t.Errorf("%s: %v, phase %d, unended %t", what, got.Renewing, got.Succeeding, ledger.Unended())
		}
	}
	add(event.RunBegan{Work: event.RenewLeaves})
	is("a renewal", began, 0)
	add(event.RunEnded{Outcome: event.Partly})
	add(event.RunBegan{Work: event.RenewLeaves})
	is("one that goes on", began, 0)
	add(event.RunEnded{Outcome: event.Succeeded})
	is("one that ended", time.Time{}, 0)
	add(event.RunBegan{Work: event.Succeed, Phase: 2})
	is("a phase", time.Time{}, 2)
	add(event.RunBegan{Work: event.Apply})
	add(event.RunEnded{Outcome: event.Interrupted})
	is("a phase before a run that was interrupted", time.Time{}, 2)
	add(event.RunBegan{Work: event.Succeed, Phase: 2})
	add(event.RunEnded{Outcome: event.Succeeded})
	is("a phase that ended", time.Time{}, 0)
}
