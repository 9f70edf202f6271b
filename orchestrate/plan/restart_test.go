package plan_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/shell"
)

// asRoot leaves the restart to the service manager of the host.
func asRoot(c *topology.Cluster) {
	c.Servers[0].Restart, c.Servers[0].SSH = "", topology.SSH{User: "root", Address: "10.0.0.1"}
}

func TestRestartByTheServiceManager(t *testing.T) {
	for name, c := range map[string]struct {
		service facts.Service
		restart plan.Restart
		impact  string
		heard   string
	}{
		"a unit": {
			facts.Service{Manager: facts.Systemd, Name: "mariadb.service"},
			plan.Restart{Server: "db1", Command: "systemctl restart -- mariadb.service", Unit: "mariadb.service"},
			"db1 (mariadb.service on 10.0.0.1) restarts: ", "systemctl|restart|--|mariadb.service",
		},
		"one of a template, with an escaped name": {
			facts.Service{Manager: facts.Systemd, Name: `mysqld@my\x2ddb.service`},
			plan.Restart{Server: "db1", Command: `systemctl restart -- 'mysqld@my'\\'x2ddb.service'`, Unit: `mysqld@my\x2ddb.service`},
			`db1 (mysqld@my\x2ddb.service on 10.0.0.1) restarts: `, `systemctl|restart|--|mysqld@my\x2ddb.service`,
		},
		"an init script": {
			facts.Service{Manager: facts.SysV, Name: "mysql"},
			plan.Restart{Server: "db1", Command: "service mysql restart"},
			"db1 (mysql on 10.0.0.1) restarts: ", "service|mysql|restart",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := world.Cluster("db1", "db2", "db3")
			asRoot(&cluster)
			s := newSite(cluster)
			s.With("db1", func(s *world.Settings) { s.Service(facts.Known(c.service)) })
			step := mustStep(t, s.build(), "serve/db1")
			if !slices.Equal(step.Actions, []plan.Action{c.restart}) || !slices.Contains(step.Undo.Actions, plan.Action(c.restart)) {
				t.Errorf("actions %q, undo %q", step.Actions, step.Undo.Actions)
			}
			if !strings.HasPrefix(step.Impact, c.impact) {
				t.Errorf("impact: %s", step.Impact)
			}
			if got := heard(t, c.restart.Command); got != c.heard {
				t.Errorf("a shell makes of it %q, want %q", got, c.heard)
			}
			guard := plan.Guard{Condition: plan.RunsAs{Server: "db1", Service: c.service}}
			if !slices.Contains(step.Guards, guard) {
				t.Errorf("nobody looks again which service it is: %v", step.Guards)
			}
			s.mustApply(t)
		})
	}
}

// heard are the words that a real shell makes of a command line, as it goes over the wire.
func heard(t *testing.T, command string) string {
	t.Helper()
	const programs = "systemctl() { IFS='|'; printf '%s' \"systemctl|$*\"; }; service() { IFS='|'; printf '%s' \"service|$*\"; }\n"
	out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", shell.Raw(programs+command).String()).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestRestartWithoutAService(t *testing.T) {
	unseen := func(hint string) func(*world.Settings) {
		return func(s *world.Settings) {
			s.Service(facts.Unknown[facts.Service]("db1: it was started by hand").WithHint(hint))
		}
	}
	whole := slices.Concat(certificates, serving, changes, []string{"require/db1"}, rehearsals)
	runCases(t, []planCase{
		{
			name: "a server that is no service blocks", policy: asRoot,
			begin:   func(_ *testing.T, s *site) { s.With("db1", unseen("say how")) },
			blocked: []string{"db1: it has to be restarted to serve TLS, and which service it is was not found: it was started by hand"}, hint: "say how",
		},
		{
			name: "a service that nobody looked for blocks", policy: asRoot,
			seen:    seenServer("db1", func(s *facts.Server) { s.Service = facts.Value[facts.Service]{} }),
			blocked: []string{"db1: which service it is was not found: it was not looked at"}, hint: "servers: {db1: {restart: COMMAND}}",
		},
		{
			name:    "a service that the login may not restart blocks",
			policy:  func(c *topology.Cluster) { asRoot(c); c.Servers[0].SSH.User = "ops" },
			blocked: []string{"db1: ops, who logs in there, is not root: whether mariadb.service may be restarted is for the host to say"},
			hint:    "ssh.sudo: true; where ops may do it: give the command in the inventory: servers: {db1: {restart: systemctl restart -- mariadb.service}}",
		},
		{
			name:   "a login that becomes root restarts it",
			policy: func(c *topology.Cluster) { asRoot(c); c.Servers[0].SSH.User, c.Servers[0].SSH.Sudo = "ops", true },
			steps:  whole,
		},
		{
			name:  "the inventory's command is taken, whatever service it is",
			begin: func(_ *testing.T, s *site) { s.With("db1", unseen("")) },
			steps: whole,
		},
	})
}

// TestAServerOfATemplateIsGivenItsOwnGroup: another group of the same file is read by the other servers of the host too.
func TestAServerOfATemplateIsGivenItsOwnGroup(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2", "db3"))
	f := seenServer("db1", func(seen *facts.Server) {
		c, _ := seen.Config.Get()
		c.Suffix, c.OwnPath = ".eu", "/etc/mysql/conf.d/zz-replssl@.eu.cnf"
		seen.Config = facts.Known(c)
	})(s.quiet())
	write, ok := mustStep(t, plan.Build(s.cluster, f, s.options), "config/db1").Actions[0].(plan.WriteConfig)
	if !ok || write.Path != "/etc/mysql/conf.d/zz-replssl@.eu.cnf" || !strings.Contains(write.Text, "\n[mysqld.eu]\n") || strings.Contains(write.Text, "\n[mysqld]\n") {
		t.Errorf("it writes %+v", write)
	}
}

// TestTheServiceIsLookedForWhereItIsNeeded: not of a replica, and not where the inventory has a command.
func TestTheServiceIsLookedForWhereItIsNeeded(t *testing.T) {
	cluster := world.Cluster("db1", "db2")
	if plan.LookToPlan(cluster)["db1"].Has(facts.PartService) {
		t.Error("it is looked for beside the inventory's command")
	}
	cluster.Servers[0].Restart, cluster.Servers[1].Restart = "", ""
	look := plan.LookToPlan(cluster)
	if !look["db1"].Has(facts.PartService) || look["db2"].Has(facts.PartService) {
		t.Errorf("looks: %b and %b", look["db1"], look["db2"])
	}
}
