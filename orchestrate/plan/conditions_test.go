package plan_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

func linkTo(name topology.ServerName) plan.Link {
	return plan.Link{Channel: channelOf(name), Source: "db1", Host: "db1.example.com", Port: 3306, User: "repl"}
}

func optionsOf() facts.TLSOptions {
	return facts.TLSOptions{
		Enabled: true, CA: "/etc/mysql-ssl/current/ca.pem", Cert: "/etc/mysql-ssl/current/cert.pem", Key: "/etc/mysql-ssl/current/key.pem",
		VerifyIdentity: true,
	}
}

// allConditions has one condition of each type, each of which holds in the secured cluster that was seen.
func allConditions(f facts.Facts) []plan.Condition {
	l := linkTo("db2")
	leaf := plan.Leaf{Server: "db1", Version: 1, Names: []string{"db1.example.com"}}
	return []plan.Condition{
		plan.AuthorityExists{},
		plan.Promoted{},
		plan.Retired{},
		plan.Forgotten{},
		plan.TrustsFolder{Server: "db1"},
		plan.IssuedBy{Server: "db1", Authority: f.Store.Or(facts.Store{}).CA.Or("")},
		plan.LeafIssued{Leaf: leaf},
		plan.GivenReady{Server: "db1", Digest: f.Store.Or(facts.Store{}).Given["db1"].Or(facts.Leaf{}).Digest(), Names: leaf.Names},
		plan.SetInUse{Server: "db1", Version: 1, Names: leaf.Names},
		plan.OnlySets{Server: "db1", Keep: []int{1}},
		plan.ConfigInPlace{Server: "db1", Path: "/etc/mysql/conf.d/zz-replssl.cnf", Text: ownConfig()},
		plan.Serves{Server: "db1"},
		plan.ServesValid{Server: "db1"},
		plan.StartsAlike{Server: "db1", Cert: "/etc/mysql-ssl/current/cert.pem"},
		plan.SetReads{Server: "db1", Cert: "/etc/mysql-ssl/current/cert.pem"},
		plan.RequiresTLS{Server: "db1", User: "repl"},
		plan.RequiresTLS{Server: "db1", User: "repl", Least: facts.Requirement{Kind: facts.RequireSSL}, Rows: []plan.RowDemand{{Host: "10.%", Require: facts.Requirement{Kind: facts.RequireX509}}}},
		plan.RowsAre{Server: "db1", User: "repl", Rows: []plan.RowDemand{{Host: "%", Require: facts.Requirement{Kind: facts.RequireSSL}}}},
		plan.Presents{Link: l},
		plan.PresentsSet{Link: l},
		plan.PlaintextRefused{Link: l},
		plan.Secured{Link: l, Options: optionsOf(), Threads: both},
		plan.Secured{Link: l, Options: optionsOf(), Threads: both, Demands: true},
		plan.Connected{Link: l},
		plan.Attached{Link: l},
		plan.Rehearsed{Link: l},
		plan.Encrypted{Link: l},
		plan.Encrypted{Link: l, Demands: true},
		plan.Running{Link: l},
		plan.Former{Link: l, Options: optionsOf(), Threads: both},
		plan.Reached{Link: l, Position: facts.Position{File: "binlog.000001", Pos: 4}},
		plan.Up{Server: "db1"},
		plan.TrialWorks{Link: l},
		plan.RelayLogsSafe{Link: l},
		plan.LagWithin{Link: l, Max: time.Second},
		plan.KeepsLogin{Channel: l.Channel},
		plan.LoginWorks{Link: l},
		plan.AsPlanned{Link: l, Threads: both, Wanted: both},
		plan.NoStrangers{Server: "db1", User: "repl", Links: []plan.Link{linkTo("db2"), linkTo("db3")}},
		plan.All(plan.Up{Server: "db1"}, plan.Up{Server: "db2"}),
		plan.ConfigIs{Server: "db1", Path: "/etc/mysql/conf.d/zz-replssl.cnf", There: true, Text: ownConfig()},
		plan.SetIs{Server: "db1", Version: 1},
		plan.Shows{Server: "db1", Chain: f.Server("db1").ServedTLS.Or(facts.ServedTLS{}).Chain},
		plan.RunsAs{Server: "db1", Service: facts.Service{Manager: facts.Systemd, Name: "mariadb.service"}},
		plan.Arrives{Server: "db2", Links: []plan.Link{linkTo("db3")}},
		plan.HeededAlone{Server: "db1", Path: "/etc/mysql/conf.d/zz-replssl.cnf"},
	}
}

