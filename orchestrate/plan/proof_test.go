package plan_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// change is one thing that is seen otherwise.
type change = func(facts.Facts) facts.Facts

func seeing(changes ...change) change {
	return func(f facts.Facts) facts.Facts {
		for _, c := range changes {
			f = c(f)
		}
		return f
	}
}

func transport(t facts.Value[facts.Transport]) change {
	return seenServer("db1", func(s *facts.Server) {
		threads := slices.Clone(s.DumpThreads.Or(nil))
		for i := range threads {
			threads[i].Transport = t
		}
		s.DumpThreads = facts.Known(threads)
	})
}

func options(o func(*facts.TLSOptions)) change {
	return seenChannel("db2", func(c *facts.Channel) { o(&c.TLS) })
}

func mark(of func(facts.RequirementMark) facts.RequirementMark) change {
	return func(f facts.Facts) facts.Facts {
		f.Marks.Requirements = map[topology.ServerName]facts.RequirementMark{"db1": of(f.Marks.Requirements["db1"])}
		return f
	}
}

func noMark(f facts.Facts) facts.Facts {
	f.Marks.Requirements = nil
	return f
}

func TestProve(t *testing.T) {
	var (
		chain     = options(func(o *facts.TLSOptions) { o.VerifyIdentity = false })
		off       = options(func(o *facts.TLSOptions) { *o = facts.TLSOptions{} })
		encrypted = transport(facts.Known(facts.Transport{Encrypted: true, Version: facts.Known("TLSv1.3"), Cipher: facts.Unknown[string]("MariaDB does not show it")}))
		plaintext = transport(facts.Known(facts.Transport{}))
		openRow   = seenServer("db1", func(s *facts.Server) {
			s.Accounts = facts.Known(append(slices.Clone(s.Accounts.Or(nil)), facts.AccountRow{User: "repl", Host: "10.%", Require: facts.Requirement{Kind: facts.RequireNone}}))
		})
		later   = mark(func(m facts.RequirementMark) facts.RequirementMark { m.Connection += 1000; return m })
		started = mark(func(m facts.RequirementMark) facts.RequirementMark {
			m.Start, m.Connection = "before", m.Connection+1000
			return m
		})
	)
	receiverIs := func(state facts.ThreadState) change {
		return seenChannel("db2", func(c *facts.Channel) { c.Receiver = state })
	}
	for _, c := range []struct {
		name     string
		seen     change
		level    plan.Level
		verified dialect.Verified
		why      string
	}{
		{"the source sees TLS", encrypted, plan.Observed, dialect.VerifiesIdentity, "db1 sees the dump thread on TLS"},
		{"the source sees TLS of a receiver that checks the chain alone", seeing(encrypted, chain), plan.Observed, dialect.VerifiesChain, ""},
		{
			"the source sees TLS of a receiver that checks nothing", seeing(encrypted, options(func(o *facts.TLSOptions) { *o = facts.TLSOptions{Enabled: true} })),
			plan.Observed, dialect.VerifiesNothing, "",
		},
		{"the source sees plaintext, whatever the options demand", plaintext, plan.None, dialect.VerifiesNothing, "in plaintext"},
		{"the source sees plaintext, whatever the account requires", seeing(plaintext, chain), plan.None, dialect.VerifiesNothing, "in plaintext"},
		{"the options refuse plaintext", seeing(noMark, openRow), plan.Demanded, dialect.VerifiesIdentity, "refuse plaintext on 10.11"},
		{"the account required TLS before the receiver logged in", chain, plan.Enforced, dialect.VerifiesChain, "every row of repl on db1"},
		{"the server started after the requirement", seeing(chain, started), plan.Enforced, dialect.VerifiesChain, ""},
		{"the account required TLS after the receiver logged in", seeing(chain, later), plan.Configured, dialect.VerifiesNothing, "older than the requirement"},
		{"nothing tells since when the account requires TLS", seeing(chain, noMark), plan.Configured, dialect.VerifiesNothing, "nothing here tells since when"},
		{"a row of the account is open", seeing(chain, openRow), plan.Configured, dialect.VerifiesNothing, "repl@10.% on db1 may log in without TLS"},
		{
			"nobody knows when the server started", seeing(chain, seenServer("db1", func(s *facts.Server) { s.Process = facts.Unknown[facts.Process]("no /proc") })),
			plan.Configured, dialect.VerifiesNothing, "no /proc",
		},
		{
			"the account rows could not be looked at", seeing(chain, seenServer("db1", func(s *facts.Server) { s.Accounts = facts.Unknown[[]facts.AccountRow]("denied") })),
			plan.Configured, dialect.VerifiesNothing, "denied",
		},
		{
			"the dump thread cannot be told", seeing(chain, seenServer("db2", func(s *facts.Server) { s.Process = facts.Known(facts.Process{}) })),
			plan.Configured, dialect.VerifiesNothing, "no dump thread of db1 comes from a socket of db2",
		},
		{"TLS is asked for and nothing else is known", seeing(chain, noMark, openRow), plan.Configured, dialect.VerifiesNothing, "TLS is asked for"},
		{"no TLS is asked for", seeing(off, noMark), plan.None, dialect.VerifiesNothing, "asks for no TLS"},
		{"options that do not turn TLS on demand nothing", seeing(options(func(o *facts.TLSOptions) { o.Enabled = false }), noMark), plan.None, dialect.VerifiesNothing, "asks for no TLS"},
		{"a receiver that is connecting proves nothing", receiverIs(facts.Connecting), plan.None, dialect.VerifiesNothing, "not connected (Connecting)"},
		{"a receiver that is preparing proves nothing", receiverIs(facts.Preparing), plan.None, dialect.VerifiesNothing, "not connected (Preparing)"},
		{"a stopped receiver proves nothing", receiverIs(facts.No), plan.None, dialect.VerifiesNothing, "not connected (No)"},
		{"a connecting receiver whose old dump thread lingers proves nothing", seeing(encrypted, receiverIs(facts.Connecting)), plan.None, dialect.VerifiesNothing, ""},
		{
			"a channel that could not be looked at", seenServer("db2", func(s *facts.Server) { s.Channels = facts.Unknown[[]facts.Channel]("refused") }),
			plan.None, dialect.VerifiesNothing, "refused",
		},
		{"a version that is not served demands nothing", seeing(noMark, seenServer("db2", func(s *facts.Server) {
			i, _ := s.Instance.Get()
			i.Version = facts.Version{Flavour: facts.MySQL, Major: 5, Minor: 5}
			s.Instance = facts.Known(i)
		})), plan.Configured, dialect.VerifiesNothing, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := c.seen(securedSite(t, world.Cluster("db1", "db2", "db3")).facts())
			proof := plan.Prove(f, linkTo("db2"))
			if proof.Level != c.level || proof.Verified != c.verified || !strings.Contains(proof.Why, c.why) {
				t.Errorf("%s (%s): %s", proof.Level, proof.Verified, proof.Why)
			}
			proven := c.level == plan.Observed || c.level == plan.Demanded || c.level == plan.Enforced
			if proof.Encrypted() != proven || (plan.Encrypted{Link: linkTo("db2")}).Holds(f).Holds() != proven {
				t.Errorf("encrypted: %v", proof.Encrypted())
			}
			if !proof.Cipher.IsKnown() && proof.Cipher.Why() == "" || proof.Explain() == "" {
				t.Errorf("the cipher is %s, explained by %q", proof.Cipher, proof.Explain())
			}
		})
	}
}

