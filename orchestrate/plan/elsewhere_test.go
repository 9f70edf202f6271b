package plan_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

const formerDir = "/srv/former/current/"

// runsElsewhere lets db1 run with files that our option file has named in another folder: with the certificate of its set.
func runsElsewhere(f facts.Facts) facts.Facts {
	return edit(f, "db1", func(s *facts.Server) {
		s.Settings = facts.Known(facts.TLSSettings{Enabled: true, CA: formerDir + "ca.pem", Cert: formerDir + "cert.pem", Key: formerDir + "key.pem"})
		variables := map[string]facts.Variable{}
		for _, path := range s.Settings.Or(facts.TLSSettings{}).Paths() {
			if path.Value != "" {
				variables[path.Name] = facts.Variable{Value: path.Value, Origin: facts.FromFile, File: ownFile}
			}
		}
		s.Variables = facts.Known(variables)
	})
}

// startsElsewhere lets our option file name that other folder still.
func startsElsewhere(f facts.Facts) facts.Facts {
	return edit(f, "db1", func(s *facts.Server) {
		config := s.Config.Or(facts.Config{})
		config.Own = facts.Known(strings.ReplaceAll(config.Own.Or(""), "/etc/mysql-ssl/current/", formerDir))
		config.Settings = nil
		for _, path := range s.Settings.Or(facts.TLSSettings{}).Paths() {
			if path.Value != "" {
				config.Settings = append(config.Settings, facts.Setting{Name: path.Name, Value: path.Value, Place: ownFile + ":4", Text: path.Name + " = " + path.Value})
			}
		}
		s.Config = facts.Known(config)
	})
}

// TestAnotherTLSDirNeedsARestart: that the server shows the certificate of the new folder already does not show that it reads it there.
func TestAnotherTLSDirNeedsARestart(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	before := startsElsewhere(runsElsewhere(s.quiet()))
	p := plan.Build(s.cluster, before, s.options)
	step := mustStep(t, p, "serve/db1")
	if _, restarts := step.Actions[0].(plan.Restart); !restarts || !ancestors(p, step.ID)["config/db1"] {
		t.Errorf("it would %v", step.Actions)
	}
	written := runsElsewhere(s.facts())
	if v := step.Goal.Holds(written); !v.Fails() || !strings.Contains(v.Why(), "db1 runs with ssl_ca = "+formerDir+"ca.pem, not with /etc/mysql-ssl/current/ca.pem") {
		t.Errorf("before the restart: %s", v)
	}
	if v := step.Goal.Holds(s.facts()); !v.Holds() {
		t.Errorf("after it: %s", v)
	}
	mustStep(t, plan.Build(s.cluster, runsElsewhere(s.quiet()), s.options), "serve/db1") // after a death between settings and restart
}

// TestWhatTheNextStartReadsIsJudged, wherever our option file names it, though the server runs with files of another folder.
func TestWhatTheNextStartReadsIsJudged(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	const cert = "/etc/mysql-ssl/current/cert.pem"
	reads, alike := plan.SetReads{Server: "db1", Cert: cert}, plan.StartsAlike{Server: "db1", Cert: cert}
	waits := runsElsewhere(s.facts())
	if v := alike.Holds(waits); !v.Fails() || !strings.Contains(v.Why(), "and would start with /etc/mysql-ssl/current/ca.pem ("+ownFile) {
		t.Errorf("of settings that wait: %s", v)
	}
	spoilt := edit(waits, "db1", func(s *facts.Server) {
		dir := s.TLSDir.Or(facts.TLSDir{})
		dir.Sets = map[int]facts.FileSet{1: {Faults: []string{"key.pem is missing"}}}
		s.TLSDir = facts.Known(dir)
	})
	if v := reads.Holds(spoilt); !v.Fails() || !strings.Contains(v.Why(), "key.pem is missing") {
		t.Errorf("of a set that waits: %s", v)
	}
	report := plan.Judge(s.cluster, spoilt, positionsOf(s.cluster, spoilt), nil)
	if report.OK {
		t.Error("the cluster is proven")
	}
	stays := startsElsewhere(waits)
	if v := reads.Holds(stays); !v.Holds() {
		t.Errorf("of good files elsewhere: %s", v)
	}
	gone := edit(stays, "db1", func(s *facts.Server) {
		s.Named = facts.Known(map[string]facts.Named{formerDir + "key.pem": {Readable: facts.Absent[bool]()}})
	})
	if v := reads.Holds(gone); !v.Fails() || !strings.Contains(v.Why(), formerDir+"key.pem") || !strings.Contains(v.Why(), "is not there") {
		t.Errorf("of files elsewhere that are gone: %s", v)
	}
}
