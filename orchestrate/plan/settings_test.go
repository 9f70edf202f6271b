package plan_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// later is a setting that the next start would read behind all others.
func later(name, value string) facts.Setting {
	return facts.Setting{Name: name, Value: value, Place: "/etc/mysql/conf.d/zzz.cnf:7", Text: name + " = " + value}
}

func addSetting(f facts.Facts, s facts.Setting) facts.Facts {
	return edit(f, "db1", func(server *facts.Server) {
		config := server.Config.Or(facts.Config{})
		config.Settings = append(slices.Clone(config.Settings), s)
		server.Config = facts.Known(config)
	})
}

func setVariable(f facts.Facts, name string, v facts.Variable) facts.Facts {
	return edit(f, "db1", func(server *facts.Server) {
		variables := maps.Clone(server.Variables.Or(nil))
		variables[name] = v
		server.Variables = facts.Known(variables)
	})
}

// TestWhatARestartWouldNotBringBack: the next start is held against what runs, on a cluster that is secured.
func TestWhatARestartWouldNotBringBack(t *testing.T) {
	secured := securedSite(t, world.Cluster("db1", "db2", "db3"))
	f := secured.facts()
	for name, c := range map[string]struct {
		facts   facts.Facts
		warning string // of the plan
		problem string // of the judgement; empty where it is not for us to judge
	}{
		"alike": {f, "", ""},
		"another certificate": {
			addSetting(f, later("ssl_cert", "/old.pem")),
			"db1 runs with ssl_cert /etc/mysql-ssl/current/cert.pem, and would start with /old.pem (/etc/mysql/conf.d/zzz.cnf:7: ssl_cert = /old.pem)",
			"db1 runs with ssl_cert /etc/mysql-ssl/current/cert.pem, and would start with /old.pem",
		},
		"TLS switched off later": {
			addSetting(f, later("ssl", "0")), "db1 runs with TLS, and would start without it (/etc/mysql/conf.d/zzz.cnf:7: ssl = 0)",
			"db1 runs with TLS, and would start without it",
		},
		"our file is gone": {
			edit(f, "db1", func(s *facts.Server) {
				config := s.Config.Or(facts.Config{})
				config.Settings, config.Own = nil, facts.Absent[string]()
				s.Config = facts.Known(config)
			}),
			"", "db1 runs with TLS, and would start without it (as nothing sets it any more)", // the plan blocks or writes the file again
		},
		"set at run time": {
			setVariable(f, "require_secure_transport", facts.Variable{Value: "ON", Default: "OFF", Origin: facts.FromRunTime}),
			"db1 runs with require_secure_transport ON, and would start with OFF (as it was set with SET GLOBAL alone)", "",
		},
		"another setting of theirs": {
			setVariable(addSetting(f, later("tls_version", "TLSv1.3")), "tls_version", facts.Variable{Value: "TLSv1.2,TLSv1.3", Origin: facts.FromNothing}),
			"db1 runs with tls_version TLSv1.2,TLSv1.3, and would start with TLSv1.3", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			warned := plan.Build(secured.cluster, c.facts, plan.Options{}).Warnings
			i := slices.IndexFunc(warned, func(w plan.Warning) bool { return c.warning != "" && strings.HasPrefix(w.Text, c.warning) })
			if (i >= 0) != (c.warning != "") || c.warning == "" && len(warned) > 0 {
				t.Errorf("warnings: %+v, want %q", warned, c.warning)
			}
			report := plan.Judge(secured.cluster, c.facts, positionsOf(secured.cluster, c.facts), nil)
			i = slices.IndexFunc(report.Problems, func(p plan.Problem) bool {
				return c.problem != "" && strings.HasPrefix(p.Why, c.problem) && p.Hint != ""
			})
			if (i >= 0) != (c.problem != "") || report.OK != (c.problem == "") {
				t.Errorf("problems: %+v, want %q", report.Problems, c.problem)
			}
		})
	}
}

func TestFilesThatAServerPassesOverAreTold(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2"))
	f := edit(s.quiet(), "db1", func(server *facts.Server) {
		config := server.Config.Or(facts.Config{})
		config.Open = []string{"/etc/mysql/conf.d/open.cnf"}
		server.Config = facts.Known(config)
	})
	p := plan.Build(s.cluster, f, plan.Options{})
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Text, "anybody may write to the option file /etc/mysql/conf.d/open.cnf") {
		t.Errorf("%+v", p.Warnings)
	}
}

// TestTheStepTellsWhatStandsToday names the files that the server is given today, with their lines.
func TestTheStepTellsWhatStandsToday(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2"))
	f := addSetting(addSetting(s.quiet(), later("ssl_cert", "/old.pem")), facts.Setting{Name: "ssl", Value: "0", Place: "command line", Text: "--skip-ssl"})
	reason := mustStep(t, plan.Build(s.cluster, f, plan.Options{}), "config/db1").Reason
	if !strings.HasSuffix(reason, "; today ssl is 0 (command line), ssl_cert is /old.pem (/etc/mysql/conf.d/zzz.cnf:7)") {
		t.Error(reason)
	}
}

// TestOthersFilesAreNotJudged: a server that runs with files which are not ours may start with others still.
func TestOthersFilesAreNotJudged(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	f := addSetting(s.facts(), later("ssl_cert", "/old.pem"))
	alike := plan.StartsAlike{Server: "db1", Cert: "/elsewhere/cert.pem"}
	others := setVariable(f, "ssl_cert", facts.Variable{Value: "/etc/mysql-ssl/current/cert.pem", Origin: facts.FromFile, File: "/etc/my.cnf"})
	if v := alike.Holds(others); !v.Holds() {
		t.Error(v)
	}
	alike.Cert = "/etc/mysql-ssl/current/cert.pem"
	if v := alike.Holds(f); !v.Fails() || !strings.Contains(v.Hint(), "correct /etc/mysql/conf.d/zzz.cnf:7") {
		t.Errorf("%s, %s", v, v.Hint())
	}
}
