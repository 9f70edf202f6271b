package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// planCase is a cluster in some state, and the plan that is expected of it.
type planCase struct {
	name    string
	cluster topology.Cluster                // empty: db1 with db2 and db3
	policy  func(*topology.Cluster)         // changes the desired state
	begin   func(t *testing.T, s *site)     // changes the world
	seen    func(f facts.Facts) facts.Facts // changes what is seen of it
	secured bool                            // the world went through a whole run before it is changed
	keep    bool                            // --keep-stopped

	steps    []string
	blocked  []string // TARGET: text that it contains
	hint     string   // of the first blocked item: text that it contains
	warnings []string // TARGET: text that it contains
}

func (c planCase) plan(t *testing.T) plan.Plan {
	t.Helper()
	s := c.site(t)
	f := s.quiet()
	if c.seen != nil {
		f = c.seen(f)
	}
	return plan.Build(s.cluster, f, s.options)
}

func (c planCase) site(t *testing.T) *site {
	t.Helper()
	cluster := c.cluster
	if cluster.Name == "" {
		cluster = world.Cluster("db1", "db2", "db3")
	}
	if c.policy != nil {
		c.policy(&cluster)
	}
	s := newSite(cluster)
	if c.secured {
		s.mustApply(t)
	}
	if c.begin != nil {
		c.begin(t, s)
	}
	s.options.KeepStopped = c.keep
	return s
}

func (c planCase) check(t *testing.T) {
	p := c.plan(t)
	if got := ids(p); !slices.Equal(got, c.steps) {
		t.Errorf("steps:\n got %v\nwant %v", got, c.steps)
	}
	var blocked, warnings []string
	for _, b := range p.Blocked {
		blocked = append(blocked, plan.TargetName(b.Target)+": "+b.Why)
	}
	for _, w := range p.Warnings {
		warnings = append(warnings, plan.TargetName(w.Target)+": "+w.Text)
	}
	compareTexts(t, "blocked", blocked, c.blocked)
	compareTexts(t, "warnings", warnings, c.warnings)
	if c.hint != "" && (len(p.Blocked) == 0 || !strings.Contains(p.Blocked[0].Hint, c.hint)) {
		t.Errorf("no hint %q: %+v", c.hint, p.Blocked)
	}
	if len(p.Blocked) > 0 && len(p.Steps) > 0 {
		t.Errorf("a blocked plan has steps")
	}
}

func compareTexts(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
		return
	}
	for i := range want {
		target, text, _ := strings.Cut(want[i], ": ")
		if !strings.HasPrefix(got[i], target+": ") || !strings.Contains(got[i], text) {
			t.Errorf("%s:\n got %q\nwant %q", what, got[i], want[i])
		}
	}
}

func runCases(t *testing.T, cases []planCase) {
	t.Helper()
	names := map[string]bool{}
	for _, c := range cases {
		if names[c.name] {
			t.Errorf("two cases are named %q", c.name)
		}
		names[c.name] = true
		if c.steps == nil {
			c.steps = []string{}
		}
		t.Run(c.name, c.check)
	}
}

func with(name topology.ServerName, change func(*world.Settings)) func(*testing.T, *site) {
	return func(_ *testing.T, s *site) { s.With(name, change) }
}

func accountEverywhere(names ...topology.ServerName) func(*testing.T, *site) {
	return func(_ *testing.T, s *site) {
		for _, name := range names {
			s.With(name, func(s *world.Settings) { s.Account("%", facts.RequireNone) })
		}
	}
}

func enforceFirst(c *topology.Cluster) { c.Policy.Enforce = topology.EnforceFirst }

func verifyChain(c *topology.Cluster) { c.TLS.Verify = topology.VerifyChain }

func seenServer(name topology.ServerName, change func(*facts.Server)) func(facts.Facts) facts.Facts {
	return func(f facts.Facts) facts.Facts { return edit(f, name, change) }
}

func seenChannel(name topology.ServerName, change func(*facts.Channel)) func(facts.Facts) facts.Facts {
	return func(f facts.Facts) facts.Facts { return editChannel(f, name, change) }
}