// ownConfig is the text of the option file as the plan writes it.
func ownConfig() string {
	for _, step := range newSite(world.Cluster("db1", "db2", "db3")).build().Steps {
		if write, ok := step.Actions[0].(plan.WriteConfig); ok {
			return write.Text
		}
	}
	panic("the plan writes no settings")
}

// skipSSL is what turns TLS off behind our settings.
func skipSSL(place string) []facts.Setting {
	return []facts.Setting{{Name: "ssl", Value: "0", Place: place, Text: "skip-ssl"}}
}

// TestEveryConditionIsTried compares the list above with the source.
func TestEveryConditionIsTried(t *testing.T) {
	tried := map[string]bool{
		"SettingsPersisted": true, "SettingsAre": true, // of servers that persist settings: persist_test.go
		"Acknowledges": true, // of servers that do: semisync_test.go
		"Succession":   true, // of a folder in which one waits: succession_test.go
	}
	for _, c := range allConditions(facts.Facts{}) {
		tried[reflect.TypeOf(c).Name()] = true
	}
	for _, name := range typesWith(t, "condition") {
		if !tried[name] {
			t.Errorf("condition %s is not tried here", name)
		}
	}
	if len(tried) < 20 {
		t.Errorf("only %d conditions were found", len(tried))
	}
}

// typesWith are the types of this package that have a method.
func typesWith(t *testing.T, method string) []string {
	t.Helper()
	sources := func(info fs.FileInfo) bool { return !strings.HasSuffix(info.Name(), "_test.go") }
	packages, err := parser.ParseDir(token.NewFileSet(), ".", sources, 0) //nolint:staticcheck // build tags do not matter here
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range packages["plan"].Files {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == method {
				names = append(names, fmt.Sprint(f.Recv.List[0].Type))
			}
		}
	}
	return names
}

func TestEveryConditionHoldsInASecuredCluster(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2", "db3"))
	f := s.facts()
	for _, c := range allConditions(f) {
		if v := c.Holds(f); !v.Holds() {
			t.Errorf("%T: %s", c, v)
		}
		if c.String() == "" {
			t.Errorf("%T has no sentence", c)
		}
	}
}

// TestNoConditionHoldsOfNothing: what nobody looked at is never good, also where a server is there and all its parts are unknown.
func TestNoConditionHoldsOfNothing(t *testing.T) {
	servers := map[topology.ServerName]facts.Server{"db1": {}, "db2": {}, "db3": {}}
	whole := securedSite(t, world.Cluster("db1", "db2", "db3")).facts()
	for name, f := range map[string]facts.Facts{
		"nothing": {}, "only a clock": {At: whole.At}, "only names": {Servers: servers}, "only marks": {Marks: whole.Marks, Servers: servers},
	} {
		for _, c := range allConditions(whole) {
			if v := c.Holds(f); v.Holds() || v.Why() == "" {
				t.Errorf("%s: %T: %s", name, c, v)
			}
		}
	}
}

// TestConditionsLookAtWhatTheyRead: a condition that holds of everything holds of its own look alone, and without any one part of that
// look it does not fail, since that part is unknown then. The marks are always there.
func TestConditionsLookAtWhatTheyRead(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2", "db3"))
	for _, c := range allConditions(s.facts()) {
		f := s.Observe(t.Context(), c.Look())
		f.Marks = s.ledger.Marks()
		if v := c.Holds(f); !v.Holds() {
			t.Errorf("%T does not hold of its own look: %s", c, v)
		}
		for _, name := range c.Look().Names() {
			for part := facts.PartInstance; part <= facts.PartPlaintext; part <<= 1 {
				less := maps.Clone(c.Look())
				less[name] &^= part
				f := s.Observe(t.Context(), less)
				f.Marks = s.ledger.Marks()
				_, proves := c.(plan.Encrypted) // says no where nothing proves it
				_, secured := c.(plan.Secured)
				if v := c.Holds(f); v.Fails() && !proves && !secured {
					t.Errorf("%T fails where part %b of %s was not looked at: %s", c, part, name, v)
				}
			}
		}
	}
}

