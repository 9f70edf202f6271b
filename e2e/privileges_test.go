package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// flavour is a kind of servers, with the privileges that the README lists for it.
type flavour struct {
	name    string
	start   func(*testing.T, lab.Options) *cluster
	version facts.Version
}

// Servers of other versions are those of the matrix.
func flavours() []flavour {
	return []flavour{
		{"MariaDB", start, facts.Version{Flavour: facts.MariaDB, Major: 10, Minor: 11, Patch: 19}},
		{"MySQL 8.0", startMySQL, facts.Version{Flavour: facts.MySQL, Major: 9, Minor: 7, Patch: 4}},
	}
}

// readOnly makes a server one that is not written, and has a row that no other has, so that what rows demand is set on each by itself.
const readOnly = "SET SESSION sql_log_bin=0; CREATE USER repl@'10.9.%'; SET GLOBAL read_only=1"

// TestLeastPrivileges does the whole job with an administrator that has what the README asks for and nothing else, then looks with one that has
// only what it takes to look. The administrator is let in by the socket, so it is the very account of the lab, with its privileges taken away.
func TestLeastPrivileges(t *testing.T) {
	t.Parallel()
	for _, f := range flavours() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			c := f.start(t, rightsLab)
			grants := readmeGrants(t, f.name)
			c.suffice(grants, slices.DeleteFunc(slices.Clone(grants), func(g string) bool {
				return strings.Contains(g, "CREATE USER") || strings.Contains(g, "ADMIN")
			}))
		})
	}
}

// rightsLab is one on which every kind of work is at hand.
var rightsLab = lab.Options{Replicas: 1, Account: lab.AccountSome, PerformanceSchema: true}

// suffice asserts that the whole job can be done with the first grants alone, and be looked at with the second.
func (c *cluster) suffice(toWork, toLook []string) {
	c.t.Helper()
	keeper := c.keeper()
	weaken := func(grants []string) {
		for _, s := range c.Servers {
			keeper.sql(s.Name, c.withNothingBut(grants...))
		}
		held, err := c.Query(c.t.Context(), "replica1", "SHOW GRANTS")
		must(c.t, err)
		if text := held.String(); strings.Contains(text, "ALL PRIVILEGES") || strings.Contains(text, "SUPER") && !strings.Contains(fmt.Sprint(grants), "SUPER") {
			c.t.Fatalf("%s still has all privileges: %s", c.account(), text)
		}
	}
	keeper.sql("replica1", readOnly)
	weaken(toWork)
	c.plan(2)
	c.want(0, "apply", "--yes")
	if r := c.verify(0); !r.OK {
		c.t.Errorf("%+v", r)
	}
	weaken(toLook)
	if r := c.verify(0); !r.OK {
		c.t.Errorf("%+v", r)
	}
	if s := c.status(); len(s.Problems)+len(s.Plan.Blocked) > 0 {
		c.t.Errorf("%+v", s)
	}
	if p := c.plan(0); len(p.Blocked)+len(p.Steps) > 0 {
		c.t.Errorf("%+v", p)
	}
}

// works are those that only look, and all of them, without that of init.
func works() (looks, all []dialect.Work) {
	all = slices.DeleteFunc(dialect.Works(), func(w dialect.Work) bool { return w == dialect.SeeReplicas })
	return all[:slices.Index(all, dialect.RunThreads)], all
}

// TestREADMEHasThePrivileges holds the README's lists against the definition: they meet every need but that of init, and no part of them could
// be left out.
func TestREADMEHasThePrivileges(t *testing.T) {
	t.Parallel()
	looks, works := works()
	for _, f := range append(flavours(),
		flavour{name: "MariaDB", version: facts.Version{Flavour: facts.MariaDB, Major: 10, Minor: 5, Patch: 23}},
		flavour{name: "MySQL 8.0", version: facts.Version{Flavour: facts.MySQL, Major: 8, Minor: 0, Patch: 33}},
		flavour{name: "MySQL 5.7", version: facts.Version{Flavour: facts.MySQL, Major: 5, Minor: 7, Patch: 22}},
	) {
		grants := readmeGrants(t, f.name)
		held := parsed(grants...)
		if lacking := dialect.Lacking(f.version, held, works...); len(lacking) > 0 || held.Unread {
			t.Errorf("%s: the README lacks %v", f.name, lacking)
		}
		looked := without(held, "SUPER") // which does for what it takes to look, and is not given for that
		for _, given := range held.Given {
			for _, privilege := range given.Privileges {
				needless := len(dialect.Lacking(f.version, without(held, privilege), works...)) == 0
				if needless && len(dialect.Lacking(f.version, without(looked, privilege), looks...)) == 0 {
					t.Errorf("%s: nothing needs %s", f.name, privilege)
				}
			}
		}
	}
}