// The usual steps, by what they are about.
var (
	certificates = []string{"authority", "leaf/db1", "files/db1", "leaf/db2", "files/db2", "leaf/db3", "files/db3"}
	serving      = []string{"config/db1", "serve/db1", "wake/db2", "wake/db3"}
	changes      = []string{"change/db2", "change/db3"}
	rehearsals   = []string{"rehearse/db2", "rehearse/db3"}
	everything   = slices.Concat(certificates, serving, changes, []string{"require/db1"}, rehearsals)
)

func TestBuildOrdersTheWholeWay(t *testing.T) {
	runCases(t, []planCase{
		{
			name:  "a plaintext primary with two replicas goes all the way, and TLS is required last",
			steps: everything,
		},
		{
			name:   "under enforce first TLS is required before the channels change, and no reconnect is rehearsed",
			policy: enforceFirst,
			steps:  slices.Concat(certificates, serving, []string{"require/db1"}, changes),
		},
		{
			name:    "a secured cluster needs nothing",
			secured: true,
		},
		{
			name:    "a secured cluster needs nothing under enforce first",
			policy:  enforceFirst,
			secured: true,
		},
		{
			name:    "a secured cluster needs nothing on a machine without its certificates and journal",
			secured: true,
			begin: func(_ *testing.T, s *site) {
				s.ForgetStore()
				s.ledger = newSite(s.cluster).ledger
			},
		},
		{
			name:    "a chained replica makes the one in the middle a server that serves TLS",
			cluster: world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2"),
			steps: slices.Concat(certificates, []string{
				"config/db1", "serve/db1", "wake/db2", "config/db2", "serve/db2", "resume/db2", "wake/db3", "change/db2", "change/db3",
				"require/db1", "require/db2", "rehearse/db2", "rehearse/db3",
			}),
		},
		{
			name:    "a bad TLS dir blocks before anything is copied",
			begin:   with("db3", func(s *world.Settings) { s.BadDir("it is no folder (symlink)") }),
			blocked: []string{"db3: the TLS dir /etc/mysql-ssl cannot be used: it is no folder (symlink)"}, hint: "make room for a folder at /etc/mysql-ssl",
		},
	})
}

