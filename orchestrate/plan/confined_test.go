package plan_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// confined is the plan of a cluster whose primary has a profile enforced on it.
func confined(s *site, c facts.Confined) plan.Plan {
	f := s.quiet()
	db1 := f.Servers["db1"]
	db1.Confined = facts.Known(c)
	f.Servers["db1"] = db1
	return plan.Build(s.cluster, f, plan.Options{})
}

func profile(reads facts.Value[bool], usual bool) facts.Confined {
	return facts.Confined{
		Profile: "/usr/sbin/mysqld", File: "/etc/apparmor.d/usr.sbin.mysqld", Place: "/etc/apparmor.d/local/usr.sbin.mysqld", Reads: reads, Usual: usual,
	}
}

func TestAProfileThatKeepsTheServerFromItsFilesBlocks(t *testing.T) {
	p := confined(newSite(world.Cluster("db1", "db2")), profile(facts.Known(false), true))
	if len(p.Blocked) != 1 || len(p.Steps) != 0 || p.Blocked[0].Target != "db1" {
		t.Fatalf("got %v and %v", p.Blocked, ids(p))
	}
	for _, want := range []string{"does not let the server read /etc/mysql-ssl/versions", "profile /usr/sbin/mysqld"} {
		if !strings.Contains(p.Blocked[0].Why, want) {
			t.Errorf("the reason is %s", p.Blocked[0].Why)
		}
	}
	for _, want := range []string{
		"tls: {dir: /etc/mysql/ssl}", `"/etc/mysql-ssl/versions/** r," to /etc/apparmor.d/local/usr.sbin.mysqld`,
		"apparmor_parser -r /etc/apparmor.d/usr.sbin.mysqld",
	} {
		if !strings.Contains(p.Blocked[0].Hint, want) {
			t.Errorf("the hint is %s", p.Blocked[0].Hint)
		}
	}
	p = confined(newSite(world.Cluster("db1", "db2")), profile(facts.Known(false), false))
	if len(p.Blocked) != 1 || strings.Contains(p.Blocked[0].Hint, "/etc/mysql/ssl}") {
		t.Errorf("a folder that would not help is named: %v", p.Blocked)
	}
}

func TestAProfileThatLetsTheServerReadIsNoNews(t *testing.T) {
	p := confined(newSite(world.Cluster("db1", "db2")), profile(facts.Known(true), false))
	if len(p.Blocked) != 0 || warned(p, "AppArmor") || len(p.Steps) == 0 {
		t.Errorf("got %v and %v", p.Blocked, p.Warnings)
	}
}

func TestAProfileThatCannotBeToldIsAWarning(t *testing.T) {
	p := confined(newSite(world.Cluster("db1", "db2")), profile(facts.Unknown[bool]("it has conditions"), false))
	if len(p.Blocked) != 0 || !warned(p, "the AppArmor profile /usr/sbin/mysqld, which is enforced, lets the server read /etc/mysql-ssl/versions cannot be told: it has conditions") {
		t.Errorf("got %v and %v", p.Blocked, p.Warnings)
	}
}

func TestATypeThatThePolicyDoesNotKnowIsAWarning(t *testing.T) {
	c := facts.Confined{KeyType: "user_tmp_t", Reads: facts.Known(false)}
	p := confined(newSite(world.Cluster("db1", "db2")), c)
	if len(p.Blocked) != 0 || len(p.Steps) == 0 || !warned(p, "(read, not tried) lets mysqld_t read no file of its type, user_tmp_t; "+
		`semanage fcontext -a -t mysqld_etc_t "/etc/mysql-ssl(/.*)?" and restorecon -R "/etc/mysql-ssl"`) {
		t.Errorf("got %v and %v", p.Blocked, p.Warnings)
	}
	if p = confined(securedSite(t, world.Cluster("db1", "db2")), c); warned(p, "SELinux") {
		t.Errorf("a server that read its set is told it may not: %v", p.Warnings)
	}
}

// TestAServerThatReadItsSetIsBelieved: the text of its profile is not what is loaded.
func TestAServerThatReadItsSetIsBelieved(t *testing.T) {
	p := confined(securedSite(t, world.Cluster("db1", "db2")), profile(facts.Known(false), false))
	if len(p.Blocked) != 0 || len(p.Steps) != 0 {
		t.Errorf("got %v and %v", p.Blocked, ids(p))
	}
}

func warned(p plan.Plan, part string) bool {
	for _, w := range p.Warnings {
		if strings.Contains(w.Text, part) {
			return true
		}
	}
	return false
}