func without(held facts.Grants, privilege string) (less facts.Grants) {
	for _, given := range held.Given {
		given.Privileges = slices.DeleteFunc(slices.Clone(given.Privileges), func(p string) bool { return p == privilege })
		less.Given = append(less.Given, given)
	}
	return less
}

func parsed(grants ...string) facts.Grants {
	var held facts.Grants
	for _, grant := range grants {
		dialect.ParseGrant(grant, &held)
	}
	return held
}

// needed is some work on a server, and the statements that it takes.
type needed struct {
	work       dialect.Work
	server     string
	plan       bool // the first plan has to do it
	before     string
	statements []dialect.Statement
}

// TestEachPrivilegeIsNeeded takes each privilege, and what stands for it, away from an administrator who has all others. The plan has to name it
// where it needs it, and the server to refuse each statement that is said to need it; with the statement of the hint the plan is as before.
func TestEachPrivilegeIsNeeded(t *testing.T) {
	t.Parallel()
	for _, f := range flavours() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.start(t, rightsLab).needEach(f.version)
		})
	}
}

// needEach takes each right of that version away, and gives it back.
func (c *cluster) needEach(v facts.Version) {
	c.t.Helper()
	keeper := c.keeper()
	keeper.sql("replica1", readOnly)
	tried := map[dialect.Work]bool{}
	for _, n := range neededBy(c.t, v) {
		tried[n.work] = true
		for _, need := range dialect.NeedsOf(v, n.work) {
			keeper.sql(n.server, c.withAllBut(v, need))
			c.lacks(keeper, n, v, need)
			keeper.sql(n.server, c.withNothingBut("GRANT ALL PRIVILEGES ON *.* TO mysql@localhost WITH GRANT OPTION"))
		}
	}
	for _, w := range dialect.Works() {
		if len(dialect.NeedsOf(v, w)) > 0 && !tried[w] {
			c.t.Errorf("nobody tried to %s", w)
		}
	}
}

// lacks asserts what comes of a right that the administrator has not.
func (c *cluster) lacks(keeper *cluster, n needed, v facts.Version, need dialect.Need) {
	c.t.Helper()
	right := need.Right
	if n.plan {
		p := c.plan(3)
		if len(p.Blocked) == 0 || p.Blocked[0].Target != n.server || !strings.Contains(p.Blocked[0].Hint, "GRANT "+right.Privilege) {
			c.t.Fatalf("without %s to %s: %+v", right, n.work, p.Blocked)
		}
		if !strings.Contains(p.Blocked[0].Why, right.Privilege) && !strings.Contains(p.Blocked[0].Why, "denied") {
			c.t.Errorf("without %s to %s: %+v", right, n.work, p.Blocked)
		}
		defer func() {
			keeper.sql(n.server, p.cure())
			if n.work != dialect.RunThreads && slices.Contains(need.Others, dialect.NeedsOf(v, dialect.RunThreads)[0].Right) {
				keeper.sql(n.server, c.plan(3).cure()) // what stands for it, and was taken away with it
			}
			c.plan(2)
		}()
	} else {
		c.plan(2)
	}
	if n.before != "" {
		keeper.sql(n.server, n.before)
	}
	for _, statement := range n.statements {
		err := c.Exec(c.t.Context(), n.server, statement.String())
		if !isDenied(err) {
			c.t.Errorf("without %s: %s: %v", right, statement, err)
		}
	}
}

// cure is the statement of the first hint.
func (p planned) cure() string {
	_, cure, _ := strings.Cut(p.Blocked[0].Hint, ": ")
	return cure
}

// isDenied knows the refusals for lack of a privilege: by database, account (5.6), table, privilege, read_only, and of RESET PERSIST.
func isDenied(err error) bool {
	refused, ok := mysqlError(err)
	return ok && slices.Contains([]uint16{1044, 1045, 1142, 1227, 1290, 3630}, refused.Number)
}