func TestBuildFollowsTheAccount(t *testing.T) {
	runCases(t, []planCase{
		{
			name:  "an account on all replicas is altered once, through the binary log",
			begin: accountEverywhere("db2", "db3"),
			steps: everything,
		},
		{
			name:  "an account on some replicas is altered on each server that has it",
			begin: accountEverywhere("db2"),
			steps: slices.Concat(certificates, serving, changes, []string{"require/db1", "require/db2"}, rehearsals),
		},
		{
			name:  "a replica with a filter is altered by itself",
			begin: accountEverywhere("db2", "db3"),
			seen:  seenChannel("db3", func(c *facts.Channel) { c.Filtered = true }),
			steps: slices.Concat(certificates, serving, changes, []string{"require/db1", "require/db2", "require/db3"}, rehearsals),
		},
		{
			name:  "a primary that filters its binary log is altered by itself",
			begin: accountEverywhere("db2", "db3"),
			seen: seenServer("db1", func(s *facts.Server) {
				i, _ := s.Instance.Get()
				i.BinlogDB = true
				s.Instance = facts.Known(i)
			}),
			steps: slices.Concat(certificates, serving, changes, []string{"require/db1", "require/db2", "require/db3"}, rehearsals),
		},
		{
			name:  "a primary without a binary log is altered by itself",
			begin: accountEverywhere("db2", "db3"),
			seen: seenServer("db1", func(s *facts.Server) {
				i, _ := s.Instance.Get()
				i.LogBin = false
				s.Instance = facts.Known(i)
			}),
			steps: slices.Concat(certificates, serving, changes, []string{"require/db1", "require/db2", "require/db3"}, rehearsals),
		},
		{
			name:    "a second row that is open is closed, and the receivers log in again",
			secured: true,
			begin:   with("db1", func(s *world.Settings) { s.Account("10.0.0.%", facts.RequireNone) }),
			steps:   slices.Concat([]string{"require/db1"}, rehearsals),
		},
		{
			name:    "rows that ask for a client certificate are left alone",
			secured: true,
			begin: func(_ *testing.T, s *site) {
				s.With("db1", func(s *world.Settings) { s.NoAccount(); s.Account("%", facts.RequireX509) })
			},
			warnings: []string{"db1: repl@% demands X509: more than account.require: ssl, and it is kept; to demand less, ALTER USER by hand"},
		},
		{
			name:  "a server without the account blocks",
			begin: with("db1", func(s *world.Settings) { s.NoAccount() }),
			blocked: []string{
				"db1: it has no account repl",
			},
		},
		{
			name: "the account that the tool logs in with blocks",
			begin: with("db2", func(s *world.Settings) {
				s.Instance(func(i *facts.Instance) { i.Admin = "repl@localhost" })
			}),
			blocked: []string{"db2: the one that replssl itself uses"}, hint: "mysql.admin.user",
		},
		{
			name:    "no password, no trial login, no change",
			begin:   with("db2", func(s *world.Settings) { s.NoPassword() }),
			blocked: []string{"db2: the password of repl cannot be had, so that no trial login can be made: master.info may not be read"},
			hint:    "account.password_file",
		},
		{
			name: "an unnamed replica of the same account blocks, by name",
			begin: with("db1", func(s *world.Settings) {
				s.Stranger("repl", "10.0.0.77:55555")
			}),
			blocked: []string{"db1: a replica or binlog reader that the inventory does not name is connected to db1: connection 8 of repl from 10.0.0.77:55555"},
			hint:    "inventory",
		},
		{
			name: "so does one at a replica whose row of the account is raised, too",
			begin: with("db3", func(s *world.Settings) {
				s.Account("%", facts.RequireNone)
				s.Stranger("repl", "10.0.0.77:55555")
			}),
			blocked: []string{"db3: a replica or binlog reader that the inventory does not name is connected to db3: connection 6 of repl from 10.0.0.77:55555"},
			hint:    "inventory",
		},
		{
			name: "an unnamed binlog reader of another account is a warning",
			begin: with("db1", func(s *world.Settings) {
				s.Stranger("cdc", "10.0.0.78:55555")
			}),
			steps: everything, warnings: []string{"db1: connection 8 of cdc from 10.0.0.78:55555"},
		},
		{
			name:   "under enforce first an account that required TLS before proves nothing of a receiver that would go on in plaintext",
			policy: func(c *topology.Cluster) { enforceFirst(c); verifyChain(c) },
			begin: func(_ *testing.T, s *site) {
				s.With("db1", func(s *world.Settings) { s.NoAccount(); s.Account("%", facts.RequireSSL) })
			},
			blocked: []string{"db2: could not be proven", "db3: could not be proven"}, hint: "tls.verify: identity",
		},
	})
}

