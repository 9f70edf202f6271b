package event_test

import (
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
)

// TestStartMarks: what a run has begun with the start of a server counts until that start is done or taken back, or a run ends well.
func TestStartMarks(t *testing.T) {
	const file, command = "/etc/zz-replssl.cnf", "restart it"
	at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	wrote := event.ActionIntended{Step: "config/db1", Target: "db1", File: file}
	restarted := event.ActionIntended{Step: "serve/db1", Target: "db1", Command: command}
	rescued := event.ActionIntended{Step: "serve/db1", Target: "db1", Command: "another", Rescue: true}
	back := func(step string) event.Event { return event.StepFailed{Step: step, Rescued: event.TakenBack} }
	for name, c := range map[string]struct {
		events []event.Event
		want   *facts.StartMark // nil: nothing is kept
	}{
		"nothing":                       {[]event.Event{event.ActionIntended{Step: "files/db1", Target: "db1"}}, nil},
		"written":                       {[]event.Event{wrote, event.StepDone{Step: "config/db1"}}, &facts.StartMark{File: file, Since: at}},
		"written, and taken back":       {[]event.Event{wrote, back("config/db1")}, nil},
		"the restart was begun":         {[]event.Event{wrote, restarted}, &facts.StartMark{File: file, Command: command, Since: at}},
		"and is done":                   {[]event.Event{wrote, restarted, event.StepDone{Step: "serve/db1"}}, nil},
		"and was taken back":            {[]event.Event{wrote, restarted, rescued, back("serve/db1")}, nil},
		"and could not be taken back":   {[]event.Event{wrote, restarted, rescued, event.StepFailed{Rescued: event.NotTakenBack}}, &facts.StartMark{File: file, Command: command, Since: at}},
		"a run ended well":              {[]event.Event{wrote, event.RunEnded{Outcome: event.Succeeded}}, nil},
		"a run was interrupted":         {[]event.Event{wrote, event.RunEnded{Outcome: event.Interrupted}}, &facts.StartMark{File: file, Since: at}},
		"a rescue begins nothing":       {[]event.Event{rescued}, nil},
		"a restart with what was there": {[]event.Event{wrote, event.RunEnded{Outcome: event.Succeeded}, restarted}, &facts.StartMark{File: file, Command: command, Since: at}},
	} {
		t.Run(name, func(t *testing.T) {
			all := records(c.events)
			for i := range all {
				all[i].At = at
			}
			got, ok := event.NewLedger(all).Marks().Starts["db1"]
			if ok != (c.want != nil) || ok && got != *c.want {
				t.Errorf("%+v (%v)", got, ok)
			}
		})
	}
	ledger := event.NewLedger([]event.Record{{At: at, Event: restarted}})
	ledger.Read(wrote)
	if got := ledger.Marks().Starts["db1"]; !got.Since.IsZero() {
		t.Errorf("what is read now is dated %s", got.Since)
	}
}