// neededBy are all kinds of work, by statements of the product.
func neededBy(t *testing.T, v facts.Version) []needed {
	t.Helper()
	d, err := dialect.For(v)
	must(t, err)
	one := func(s dialect.Statement, err error) []dialect.Statement {
		must(t, err)
		return []dialect.Statement{s}
	}
	both := facts.Threads{Receiver: true, Applier: true}
	stop, err := d.StopThreads("", both)
	must(t, err)
	begin, err := d.StartThreads("", both)
	must(t, err)
	alter := one(d.Require("repl", "%", facts.Requirement{Kind: facts.RequireNone}))
	list := []needed{
		{dialect.SeeChannels, "replica1", true, "", one(d.Channels().Statement(), nil)},
		{dialect.SeeBinlog, "replica1", true, "", []dialect.Statement{d.BinlogStatus().Statement(), d.Binlogs().Statement()}},
		{dialect.SeeSessions, "replica1", true, "", one(d.Sessions(true).Statement(), nil)},
		{dialect.SeeTransports, "replica1", true, "", one(d.Sessions(true).Statement(), nil)},
		{dialect.SeeAccounts, "replica1", true, "", []dialect.Statement{d.AccountHosts("repl").Statement(), d.Account("repl", "%").Statement()}},
		{dialect.SeeReplicas, "primary", false, "", one(d.Registered().Statement(), nil)},
		{dialect.RunThreads, "replica1", true, "", slices.Concat(stop, begin)},
		{dialect.ChangeChannel, "replica1", true, "", one(d.ChangeTLS("", facts.TLSOptions{}))},
		{dialect.AlterRows, "replica1", true, "", alter},
		{dialect.SkipBinlog, "replica1", true, "", one(d.WithoutBinlog(), nil)},
		{dialect.WriteReadOnly, "replica1", true, "", alter},
	}
	if d.FilesReload() {
		list = append(list, needed{dialect.ReloadFiles, "primary", d.PersistsSettings(), "", one(d.ReloadTLS(), nil)}) // the first of MariaDB is a restart
	}
	if d.PersistsSettings() {
		forget, err := d.Forget(facts.TLSSettings{CA: "ca.pem", Cert: "server-cert.pem", Key: "server-key.pem"}, facts.TLSSettings{})
		must(t, err)
		list = append(list,
			needed{dialect.PersistPaths, "primary", true, "", one(d.Persist(facts.TLSSettings{CA: "ca.pem", Cert: "server-cert.pem", Key: "server-key.pem"}))},
			needed{dialect.UnpersistPaths, "primary", true, "SET PERSIST ssl_ca='ca.pem'", forget[:1]})
	}
	return list
}

// keeper is the same lab, with an administrator who may do everything whatever is done to the other.
func (c *cluster) keeper() *cluster {
	c.t.Helper()
	for _, s := range c.Servers {
		create := "CREATE USER keeper@localhost"
		if !s.Programs.SocketLogin {
			create += " IDENTIFIED BY '" + c.AdminPassword + "'"
		}
		c.sql(s.Name, "SET SESSION sql_log_bin=0; "+create+"; GRANT ALL PRIVILEGES ON *.* TO keeper@localhost WITH GRANT OPTION")
	}
	l, k := *c.Lab, *c
	l.Admin, k.Lab = "keeper", &l
	return &k
}

func (c *cluster) account() string { return "'" + c.Admin + "'@'localhost'" }

// withNothingBut takes all privileges from the administrator and gives those of the statements.
func (c *cluster) withNothingBut(grants ...string) string {
	statements := []string{"SET SESSION sql_log_bin=0", "REVOKE ALL PRIVILEGES, GRANT OPTION FROM " + c.account()}
	for _, grant := range grants {
		statements = append(statements, strings.ReplaceAll(grant, "mysql@localhost", c.account()))
	}
	return strings.Join(statements, "; ")
}

// withAllBut gives everything but one right, and what stands for it.
func (c *cluster) withAllBut(v facts.Version, need dialect.Need) string {
	grants := []string{"GRANT ALL PRIVILEGES ON *.* TO mysql@localhost WITH GRANT OPTION"}
	for _, right := range append([]dialect.Right{need.Right}, need.Others...) {
		grants = append(grants, fmt.Sprintf("REVOKE %s ON *.* FROM mysql@localhost", right.Privilege))
	}
	for _, w := range dialect.Works() {
		for _, other := range dialect.NeedsOf(v, w) {
			if other.Database != "" && other.Right != need.Right {
				grants = append(grants, fmt.Sprintf("GRANT %s TO mysql@localhost", other.Right))
			}
		}
	}
	return c.withNothingBut(grants...)
}

// readmeGrants are the GRANT statements of the README for a kind of servers.
func readmeGrants(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	must(t, err)
	_, block, _ := strings.Cut(string(text), "```sql\n-- "+name)
	block, _, _ = strings.Cut(block, "```")
	var grants []string
	for _, line := range regexp.MustCompile(`(?m)^GRANT [^;]*;`).FindAllString(block, -1) {
		grants = append(grants, strings.TrimSuffix(line, ";"))
	}
	if len(grants) < 4 {
		t.Fatalf("the README has no grants for %s any more: %q", name, grants)
	}
	return grants
}

func mysqlError(err error) (*mysql.MySQLError, bool) {
	var refused *mysql.MySQLError
	ok := errors.As(err, &refused)
	return refused, ok
}