func TestBuildFollowsTheThreads(t *testing.T) {
	stopped := func(threads facts.Threads) func(*testing.T, *site) {
		return with("db2", func(s *world.Settings) { s.Stop(threads) })
	}
	found := func(threads, then facts.Threads) func(*testing.T, *site) {
		return func(t *testing.T, s *site) {
			stopped(then)(t, s)
			s.interrupted("change/db2", channelOf("db2"), threads)
		}
	}
	runCases(t, []planCase{
		{
			name:    "a stopped receiver blocks, since it cannot tell who stopped it",
			begin:   stopped(receiver),
			blocked: []string{"db2: the receiver of db2 is stopped, and no journal here tells who stopped it"},
			hint:    "START SLAVE IO_THREAD on db2",
		},
		{
			name:    "a stopped applier blocks, with the flag that keeps it",
			begin:   stopped(applier),
			blocked: []string{"db2: the applier of db2 is stopped"}, hint: "--keep-stopped",
		},
		{
			name:  "a stopped applier is kept on request",
			begin: stopped(applier), keep: true,
			steps: everything,
		},
		{
			name:  "a receiver that is stopped is not kept on request",
			begin: stopped(both), keep: true,
			blocked: []string{"db2: the receiver of db2 is stopped"},
		},
		{
			name:  "threads that an interrupted run stopped are started again by the change",
			begin: found(both, both),
			steps: everything,
		},
		{
			name:    "threads that an interrupted run stopped are started again where nothing else is missing",
			secured: true,
			begin:   found(both, both),
			steps:   []string{"change/db2"},
		},
		{
			name: "an applier that met an error blocks, whatever the journal says",
			begin: func(t *testing.T, s *site) {
				found(both, applier)(t, s)
				s.With("db2", func(s *world.Settings) {
					s.Channel(func(c *facts.Channel) { c.ApplierError = facts.ThreadError{Number: 1062, Text: "Duplicate entry"} })
				})
			},
			blocked: []string{"db2: the applier of db2 has stopped: error 1062: Duplicate entry"},
		},
		{
			name:    "a delayed replica blocks",
			begin:   with("db2", func(s *world.Settings) { s.Delay(time.Hour) }),
			blocked: []string{"db2: delayed by 1h"}, hint: "MASTER_DELAY=0",
		},
		{
			name:    "a delayed replica that is secured stays as it is",
			secured: true,
			begin:   with("db2", func(s *world.Settings) { s.Delay(time.Hour) }),
		},
		{
			name:    "an UNTIL condition blocks",
			begin:   with("db2", func(s *world.Settings) { s.Channel(func(c *facts.Channel) { c.Until = true }) }),
			blocked: []string{"db2: UNTIL"},
		},
		{
			name: "a replica of another server blocks, with that server's address",
			begin: with("db2", func(s *world.Settings) {
				s.Channel(func(c *facts.Channel) { c.SourceServerID, c.SourceHost = 99, "old.example.com" })
			}),
			blocked: []string{"db2: it does not replicate from db1 (server id 1) but from old.example.com:3306 (server id 99)"},
			hint:    "replicates_from",
		},
		{
			name:    "a replica that logs in as another account blocks",
			begin:   with("db2", func(s *world.Settings) { s.Channel(func(c *facts.Channel) { c.SourceUser = "rep2" }) }),
			blocked: []string{"db2: logs in as rep2, and the inventory says repl"}, hint: "account.user",
		},
		{
			name:    "a server that does not replicate blocks",
			seen:    seenServer("db2", func(s *facts.Server) { s.Channels = facts.Known([]facts.Channel{}) }),
			blocked: []string{"db2: it does not replicate"}, hint: "set its replication up first",
		},
		{
			name: "several channels from the same source block",
			seen: seenServer("db2", func(s *facts.Server) {
				c := s.Channels.Or(nil)[0]
				other := c
				other.Name = "again"
				s.Channels = facts.Known([]facts.Channel{c, other})
			}),
			blocked: []string{"db2: several channels from db1"},
		},
		{
			name:  "a receiver that has never connected is told by the address of its source",
			seen:  seenChannel("db2", func(c *facts.Channel) { c.SourceServerID = 0 }),
			steps: slices.Concat(everything),
		},
		{
			name: "a replica that keeps its applier stopped is altered by itself, since no statement would reach it",
			begin: func(t *testing.T, s *site) {
				accountEverywhere("db2", "db3")(t, s)
				stopped(applier)(t, s)
			},
			keep:  true,
			steps: slices.Concat(certificates, serving, changes, []string{"require/db1", "require/db2", "require/db3"}, rehearsals),
		},
	})
}