// TestQuickConditions: what is waited for first holds whenever the condition does, and costs no more to look at.
func TestQuickConditions(t *testing.T) {
	whole := securedSite(t, world.Cluster("db1", "db2", "db3")).facts()
	seen := 0
	for _, c := range allConditions(whole) {
		quick := plan.Quick(c)
		if quick == nil {
			continue
		}
		seen++
		if v := quick.Holds(whole); !v.Holds() {
			t.Errorf("%T: %s", c, v)
		}
		for name, parts := range quick.Look() {
			if !c.Look()[name].Has(parts) {
				t.Errorf("%T looks at %b of %s, and its quick condition at %b", c, c.Look()[name], name, parts)
			}
		}
	}
	if seen < 4 {
		t.Errorf("only %d conditions are quick", seen)
	}
}

// judgement is what a condition says of a secured cluster of which something else is seen.
type judgement struct {
	name      string
	condition plan.Condition
	seen      func(facts.Facts) facts.Facts
	says      string // holds, fails, final or unclear
	why       string
}

func (j judgement) check(t *testing.T, f facts.Facts) {
	t.Helper()
	if j.seen != nil {
		f = j.seen(f)
	}
	v := j.condition.Holds(f)
	if quick := plan.Quick(j.condition); quick != nil && v.Holds() && !quick.Holds(f).Holds() {
		t.Errorf("it holds, but not its quick condition: %s", quick.Holds(f))
	}
	ok := map[string]bool{"holds": v.Holds(), "fails": v.Fails() && !v.Final(), "final": v.Fails() && v.Final(), "unclear": v.Unclear()}[j.says]
	if !ok || !strings.Contains(v.Why(), j.why) {
		t.Errorf("it %s; want %s %q", v, j.says, j.why)
	}
}

func runJudgements(t *testing.T, f facts.Facts, list []judgement) {
	t.Helper()
	for _, j := range list {
		t.Run(j.name, func(t *testing.T) { j.check(t, f) })
	}
}