// TestDumpThreadIsTheOneOfTheSocket: by the TCP port of the receiver's socket, and never by a host name.
func TestDumpThreadIsTheOneOfTheSocket(t *testing.T) {
	socket := func(local, remote string) facts.Socket {
		return facts.Socket{Local: netip.MustParseAddrPort(local), Remote: netip.MustParseAddrPort(remote)}
	}
	thread := func(id uint64, host string) facts.DumpThread {
		return facts.DumpThread{ID: id, User: "repl", Host: host}
	}
	ours := socket("10.0.0.2:40001", "10.0.0.1:3306")
	for _, c := range []struct {
		name    string
		sockets []facts.Socket
		threads []facts.DumpThread
		id      uint64 // 0: unknown
		why     string
	}{
		{"the port alone tells it", []facts.Socket{ours}, []facts.DumpThread{thread(7, "10.0.0.2:40001"), thread(8, "10.0.0.3:40002")}, 7, ""},
		{"a name in place of the address does not matter", []facts.Socket{ours}, []facts.DumpThread{thread(7, "db9.example.com:40001")}, 7, ""},
		{"an address that was translated does not matter", []facts.Socket{ours}, []facts.DumpThread{thread(7, "192.0.2.1:40001")}, 7, ""},
		{
			"an IPv6 peer",
			[]facts.Socket{socket("[2001:db8::2]:40001", "[2001:db8::1]:3306")},
			[]facts.DumpThread{thread(7, "2001:db8::2:40001")},
			7, "",
		},
		{
			"the same port at two addresses is told by the address",
			[]facts.Socket{ours},
			[]facts.DumpThread{thread(7, "10.0.0.3:40001"), thread(8, "10.0.0.2:40001")},
			8, "",
		},
		{
			"the same port at two translated addresses cannot be told",
			[]facts.Socket{ours},
			[]facts.DumpThread{thread(7, "192.0.2.1:40001"), thread(8, "192.0.2.2:40001")},
			0, "several dump threads of db1",
		},
		{"the same address and another port is not it", []facts.Socket{ours}, []facts.DumpThread{thread(7, "10.0.0.2:40002")}, 0, "no dump thread of db1"},
		{"the name of the host without a port is not it", []facts.Socket{ours}, []facts.DumpThread{thread(7, "db2.example.com")}, 0, "no dump thread"},
		{
			"a socket to another port of the source is not the receiver's",
			[]facts.Socket{socket("10.0.0.2:40001", "10.0.0.1:22")},
			[]facts.DumpThread{thread(7, "10.0.0.2:40001")},
			0, "no dump thread",
		},
		{"no sockets", nil, []facts.DumpThread{thread(7, "10.0.0.2:40001")}, 0, "no dump thread"},
		{"no dump threads", []facts.Socket{ours}, nil, 0, "no dump thread"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts.Facts{Servers: map[topology.ServerName]facts.Server{
				"db1": {DumpThreads: facts.Known(c.threads)}, "db2": {Process: facts.Known(facts.Process{Sockets: c.sockets})},
			}}
			got := linkTo("db2").DumpThread(f)
			found, known := got.Get()
			if known != (c.id != 0) || found.ID != c.id || got.IsAbsent() || !strings.Contains(got.Why(), c.why) {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestTryPlaintextCountsOnlyBesideALoginThatWorks(t *testing.T) {
	refused := facts.Attempt{Errno: 1045, Text: "Access denied for user 'repl'"}
	works := facts.Known(facts.Trial{Attempt: facts.Attempt{OK: true}})
	fails := facts.Known(facts.Trial{Attempt: facts.Attempt{Errno: 1045, Text: "Access denied over TLS"}})
	for _, c := range []struct {
		name  string
		plain facts.Value[facts.Attempt]
		trial facts.Value[facts.Trial]
		want  plan.PlaintextResult
		why   string
	}{
		{"refused, and TLS works", facts.Known(refused), works, plan.Refused, "Access denied for user"},
		{"refused, and TLS is refused as well", facts.Known(refused), fails, plan.Untold, "Access denied over TLS"},
		{"refused, and TLS was not tried", facts.Known(refused), facts.Unknown[facts.Trial]("no files"), plan.Untold, "no files"},
		{"refused, and there was no trial", facts.Known(refused), facts.Value[facts.Trial]{}, plan.Untold, "not looked at"},
		{"accepted", facts.Known(facts.Attempt{OK: true}), works, plan.Accepted, "let repl in without TLS"},
		{"accepted, whatever TLS does", facts.Known(facts.Attempt{OK: true}), fails, plan.Accepted, ""},
		{"not tried", facts.Unknown[facts.Attempt]("the password is not known"), works, plan.Untold, "the password is not known"},
		{"broken off without a word of the server", facts.Known(facts.Attempt{Text: "i/o timeout"}), works, plan.Untold, "i/o timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts.Facts{Servers: map[topology.ServerName]facts.Server{"db2": {
				Plaintext: map[string]facts.Value[facts.Attempt]{"": c.plain}, Trials: map[string]facts.Value[facts.Trial]{"": c.trial},
			}}}
			result, why := plan.TryPlaintext(f, linkTo("db2"))
			if result != c.want || !strings.Contains(why, c.why) {
				t.Errorf("%s: %s", result, why)
			}
			v := plan.PlaintextRefused{Link: linkTo("db2")}.Holds(f)
			if v.Holds() != (c.want == plan.Refused) || v.Fails() != (c.want == plan.Accepted) {
				t.Errorf("%s", v)
			}
		})
	}
}