func TestBuildFollowsTheServers(t *testing.T) {
	config := func(change func(*facts.Config)) func(facts.Facts) facts.Facts {
		return seenServer("db1", func(s *facts.Server) {
			c, _ := s.Config.Get()
			change(&c)
			s.Config = facts.Known(c)
		})
	}
	runCases(t, []planCase{
		{
			name:    "a restart that is not allowed blocks",
			policy:  func(c *topology.Cluster) { c.Policy.AllowRestart = false },
			blocked: []string{"db1: has to be restarted"}, hint: "--allow-restart",
		},
		{
			name:    "no include folder blocks",
			seen:    config(func(c *facts.Config) { c.IncludeDir, c.OwnPath = "", "" }),
			blocked: []string{"db1: /etc/mysql/my.cnf names no include folder"}, hint: "!includedir",
		},
		{
			name: "one server by two names blocks",
			seen: func(f facts.Facts) facts.Facts {
				same := f.Server("db2")
				return edit(f, "db3", func(s *facts.Server) { s.Instance, s.Process = same.Instance, same.Process })
			},
			blocked: []string{"db3: it is the same server as db2: process 101 on db2, which has port 3306"}, hint: "mysql.port or mysql.socket",
		},
		{
			name:    "settings that another server of the host would heed block",
			seen:    config(func(c *facts.Config) { c.Others = facts.Known([]string{"process 7 --defaults-group-suffix=.b"}) }),
			blocked: []string{"db1: zz-replssl.cnf would reach other servers of the host: process 7 --defaults-group-suffix=.b"}, hint: "--defaults-group-suffix of its own",
		},
		{
			name:     "another server that came to heed settings in use is told",
			secured:  true,
			seen:     config(func(c *facts.Config) { c.Others = facts.Known([]string{"process 7 --defaults-group-suffix=.b"}) }),
			warnings: []string{"db1: what is written to /etc/mysql/conf.d/zz-replssl.cnf would reach other servers of the host: process 7"},
		},
		{
			name:     "other servers that could not be looked at beside settings in use are told",
			secured:  true,
			seen:     config(func(c *facts.Config) { c.Others = facts.Unknown[[]string]("hidepid") }),
			warnings: []string{"db1: whether another server of the host reads /etc/mysql/conf.d/zz-replssl.cnf too: hidepid"},
		},
		{
			name: "other servers that could not be looked at block",
			seen: config(func(c *facts.Config) {
				c.Others = facts.Unknown[[]string]("/srv/b.cnf: permission denied").WithHint("log in as root")
			}),
			blocked: []string{"db1: whether another server of the host reads /etc/mysql/conf.d/zz-replssl.cnf too: /srv/b.cnf: permission denied"}, hint: "log in as root",
		},
		{
			name:    "a group that no option file can have blocks",
			seen:    config(func(c *facts.Config) { c.Suffix = "]" }),
			blocked: []string{`db1: the suffix "]" of --defaults-group-suffix: no group of an option file can end with it`}, hint: "another --defaults-group-suffix",
		},
		{
			name:    "a setting that is read later blocks, with its place",
			seen:    config(func(c *facts.Config) { c.Later = skipSSL("/etc/mysql/zzz.cnf:3") }),
			blocked: []string{"db1: /etc/mysql/zzz.cnf:3: skip-ssl"}, hint: "take that setting out",
		},
		{
			name:    "a setting that is read later blocks a secured server too",
			secured: true,
			seen:    config(func(c *facts.Config) { c.Later = skipSSL("/etc/mysql/zzz.cnf:3") }),
			blocked: []string{"db1: /etc/mysql/zzz.cnf:3: skip-ssl"},
		},
		{
			name:    "an own option file that cannot be read blocks",
			seen:    config(func(c *facts.Config) { c.Own = facts.Unknown[string]("permission denied") }),
			blocked: []string{"db1: /etc/mysql/conf.d/zz-replssl.cnf: permission denied"},
		},
		{
			name: "files that are laid down without settings need settings and a restart",
			begin: func(t *testing.T, s *site) {
				for _, id := range certificates {
					s.do(t, mustStep(t, s.build(), id).Actions...)
				}
			},
			steps: slices.Concat(serving, changes, []string{"require/db1"}, rehearsals),
		},
		{
			name:    "settings that went away are written again, and a server that still uses the files is only told to read them",
			secured: true,
			begin: func(t *testing.T, s *site) {
				s.do(t, plan.RemoveConfig{Server: "db1"})
			},
			steps: []string{"config/db1", "serve/db1", "change/db2", "change/db3"},
		},
		{
			name:    "a server that lost its TLS is restarted, and its receivers are woken",
			secured: true,
			begin: func(t *testing.T, s *site) {
				s.do(t, plan.RemoveConfig{Server: "db1"}, plan.Restart{Server: "db1"})
			},
			steps: slices.Concat(serving, changes),
		},
		{
			name:    "a server that serves another certificate at our paths is only told to read it",
			secured: true,
			seen: func(f facts.Facts) facts.Facts {
				other := f.Server("db2").TLSDir.Or(facts.TLSDir{})
				set, _ := other.CurrentSet()
				return edit(f, "db1", func(s *facts.Server) { s.ServedTLS = facts.Known(facts.ServedTLS{Chain: set.Cert}) })
			},
			steps: []string{"serve/db1", "change/db2", "change/db3"},
		},
		{
			name:   "verify chain under enforce last blocks, since plaintext would not be refused",
			policy: verifyChain,
			blocked: []string{
				"db2: could not be proven before TLS is required", "db3: could not be proven before TLS is required",
			},
			hint: "performance_schema",
		},
		{
			name:   "verify chain under enforce first is proven by the requirement",
			policy: func(c *topology.Cluster) { enforceFirst(c); verifyChain(c) },
			steps:  slices.Concat(certificates, serving, []string{"require/db1"}, changes),
		},
		{
			name:   "verify chain is observed by a source with performance_schema",
			policy: verifyChain,
			begin:  with("db1", func(s *world.Settings) { s.Instance(func(i *facts.Instance) { i.PerfSchema = true }) }),
			steps:  everything,
		},
	})
}