func TestGuards(t *testing.T) {
	l := linkTo("db2")
	trial := func(value facts.Value[facts.Trial]) func(facts.Facts) facts.Facts {
		return seenServer("db2", func(s *facts.Server) { s.Trials = map[string]facts.Value[facts.Trial]{"": value} })
	}
	behind := func(logs facts.Value[[]string]) func(facts.Facts) facts.Facts {
		return func(f facts.Facts) facts.Facts {
			f = editChannel(f, "db2", func(c *facts.Channel) {
				c.Exec, c.Read = facts.Position{File: "binlog.000007", Pos: 4}, facts.Position{File: "binlog.000009", Pos: 4}
			})
			return edit(f, "db1", func(s *facts.Server) { s.Binlogs = logs })
		}
	}
	lag := func(value facts.Value[time.Duration], read uint64) func(facts.Facts) facts.Facts {
		return seenChannel("db2", func(c *facts.Channel) { c.Lag, c.Read.Pos = value, read })
	}
	open := func(host string) []facts.AccountRow {
		if host == "" {
			return []facts.AccountRow{}
		}
		return []facts.AccountRow{{User: "repl", Host: host, Require: facts.Requirement{Kind: facts.RequireNone}}}
	}
	rows := func(source, replica string) change {
		return seeing(
			seenServer("db1", func(s *facts.Server) { s.Accounts = facts.Known(open(source)) }),
			seenServer("db2", func(s *facts.Server) { s.Accounts = facts.Known(open(replica)) }))
	}
	arrives := plan.Arrives{Server: "db1", Rows: []plan.RowDemand{{Host: "%", Require: facts.Requirement{Kind: facts.RequireNone}}}, Links: []plan.Link{l}}
	planned := plan.AsPlanned{Link: l, Threads: both, Wanted: both}
	limit := plan.LagWithin{Link: l, Max: 30 * time.Second}
	runJudgements(t, securedSite(t, world.Cluster("db1", "db2", "db3")).facts(), []judgement{
		{"a trial login that works", plan.TrialWorks{Link: l}, nil, "holds", ""},
		{
			"a trial login that failed, with its text",
			plan.TrialWorks{Link: l},
			trial(facts.Known(facts.Trial{Attempt: facts.Attempt{Errno: 1045, Text: "Access denied"}})), "fails", "Access denied",
		},
		{"a trial login that could not be made", plan.TrialWorks{Link: l}, trial(facts.Unknown[facts.Trial]("no password")), "unclear", "no password"},
		{"no trial login at all", plan.TrialWorks{Link: l}, trial(facts.Absent[facts.Trial]()), "unclear", ""},

		{"an anonymous row that a login may match", plan.RequiresTLS{Server: "db1", User: "repl"}, seenServer("db1", func(s *facts.Server) {
			s.Anonymous = facts.Known([]facts.AccountRow{{Host: "localhost", Require: facts.Requirement{Kind: facts.RequireNone}}})
		}), "fails", "anonymous row ''@localhost"},
		{"anonymous rows that are not known", plan.RequiresTLS{Server: "db1", User: "repl"}, seenServer("db1", func(s *facts.Server) {
			s.Anonymous = facts.Unknown[[]facts.AccountRow]("access denied")
		}), "unclear", "access denied"},
		{"an anonymous row where nobody logs in", plan.RequiresTLS{Server: "db2", User: "repl", Optional: true}, seenServer("db2", func(s *facts.Server) {
			s.Anonymous = facts.Known([]facts.AccountRow{{Host: "localhost", Require: facts.Requirement{Kind: facts.RequireNone}}})
		}), "holds", ""},
		{"the same open rows on both sides", arrives, rows("%", "%"), "holds", ""},
		{"a row that a replica lacks", arrives, rows("%", ""), "fails", "db2 has no row of the account for %"},
		{"a row that the plan does not know", arrives, seeing(rows("%", "%"), seenServer("db1", func(s *facts.Server) {
			s.Accounts = facts.Known(append(s.Accounts.Or(nil), facts.AccountRow{User: "repl", Host: "10.%"}))
		})), "fails", "repl@10.% on db1 may log in without TLS"},
		{"a filter since the plan", arrives, seeing(rows("%", "%"), seenChannel("db2", func(c *facts.Channel) { c.Filtered = true })), "fails", "filtered"},
		{"a delay since the plan", arrives, seeing(rows("%", "%"), seenChannel("db2", func(c *facts.Channel) { c.Delay = time.Minute })), "fails", "delayed"},
		{"an applier that stopped since the plan", arrives, seeing(rows("%", "%"), seenChannel("db2", func(c *facts.Channel) { c.Applier = facts.No })), "fails", "does not run"},
		{"a binary log that is filtered", arrives, seeing(rows("%", "%"), seenServer("db1", func(s *facts.Server) {
			instance := s.Instance.Or(facts.Instance{})
			instance.BinlogDB = true
			s.Instance = facts.Known(instance)
		})), "fails", "filtered"},
		{"rows of a replica that are not known", arrives, seeing(rows("%", "%"), seenServer("db2", func(s *facts.Server) {
			s.Accounts = facts.Unknown[[]facts.AccountRow]("access denied")
		})), "unclear", "access denied"},

		{"an option file that is gone", plan.ConfigIs{Server: "db1", Path: "/x"}, seenServer("db1", func(s *facts.Server) {
			config := s.Config.Or(facts.Config{})
			config.Own = facts.Absent[string]()
			s.Config = facts.Known(config)
		}), "holds", ""},
		{"an option file that still stands", plan.ConfigIs{Server: "db1", Path: "/x"}, nil, "fails", "not as it was found"},
		{"a set that was not switched back", plan.SetIs{Server: "db1"}, nil, "fails", "uses certificate set 1, and used 0"},

		{"relay logs that are applied", plan.RelayLogsSafe{Link: l}, nil, "holds", ""},
		{
			"relay logs that wait while the source has the binary logs",
			plan.RelayLogsSafe{Link: l},
			behind(facts.Known([]string{"binlog.000007", "binlog.000008"})), "holds", "",
		},
		{
			"relay logs that wait while the source purged the binary log",
			plan.RelayLogsSafe{Link: l},
			behind(facts.Known([]string{"binlog.000008"})), "fails", "no longer has binlog.000007",
		},
		{
			"relay logs that wait while the binary logs are not known",
			plan.RelayLogsSafe{Link: l},
			behind(facts.Unknown[[]string]("access denied")), "unclear", "access denied",
		},

		{"a lag at the limit", limit, lag(facts.Known(30*time.Second), 9), "holds", ""},
		{"a lag past the limit", limit, lag(facts.Known(31*time.Second), 9), "fails", "31s behind, more than 30s"},
		{"no lag to be seen while both threads run", limit, lag(facts.Unknown[time.Duration]("no timestamp"), 9), "unclear", "no timestamp"},
		{"a receiver that an interrupted run stopped, with something left to apply", limit, seenChannel("db2", func(c *facts.Channel) {
			c.Receiver, c.Lag, c.Read.Pos = facts.No, facts.Unknown[time.Duration]("not connected"), c.Exec.Pos+5
		}), "holds", ""},
		{"an applier that is to stay stopped", limit, seenChannel("db2", func(c *facts.Channel) {
			c.Applier, c.Lag = facts.No, facts.Unknown[time.Duration]("the applier is stopped")
		}), "holds", ""},

		{"another source than planned", planned, seenChannel("db2", func(c *facts.Channel) { c.SourceHost = "db9" }), "fails", "from db9:3306"},
		{"another port than planned", planned, seenChannel("db2", func(c *facts.Channel) { c.SourcePort = 3307 }), "fails", ":3307"},
		{"another account than planned", planned, seenChannel("db2", func(c *facts.Channel) { c.SourceUser = "other" }), "fails", "as other"},
		{"a delay since the plan", planned, seenChannel("db2", func(c *facts.Channel) { c.Delay = time.Minute }), "fails", "by 1m"},
		{"an UNTIL condition since the plan", planned, seenChannel("db2", func(c *facts.Channel) { c.Until = true }), "fails", "UNTIL"},
		{"a receiver that somebody stopped since the plan", planned, seenChannel("db2", func(c *facts.Channel) { c.Receiver = facts.No }), "fails", "the receiver should run, and is stopped"},
		{"an applier that somebody stopped since the plan", planned, seenChannel("db2", func(c *facts.Channel) { c.Applier = facts.No }), "fails", "the applier should run, and is stopped"},
		{"an applier that an earlier step started", plan.AsPlanned{Link: l, Threads: receiver, Wanted: both}, nil, "holds", ""},
		{
			"an applier that is stopped as the plan found it",
			plan.AsPlanned{Link: l, Threads: receiver, Wanted: both},
			seenChannel("db2", func(c *facts.Channel) { c.Applier = facts.No }), "holds", "",
		},
		{"an applier that runs although it is to stay stopped", plan.AsPlanned{Link: l, Threads: receiver, Wanted: receiver}, nil, "fails", "the applier runs, and is to stay stopped"},
		{"an applier that met an error", planned, seenChannel("db2", func(c *facts.Channel) { c.ApplierError.Number = 1062 }), "final", "1062"},
		{"a channel that is gone", planned, seenServer("db2", func(s *facts.Server) { s.Channels = facts.Known([]facts.Channel{}) }), "fails", "no such channel"},
		{"a channel that cannot be looked at", planned, seenServer("db2", func(s *facts.Server) { s.Channels = facts.Unknown[[]facts.Channel]("gone away") }), "unclear", "gone away"},
	})
}

