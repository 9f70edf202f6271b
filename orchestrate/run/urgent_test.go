package run_test

import (
	"context"
	"testing"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
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