func TestBuildFollowsTheCertificates(t *testing.T) {
	late := func(d time.Duration) func(facts.Facts) facts.Facts {
		return func(f facts.Facts) facts.Facts {
			f.At = f.At.Add(d)
			return f
		}
	}
	renewed := []string{"leaf/db1", "files/db1", "leaf/db2", "leaf/db3", "serve/db1", "files/db2", "files/db3", "change/db2", "change/db3"}
	runCases(t, []planCase{
		{
			name:    "certificates that have expired are replaced, and the server reads them without a restart",
			secured: true, seen: late(5 * 365 * 24 * time.Hour),
			steps: renewed,
		},
		{
			name:    "a name that the inventory gains needs a new certificate",
			secured: true,
			begin:   func(_ *testing.T, s *site) { s.cluster = renamed(s.cluster, "db1", "primary.example.com") },
			steps:   []string{"leaf/db1", "files/db1", "serve/db1", "change/db2", "change/db3"},
		},
		{
			name:    "hosts with certificates whose authority is elsewhere block a new one",
			secured: true,
			begin: func(_ *testing.T, s *site) {
				s.ForgetStore()
				s.cluster = renamed(s.cluster, "db2", "replica.example.com")
			},
			blocked: []string{"here: db2 needs a certificate, and the authority that db1 uses is not in the local folder"}, hint: "--pki",
		},
		{
			name:    "certificates of another authority than the local one block",
			secured: true,
			seen:    func(f facts.Facts) facts.Facts { return withCA(f, otherAuthority(t)) },
			blocked: []string{
				"db1: another authority", "db2: another authority", "db3: another authority",
			},
			hint: "--pki",
		},
		{
			name:    "certificates in use from two authorities block where none is here",
			secured: true,
			begin:   func(_ *testing.T, s *site) { s.ForgetStore() },
			seen: func(f facts.Facts) facts.Facts {
				other := securedSite(t, world.Cluster("db1", "db2", "db3")).quiet().Server("db3").TLSDir
				foreign := withForeignCA(other, otherAuthority(t))
				return edit(f, "db3", func(s *facts.Server) { s.TLSDir = foreign })
			},
			blocked: []string{"db3: another authority"},
		},
		{
			name: "a certificate that is issued and not laid down is not issued again",
			begin: func(t *testing.T, s *site) {
				s.do(t, plan.CreateAuthority{Cluster: "db1"},
					plan.IssueLeaf{Leaf: plan.Leaf{Server: "db2", Version: 1, Names: []string{"db2.example.com"}}})
			},
			steps: without(everything, "authority", "leaf/db2"),
		},
		{
			name: "a certificate that is issued for another name is not used",
			begin: func(t *testing.T, s *site) {
				s.do(t, plan.CreateAuthority{Cluster: "db1"},
					plan.IssueLeaf{Leaf: plan.Leaf{Server: "db2", Version: 1, Names: []string{"other.example.com"}}})
			},
			steps: without(everything, "authority"),
		},
		{
			name: "the authority cannot be looked at",
			seen: func(f facts.Facts) facts.Facts {
				f.Store = facts.Known(facts.Store{CA: facts.Unknown[string]("permission denied")})
				return f
			},
			blocked: []string{"here: the certificate authority: permission denied"},
		},
	})
}