func TestNoStrangers(t *testing.T) {
	guard := plan.NoStrangers{Server: "db1", User: "repl", Links: []plan.Link{linkTo("db2"), linkTo("db3")}}
	add := func(threads ...facts.DumpThread) func(facts.Facts) facts.Facts {
		return seenServer("db1", func(s *facts.Server) {
			s.DumpThreads = facts.Known(append(slices.Clone(s.DumpThreads.Or(nil)), threads...))
		})
	}
	stranger := facts.DumpThread{ID: 90, User: "repl", Host: "10.0.0.90:50000"}
	detached := func(f facts.Facts) facts.Facts {
		return edit(f, "db2", func(s *facts.Server) { s.Process = facts.Known(facts.Process{}) })
	}
	runJudgements(t, securedSite(t, world.Cluster("db1", "db2", "db3")).facts(), []judgement{
		{"only the replicas of the inventory", guard, nil, "holds", ""},
		{"a dump thread of another account", guard, add(facts.DumpThread{ID: 90, User: "cdc", Host: "10.0.0.90:50000"}), "holds", ""},
		{"a stranger, with his address", guard, add(stranger), "fails", "connection 90 of repl from 10.0.0.90:50000"},
		{"a replica whose dump thread cannot be told may be the stranger", guard, detached, "unclear", "may be what is left"},
		{
			"more strangers than replicas that cannot be told", guard,
			func(f facts.Facts) facts.Facts { return detached(add(stranger)(f)) }, "fails", "connection 90",
		},
		{
			"dump threads that cannot be looked at", guard,
			seenServer("db1", func(s *facts.Server) { s.DumpThreads = facts.Unknown[[]facts.DumpThread]("PROCESS is missing") }), "unclear", "PROCESS",
		},
		{"a detached receiver without a stranger", guard, func(f facts.Facts) facts.Facts {
			f = edit(f, "db1", func(s *facts.Server) { s.DumpThreads = facts.Known(s.DumpThreads.Or(nil)[:1]) })
			return detached(f)
		}, "unclear", ""},
	})
}

