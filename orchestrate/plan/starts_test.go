package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

const ownFile = "/etc/mysql/conf.d/zz-replssl.cnf"

// TestAServerThatARunLeftDown: the plan, and the status, tell what to move away and how to start it.
func TestAServerThatARunLeftDown(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2"))
	s.With("db1", func(s *world.Settings) { s.Unreachable("db1: no such file") })
	if p := s.build(); len(p.Blocked) != 1 || p.Blocked[0].Hint != "" {
		t.Errorf("without a journal: %v", p.Blocked)
	}
	at := time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)
	restart := plan.Restart{Server: "db1", Command: "systemctl restart -- mariadb.service", Unit: "mariadb.service"}
	wrote := event.Record{At: at, Event: event.ActionIntended{Step: "config/db1", Target: "db1", File: ownFile}}
	restarted := event.Record{At: at, Event: event.ActionIntended{Step: "serve/db1", Target: "db1", Command: restart.Again()}}
	for want, records := range map[string][]event.Record{
		"a run that did not end well, of 2026-11-22T03:04:05Z, has given it TLS settings that its next start reads: if it is down, its error log tells why; " +
			"where that names TLS files, move " + ownFile + " away, if it is there, and start it": {wrote},
		"a run that did not end well, of 2026-11-22T03:04:05Z, was restarting it: if it is down, its error log tells why; " +
			"where that names TLS files, move " + ownFile + " away, if it is there, and start it: " +
			"systemctl reset-failed -- mariadb.service; systemctl restart -- mariadb.service": {wrote, restarted},
		"a run that did not end well, of 2026-11-22T03:04:05Z, was restarting it: if it is down, its error log tells why; " +
			"start it: systemctl reset-failed -- mariadb.service; systemctl restart -- mariadb.service": {restarted},
	} {
		s.ledger = event.NewLedger(records)
		p := s.build()
		if len(p.Blocked) != 1 || p.Blocked[0].Hint != want {
			t.Errorf("want %s\n got %v", want, p.Blocked)
		}
		if status := plan.StatusOf(s.cluster, s.facts(), p); status.Problems[0].Hint != want {
			t.Errorf("the status tells %v", status.Problems)
		}
	}
}

// TestSettingsThatWaitForARestart are told as long as the running server was not started with them, whether the plan restarts it or not.
func TestSettingsThatWaitForARestart(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2"))
	newCrew(s, upTo(s.build(), "serve/db1"), inOrder).work()
	s.ledger = event.NewLedger([]event.Record{{At: time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC), Event: event.ActionIntended{Target: "db1", File: ownFile}}})
	const want = "the TLS settings in " + ownFile + ", of 2026-11-22T03:04:05Z, wait for its next start, whatever brings that"
	if got := warningsOf(s.build(), "db1"); !slices.Equal(got, []string{want}) {
		t.Errorf("before the restart: %q", got)
	}
	s.ledger = event.NewLedger(nil)
	if got := warningsOf(s.build(), "db1"); !slices.Equal(got, []string{strings.Replace(want, ", of 2026-11-22T03:04:05Z,", "", 1)}) {
		t.Errorf("without a journal: %q", got)
	}
	s.do(t, plan.WriteConfig{Server: "db2", Path: ownFile, Text: ownConfig()})
	if got := warningsOf(s.build(), "db2"); len(got) != 1 || !strings.Contains(got[0], "wait for its next start") {
		t.Errorf("of a server that the plan does not restart: %q", got)
	}
	s.mustApply(t)
	if got := warningsOf(s.build(), "db1"); len(got) > 0 {
		t.Errorf("after it: %q", got)
	}
}

func warningsOf(p plan.Plan, server topology.ServerName) []string {
	var texts []string
	for _, w := range p.Warnings {
		if w.Target == server {
			texts = append(texts, w.Text)
		}
	}
	return texts
}