func TestBuildBlocksOnWhatCouldNotBeLookedAt(t *testing.T) {
	const why = "connection refused"
	unseen := func(name topology.ServerName, change func(*facts.Server)) func(facts.Facts) facts.Facts {
		return seenServer(name, change)
	}
	dirWith := func(change func(*facts.FileSet)) func(facts.Facts) facts.Facts {
		return seenServer("db2", func(s *facts.Server) {
			dir, _ := s.TLSDir.Get()
			sets := map[int]facts.FileSet{}
			for version, set := range dir.Sets {
				change(&set)
				sets[version] = set
			}
			dir.Sets = sets
			s.TLSDir = facts.Known(dir)
		})
	}
	runCases(t, []planCase{
		{
			name:    "an unreachable host is named once, and the others are not blamed",
			begin:   with("db2", func(s *world.Settings) { s.Unreachable("ssh: connection refused") }),
			blocked: []string{"db2: ssh: connection refused"},
		},
		{
			name: "every host that cannot be reached is named",
			begin: func(_ *testing.T, s *site) {
				s.With("db1", func(s *world.Settings) { s.Unreachable("no route") })
				s.With("db3", func(s *world.Settings) { s.Unreachable("no name") })
			},
			blocked: []string{"db1: no route", "db3: no name"},
		},
		{
			name: "a hint of the look is kept",
			seen: unseen("db2", func(s *facts.Server) {
				s.Instance = facts.Unknown[facts.Instance]("access denied").WithHint("give it PROCESS")
			}),
			blocked: []string{"db2: access denied"}, hint: "give it PROCESS",
		},
		{
			name: "a version that is not served blocks",
			begin: with("db3", func(s *world.Settings) {
				s.Instance(func(i *facts.Instance) {
					i.Version = facts.Version{Flavour: facts.MySQL, Major: 5, Minor: 5, Patch: 62, Text: "5.5.62"}
				})
			}),
			blocked: []string{"db3: MySQL 5.5.62 is not served"},
		},
		{
			name:    "unknown channels block",
			seen:    unseen("db2", func(s *facts.Server) { s.Channels = facts.Unknown[[]facts.Channel](why) }),
			blocked: []string{"db2: channels could not be looked at: " + why},
		},
		{
			name:    "an unknown process blocks",
			seen:    unseen("db2", func(s *facts.Server) { s.Process = facts.Unknown[facts.Process](why) }),
			blocked: []string{"db2: the server's process could not be looked at: " + why},
		},
		{
			name:    "unknown dump threads block",
			seen:    unseen("db1", func(s *facts.Server) { s.DumpThreads = facts.Unknown[[]facts.DumpThread](why) }),
			blocked: []string{"db1: dump threads could not be looked at: " + why},
		},
		{
			name:    "unknown account rows block, on a replica too",
			seen:    unseen("db3", func(s *facts.Server) { s.Accounts = facts.Unknown[[]facts.AccountRow](why) }),
			blocked: []string{"db3: account rows could not be looked at: " + why},
		},
		{
			name:    "an unknown TLS dir blocks",
			seen:    unseen("db3", func(s *facts.Server) { s.TLSDir = facts.Unknown[facts.TLSDir](why) }),
			blocked: []string{"db3: TLS dir could not be looked at: " + why},
		},
		{
			name: "unknown settings of a source block, each by its name",
			seen: unseen("db1", func(s *facts.Server) {
				s.Config = facts.Unknown[facts.Config](why)
				s.Settings = facts.Unknown[facts.TLSSettings](why)
				s.ServedTLS = facts.Unknown[facts.ServedTLS](why)
			}),
			blocked: []string{"db1: option files could", "db1: TLS settings could", "db1: served certificate could"},
		},
		{
			name: "unknown settings of a server that nobody replicates from are not needed",
			seen: unseen("db2", func(s *facts.Server) {
				s.Config = facts.Unknown[facts.Config](why)
				s.Settings = facts.Unknown[facts.TLSSettings](why)
				s.ServedTLS = facts.Unknown[facts.ServedTLS](why)
			}),
			steps: everything,
		},
		{
			name:    "an unknown folder of certificates blocks",
			seen:    func(f facts.Facts) facts.Facts { f.Store = facts.Unknown[facts.Store](why); return f },
			blocked: []string{"here: " + why},
		},
		{
			name:    "files of which nobody can tell whether the server reads them block, and are not replaced",
			secured: true,
			seen:    dirWith(func(set *facts.FileSet) { set.Readable = facts.Unknown[bool](why) }),
			blocked: []string{"db2: whether the server's user can read the files of db2: " + why},
		},
		{
			name:    "a key of which nobody can tell whether it fits is vouched for by the local folder",
			secured: true,
			seen:    dirWith(func(set *facts.FileSet) { set.KeyPublic = facts.Unknown[string](why) }),
		},
		{
			name:    "a key of which nobody can tell whether it fits blocks on another machine",
			secured: true,
			begin:   func(_ *testing.T, s *site) { s.ForgetStore() },
			seen:    dirWith(func(set *facts.FileSet) { set.KeyPublic = facts.Unknown[string](why) }),
			blocked: []string{"db2: whether the key of db2 matches its certificate: " + why},
		},
		{
			name:    "a configuration that the server could not be asked about blocks",
			secured: true,
			seen:    seenServer("db1", func(s *facts.Server) { s.ConfigCheck = facts.Unknown[facts.Check](why) }),
			blocked: []string{"db1: the server's own check of its configuration: " + why},
		},
	})
}