func TestGoals(t *testing.T) {
	l := linkTo("db2")
	rows := func(list ...facts.AccountRow) func(facts.Facts) facts.Facts {
		return seenServer("db1", func(s *facts.Server) { s.Accounts = facts.Known(list) })
	}
	row := func(host string, kind facts.RequirementKind) facts.AccountRow {
		return facts.AccountRow{User: "repl", Host: host, Require: facts.Requirement{Kind: kind}}
	}
	config := func(change func(*facts.Config)) func(facts.Facts) facts.Facts {
		return seenServer("db1", func(s *facts.Server) {
			c, _ := s.Config.Get()
			change(&c)
			s.Config = facts.Known(c)
		})
	}
	set := func(change func(*facts.TLSDir, *facts.FileSet)) func(facts.Facts) facts.Facts {
		return seenServer("db1", func(s *facts.Server) {
			d, _ := s.TLSDir.Get()
			one := d.Sets[d.Current]
			version := d.Current
			change(&d, &one)
			d.Sets = map[int]facts.FileSet{version: one}
			s.TLSDir = facts.Known(d)
		})
	}
	required := plan.RequiresTLS{Server: "db1", User: "repl"}
	inPlace := plan.ConfigInPlace{Server: "db1", Path: "/etc/mysql/conf.d/zz-replssl.cnf", Text: ownConfig()}
	alone := plan.HeededAlone{Server: "db1", Path: inPlace.Path}
	inUse := plan.SetInUse{Server: "db1", Version: 1, Names: []string{"db1.example.com"}}
	secured := plan.Secured{Link: l, Options: optionsOf(), Threads: both}
	former := plan.Former{Link: l, Options: optionsOf(), Threads: both}
	reached := plan.Reached{Link: l, Position: facts.Position{File: "binlog.000001", Pos: 5}}
	runJudgements(t, securedSite(t, world.Cluster("db1", "db2", "db3")).facts(), []judgement{
		{"a second row that is open, by name", required, rows(row("%", facts.RequireSSL), row("10.%", facts.RequireNone)), "fails", "repl@10.% on db1"},
		{"rows that demand more", required, rows(row("%", facts.RequireX509), row("10.%", facts.RequireSpecified)), "holds", ""},
		{"a row of which the requirement is not known", required, rows(row("%", "")), "fails", "repl@%"},
		{"no row where replicas log in", required, rows(), "fails", "has no account"},
		{"no row where nobody logs in", plan.RequiresTLS{Server: "db1", User: "repl", Optional: true}, rows(), "holds", ""},

		{"settings that another server heeds", alone, config(func(c *facts.Config) { c.Others = facts.Known([]string{"process 7"}) }), "fails", "process 7"},
		{"other readers that were not seen", alone, config(func(c *facts.Config) { c.Others = facts.Unknown[[]string]("hidepid") }), "unclear", "hidepid"},

		{"settings of another text", inPlace, config(func(c *facts.Config) { c.Own = facts.Known("ssl=0") }), "fails", "does not have"},
		{"settings that something read later overrides", inPlace, config(func(c *facts.Config) { c.Later = skipSSL("/x:1") }), "fails", "/x:1: skip-ssl"},
		{"a list of revoked certificates that something else names", inPlace, config(func(c *facts.Config) {
			c.Later = []facts.Setting{{Name: "ssl_crl", Value: "/x", Place: "/x:1", Text: "ssl-crl=/x"}, {Name: "ssl", Value: "on", Place: "/x:2", Text: "ssl=on"}}
		}), "holds", ""},
		{
			"settings that the server refuses", inPlace,
			seenServer("db1", func(s *facts.Server) { s.ConfigCheck = facts.Known(facts.Check{Text: "unknown variable"}) }), "fails", "unknown variable",
		},
		{
			"settings that the server was not asked about", inPlace,
			seenServer("db1", func(s *facts.Server) { s.ConfigCheck = facts.Value[facts.Check]{} }), "unclear", "not looked at",
		},

		{
			"a server that another service runs meanwhile",
			plan.RunsAs{Server: "db1", Service: facts.Service{Manager: facts.Systemd, Name: "mysql.service"}},
			nil, "fails", "db1 runs as mariadb.service, and not as mysql.service",
		},
		{
			"a server that was started by hand meanwhile",
			plan.RunsAs{Server: "db1"},
			seenServer("db1", func(s *facts.Server) { s.Service = facts.Unknown[facts.Service]("db1: by hand") }), "unclear", "the service of db1: by hand",
		},

		{"no set in use", inUse, set(func(d *facts.TLSDir, _ *facts.FileSet) { d.Current = 0 }), "fails", "uses no certificate set"},
		{"another set in use", plan.SetInUse{Server: "db1", Version: 2, Names: inUse.Names}, nil, "fails", "set 1, not 2"},
		{"a set that the server's user cannot read", inUse, set(func(_ *facts.TLSDir, s *facts.FileSet) { s.Readable = facts.Known(false) }), "fails", "cannot read"},
		{"a set with a fault", inUse, set(func(_ *facts.TLSDir, s *facts.FileSet) { s.Faults = []string{"key.pem may be read by others"} }), "fails", "key.pem may be read"},
		{"a set that is open to others", inUse, set(func(_ *facts.TLSDir, s *facts.FileSet) { s.Loose = []string{"key.pem is open to others"} }), "fails", "key.pem is open"},
		{"sets that should be gone", plan.OnlySets{Server: "db1", Keep: []int{2}}, nil, "fails", "still has the certificate sets 1"},
		{"a set with another key", inUse, set(func(_ *facts.TLSDir, s *facts.FileSet) { s.KeyPublic = facts.Known("another") }), "fails", "key.pem"},
		{"a set that is no PEM", inUse, set(func(_ *facts.TLSDir, s *facts.FileSet) { s.Cert = "hello" }), "fails", "cert.pem"},
		{"a CA that is no PEM", inUse, set(func(_ *facts.TLSDir, s *facts.FileSet) { s.CA = "hello" }), "fails", "ca.pem"},
		{"a set without the name", plan.SetInUse{Server: "db1", Version: 1, Names: []string{"db1.example.com", "10.0.0.1"}}, nil, "fails", "10.0.0.1"},
		{"a set in the dark of tomorrow", inUse, func(f facts.Facts) facts.Facts { f.At = f.At.AddDate(20, 0, 0); return f }, "fails", "expired"},
		{"a TLS dir that is a link", inUse, set(func(d *facts.TLSDir, _ *facts.FileSet) { d.Kind, d.Fault = facts.DirOther, "it is a link" }), "fails", "it is a link"},

		{
			"a server that offers no TLS",
			plan.Serves{Server: "db1"},
			seenServer("db1", func(s *facts.Server) { s.ServedTLS = facts.Absent[facts.ServedTLS]() }), "fails", "offers no TLS",
		},
		{
			"a server that serves something else",
			plan.Serves{Server: "db1"},
			seenServer("db1", func(s *facts.Server) { s.ServedTLS = facts.Known(facts.ServedTLS{Chain: "no PEM"}) }), "fails", "another certificate",
		},
		{
			"a server that could not be shaken hands with",
			plan.Serves{Server: "db1"},
			seenServer("db1", func(s *facts.Server) { s.ServedTLS = facts.Unknown[facts.ServedTLS]("timeout") }), "unclear", "timeout",
		},

		{"other options than planned", secured, seenChannel("db2", func(c *facts.Channel) { c.TLS.Cipher = "NULL" }), "fails", "options of channel db2 are not the wanted ones"},
		{"a receiver that is connecting", secured, seenChannel("db2", func(c *facts.Channel) { c.Receiver = facts.Connecting }), "fails", "not connected (Connecting)"},
		{"a receiver that cannot connect", secured, seenChannel("db2", func(c *facts.Channel) {
			c.Receiver, c.ReceiverError = facts.Connecting, facts.ThreadError{Number: 2026, Text: "TLS/SSL error"}
		}), "final", "error 2026: TLS/SSL error"},
		{"a receiver that is preparing is waited for", secured, seenChannel("db2", func(c *facts.Channel) { c.Receiver = facts.Preparing }), "fails", "Preparing"},
		{"a stopped applier", secured, seenChannel("db2", func(c *facts.Channel) { c.Applier = facts.No }), "fails", "channel db2: the applier should run, and is stopped"},
		{"an applier that should be stopped", plan.Secured{Link: l, Options: optionsOf(), Threads: receiver}, nil, "fails", "the applier runs, and is to stay stopped"},

		{"a rescued channel that connects", former, seenChannel("db2", func(c *facts.Channel) { c.Receiver = facts.Connecting }), "fails", "Connecting"},
		{"a rescued channel with the new options", plan.Former{Link: l, Threads: both}, nil, "fails", "not the wanted ones"},

		{
			"a rehearsed channel without a dump thread",
			plan.Rehearsed{Link: l},
			seenServer("db1", func(s *facts.Server) { s.DumpThreads = facts.Known([]facts.DumpThread{}) }), "unclear", "no dump thread of db1",
		},
		{"a dump thread older than the requirement", plan.Rehearsed{Link: l}, func(f facts.Facts) facts.Facts {
			mark := f.Marks.Requirements["db1"]
			mark.Connection += 1000
			f.Marks.Requirements = map[topology.ServerName]facts.RequirementMark{"db1": mark}
			return f
		}, "fails", "older than the requirement"},

		{"a running channel with an old error", plan.Running{Link: l}, seenChannel("db2", func(c *facts.Channel) { c.ApplierError.Number = 1062 }), "fails", "1062"},
		{"a connecting receiver does not run", plan.Running{Link: l}, seenChannel("db2", func(c *facts.Channel) { c.Receiver = facts.Connecting }), "fails", "receiver of db2"},
		{"a replica that has not received", reached, nil, "fails", "receiver of db2 is at binlog.000001:4, before binlog.000001:5"},
		{"a replica that has not applied", reached, seenChannel("db2", func(c *facts.Channel) { c.Read.Pos = 9 }), "fails", "applier of db2"},
		{"a replica that has applied", reached, seenChannel("db2", func(c *facts.Channel) { c.Read.Pos, c.Exec.Pos = 9, 5 }), "holds", ""},
		{
			"a server that does not answer",
			plan.Up{Server: "db1"},
			seenServer("db1", func(s *facts.Server) { s.Instance = facts.Unknown[facts.Instance]("refused") }), "unclear", "refused",
		},
		{"no leaf of that version", plan.LeafIssued{Leaf: plan.Leaf{Server: "db1", Version: 9}}, nil, "fails", "9 of db1 is not issued"},
		{"no authority", plan.AuthorityExists{}, func(f facts.Facts) facts.Facts {
			f.Store = facts.Known(facts.Store{CA: facts.Absent[string]()})
			return f
		}, "fails", "no authority"},
		{"an authority that cannot be read", plan.AuthorityExists{}, func(f facts.Facts) facts.Facts {
			f.Store = facts.Known(facts.Store{CA: facts.Unknown[string]("EACCES")})
			return f
		}, "unclear", "EACCES"},
	})
}
