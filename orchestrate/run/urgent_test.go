package run_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestReceiversAreWokenHoweverTheRunEnds: whoever ends the run while the primary restarts, the receivers that it cut must not wait for their
// Connect_Retry.
func TestReceiversAreWokenHoweverTheRunEnds(t *testing.T) {
	for name, end := range map[string]func(cancel func(), m *memory){
		"by a person":       func(cancel func(), _ *memory) { cancel() },
		"by a full journal": func(_ func(), m *memory) { m.fill() },
	} {
		t.Run(name, func(t *testing.T) {
			c := world.Cluster("db1", "db2", "db3", "db4")
			c.Policy.Parallel = 1
			w, m := world.New(c), &memory{}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w.OnAction(func(a plan.Action) error {
				if _, ok := a.(plan.Restart); ok {
					end(cancel, m)
				}
				return nil
			})
			ended, err := engine(w, m).Run(ctx, build(w, m), event.RunBegan{})
			if ended.Outcome == event.Succeeded {
				t.Fatalf("%+v %v", ended, err)
			}
			for _, s := range c.Replicas() {
				channel := w.Facts().Channel(facts.ChannelID{Server: s.Name}).Or(facts.Channel{})
				if channel.Receiver != facts.Yes || channel.Applier != facts.Yes || channel.TLS.Enabled {
					t.Errorf("%s: %+v", s.Name, channel)
				}
			}
		})
	}
}

// fill lets every further append fail.
func (m *memory) fill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.breakAt = len(m.records)
}

// TestJournalThatFailsBeforeTheFirstActionChangesNothing: an untouched step has nothing to take back. The journal fails at every record in
// turn, when it is written or when it is to get to the disk; after that no action may be begun but those that put back what was disturbed
// before.
func TestJournalThatFailsBeforeTheFirstActionChangesNothing(t *testing.T) {
	for _, enforce := range []topology.Enforce{topology.EnforceLast, topology.EnforceFirst} {
		for name, failing := range map[string]func(at int) *memory{
			"written":     func(at int) *memory { return &memory{breakAt: at} },
			"on the disk": func(at int) *memory { return &memory{spoilAt: at} },
		} {
			t.Run(fmt.Sprintf("enforce %s, not %s", enforce, name), func(t *testing.T) {
				records := 1
				for failAndGoOn(t, enforce, failing(records)) {
					records++
				}
				if records < 50 {
					t.Errorf("only %d records were tried", records)
				}
			})
		}
	}
}

func failAndGoOn(t *testing.T, enforce topology.Enforce, m *memory) (failed bool) {
	t.Helper()
	c := world.Cluster("db1", "db2", "db3")
	c.Policy.Enforce = enforce
	w := world.New(c)
	if _, err := engine(w, m).Run(t.Context(), build(w, m), event.RunBegan{}); err == nil {
		return false
	}
	begun := map[string]bool{}
	for _, r := range m.records {
		if e, ok := r.Event.(event.ActionIntended); ok {
			begun[e.Step] = true
		}
	}
	for _, a := range w.Done() {
		if change, ok := a.(plan.ChangeTLS); ok && !begun["change/"+change.Channel.String()] {
			t.Fatalf("record %d: %s without an intent", m.breakAt+m.spoilAt, a)
		}
		if require, ok := a.(plan.Require); ok && !require.Raises() && !begun["require/"+string(require.Server)] {
			t.Fatalf("record %d: %s without an intent", m.breakAt+m.spoilAt, a)
		}
	}
	at := m.breakAt + m.spoilAt
	m.breakAt, m.spoilAt, m.ended = 0, 0, false
	if ended := apply(t.Context(), t, w, m); ended.Outcome != event.Succeeded {
		t.Fatalf("record %d: %+v: %v", at, ended, m.failures())
	}
	secured(t, w, m)
	return true
}

// TestAnActionNeverWaitsForAScreen: whoever watches may stand still; the run goes on and ends.
func TestAnActionNeverWaitsForAScreen(t *testing.T) {
	w, m := world.New(world.Cluster("db1", "db2")), &memory{}
	e := engine(w, m)
	release := make(chan struct{})
	defer close(release)
	e.Watch = func(event.Record) { <-release }
	ended, err := e.Run(t.Context(), build(w, m), event.RunBegan{})
	if err != nil || ended.Outcome != event.Succeeded {
		t.Fatalf("%+v %v", ended, err)
	}
	secured(t, w, m)
}