func without(list []string, gone ...string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(id string) bool { return slices.Contains(gone, id) })
}

// renamed gives a server another address in the inventory; its replicas go on to name it as before.
func renamed(c topology.Cluster, name topology.ServerName, address string) topology.Cluster {
	c.Servers = slices.Clone(c.Servers)
	for i := range c.Servers {
		if c.Servers[i].Name == name {
			c.Servers[i].Address = address
		}
	}
	return c
}

// otherAuthority is a site of the same cluster that somebody else set up.
func otherAuthority(t *testing.T) facts.Store {
	t.Helper()
	cluster := world.Cluster("db1", "db2", "db3")
	cluster.Name = "another"
	store, _ := securedSite(t, cluster).quiet().Store.Get()
	return store
}

func withCA(f facts.Facts, store facts.Store) facts.Facts {
	own, _ := f.Store.Get()
	own.CA = store.CA
	f.Store = facts.Known(own)
	return f
}

func withForeignCA(dir facts.Value[facts.TLSDir], store facts.Store) facts.Value[facts.TLSDir] {
	d, _ := dir.Get()
	leaf := store.Leaves["db3"][d.Current]
	d.Sets = map[int]facts.FileSet{d.Current: {
		CA: leaf.CA, Cert: leaf.Cert, KeyDigest: leaf.KeyDigest, KeyPublic: facts.Known(leaf.KeyPublic), Readable: facts.Known(true),
	}}
	return facts.Known(d)
}

func TestWhatCouldNotBeLookedAtBringsItsHint(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2"))
	f := edit(s.quiet(), "db2", func(s *facts.Server) {
		s.Process = facts.Unknown[facts.Process]("its arguments are hidden").WithHint("log in as root")
	})
	if blocked := plan.Build(s.cluster, f, s.options).Blocked; len(blocked) != 1 || blocked[0].Hint != "log in as root" {
		t.Errorf("%+v", blocked)
	}
}
