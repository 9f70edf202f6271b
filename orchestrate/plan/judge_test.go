package plan_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// TestReportGolden shows whole reports as they are given to scripts: what is not known is null, beside a why.
func TestReportGolden(t *testing.T) {
	secured := securedSite(t, world.Cluster("db1", "db2", "db3"))
	unknown := secured.facts()
	unknown = edit(unknown, "db3", func(s *facts.Server) {
		*s = facts.Server{Instance: facts.Unknown[facts.Instance]("ssh: no route to host")}
	})
	unknown = edit(unknown, "db2", func(s *facts.Server) {
		s.Plaintext = map[string]facts.Value[facts.Attempt]{"": facts.Unknown[facts.Attempt]("the password is not known")}
	})
	unknown = editChannel(unknown, "db2", func(c *facts.Channel) { c.Lag = facts.Unknown[time.Duration]("the receiver is not connected") })
	for name, f := range map[string]facts.Facts{
		"secured":   secured.facts(),
		"plaintext": newSite(world.Cluster("db1", "db2", "db3")).facts(),
		"unknown":   unknown,
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, "report-"+name+".golden.json", asJSON(t, plan.Judge(secured.cluster, f, positionsOf(secured.cluster, f), nil)))
			golden(t, "status-"+name+".golden.json", asJSON(t, plan.StatusOf(secured.cluster, f, plan.Build(secured.cluster, f, plan.Options{}))))
		})
	}
}

// TestReportsHaveAWhyBesideEachNull: nothing is null without a reason.
func TestReportsHaveAWhyBesideEachNull(t *testing.T) {
	c := world.Cluster("db1", "db2", "db3")
	whole := securedSite(t, c).facts()
	for name, f := range map[string]facts.Facts{"secured": whole, "nothing": {}, "plaintext": newSite(c).facts()} {
		var documents []any
		for _, report := range []any{plan.Judge(c, f, positionsOf(c, f), nil), plan.StatusOf(c, f, plan.Build(c, f, plan.Options{}))} {
			var document any
			if err := json.Unmarshal(asJSON(t, report), &document); err != nil {
				t.Fatal(err)
			}
			documents = append(documents, document)
		}
		for _, document := range documents {
			walk(document, func(object map[string]any) {
				for key, value := range object {
					why, _ := object["why"].(string)
					if value == nil && why == "" && !isAbsence(object, key) {
						t.Errorf("%s: %s is null without a why: %v", name, key, object)
					}
				}
			})
		}
	}
}

func TestReportTellsWhyTheLagIsNull(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	f := editChannel(s.facts(), "db2", func(c *facts.Channel) { c.Lag = facts.Unknown[time.Duration]("the receiver sleeps") })
	r := plan.Judge(s.cluster, f, positionsOf(s.cluster, f), nil)
	if len(r.Replicas) != 1 || r.Replicas[0].Lag.IsKnown() || !strings.Contains(r.Replicas[0].Why, "lag: the receiver sleeps") {
		t.Errorf("%+v", r.Replicas)
	}
}

// isAbsence: what is seen not to be there is null as well, and says so by its neighbour.
func isAbsence(object map[string]any, key string) bool {
	offersNone := object["serves_tls"] == false && (strings.HasPrefix(key, "certificate_") || key == "serves_set")
	noSet := object["certificate_set"] == 0.0 && (strings.HasPrefix(key, "set_") || key == "serves_set")
	noRow := key == "require" && object["version"] != nil
	return offersNone || noSet || noRow
}

func walk(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, inner := range v {
			walk(inner, visit)
		}
	case []any:
		for _, inner := range v {
			walk(inner, visit)
		}
	}
}

func TestJudgeFindsWhatIsWrong(t *testing.T) {
	plain := func(v facts.Value[facts.Attempt]) change {
		return seenServer("db2", func(s *facts.Server) { s.Plaintext = map[string]facts.Value[facts.Attempt]{"": v} })
	}
	for _, c := range []struct {
		name  string
		seen  change
		want  []string // SERVER: text
		known bool
	}{
		{"a secured cluster", nil, nil, true},
		{"a row that is open again", seenServer("db1", func(s *facts.Server) {
			s.Accounts = facts.Known(append(slices.Clone(s.Accounts.Or(nil)), facts.AccountRow{User: "repl", Host: "10.%", Require: facts.Requirement{Kind: facts.RequireNone}}))
		}), []string{"db1: repl@10.% on db1 may log in without TLS"}, true},
		{"a replica with a row that is open", seenServer("db3", func(s *facts.Server) {
			s.Accounts = facts.Known([]facts.AccountRow{{User: "repl", Host: "%", Require: facts.Requirement{Kind: facts.RequireNone}}})
		}), []string{"db3: repl@% on db3"}, true},
		{
			"a channel in plaintext", seenChannel("db2", func(c *facts.Channel) { c.TLS = facts.TLSOptions{} }),
			[]string{"db2: channel db2 is not proven to be encrypted: the channel asks for no TLS"},
			true,
		},
		{
			"a channel that only asks for TLS", seeing(noMark, options(func(o *facts.TLSOptions) { o.VerifyIdentity = false })),
			[]string{"db2: channel db2 is not proven to be encrypted"},
			true,
		},
		{"a replica that stands still", seenChannel("db2", func(c *facts.Channel) { c.Applier = facts.No }), []string{"db2: applier of db2 does not run (No)"}, true},
		{
			"a replica that is behind", seenServer("db1", func(s *facts.Server) { s.Position = facts.Known(facts.Position{File: "binlog.000009", Pos: 4}) }),
			[]string{"db2: before binlog.000009:4", "db3: before binlog.000009:4"},
			true,
		},
		{"a plaintext login that is let in", plain(facts.Known(facts.Attempt{OK: true})), []string{"db2: db1 let repl in without TLS"}, true},
		{"a plaintext login that nobody could try", plain(facts.Unknown[facts.Attempt]("no password")), []string{"db2: no password"}, false},
		{
			"a source whose position is not known", seenServer("db1", func(s *facts.Server) { s.Position = facts.Unknown[facts.Position]("log_bin is off") }),
			[]string{"db1: log_bin is off"},
			false,
		},
		{"a replica of somebody else", seenChannel("db2", func(c *facts.Channel) { c.SourceServerID = 9 }), []string{"db2: does not replicate from db1"}, true},
		{
			"a replica that cannot be reached", seenServer("db2", func(s *facts.Server) { *s = facts.Server{Channels: facts.Unknown[[]facts.Channel]("no route")} }),
			[]string{"db2: no route", "db2: account rows of db2"},
			false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := securedSite(t, world.Cluster("db1", "db2", "db3"))
			f := s.facts()
			if c.seen != nil {
				f = c.seen(f)
			}
			r := plan.Judge(s.cluster, f, positionsOf(s.cluster, f), nil)
			var got []string
			for _, p := range r.Problems {
				got = append(got, string(p.Server)+": "+p.Why)
				if p.Known != c.known {
					t.Errorf("known is %v of %s", p.Known, p.Why)
				}
			}
			compareTexts(t, "problems", got, c.want)
			if r.OK != (len(c.want) == 0) {
				t.Errorf("ok is %v with %v", r.OK, got)
			}
		})
	}
}

// TestProblemsBringTheirHints: what a person can do about a host is told of whatever could not be looked at there.
func TestProblemsBringTheirHints(t *testing.T) {
	unreachable := func(s *facts.Server) {
		*s = facts.Server{
			Instance: facts.Unknown[facts.Instance]("refused").WithHint("look at sshd"), Channels: facts.Unknown[[]facts.Channel]("refused").WithHint("look at sshd"),
			Accounts: facts.Unknown[[]facts.AccountRow]("refused").WithHint("look at sshd"), Position: facts.Unknown[facts.Position]("refused").WithHint("look at sshd"),
		}
	}
	broken := facts.ThreadError{Number: 1236, Text: "no such binary log"}
	for _, c := range []struct {
		name string
		seen change
		want map[string]string // by a part of the problem's text
	}{
		{"the primary", seenServer("db1", unreachable), map[string]string{
			"its source db1": "look at sshd", "the account rows of db1": "look at sshd", "its position": "look at sshd",
		}},
		{"a replica", seenServer("db2", unreachable), map[string]string{"its channels": "look at sshd", "the account rows of db2": "look at sshd"}},
		{"a receiver in error", seenChannel("db2", func(c *facts.Channel) { c.Receiver, c.ReceiverError = facts.No, broken }), map[string]string{
			"the receiver of db2 does not run": "connecting and logging in worked",
		}},
		{"a password that nobody has", seenServer("db2", func(s *facts.Server) {
			s.Plaintext = map[string]facts.Value[facts.Attempt]{"": facts.Unknown[facts.Attempt]("no password").WithHint("account.password_file")}
		}), map[string]string{"whether a plaintext login": "account.password_file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := securedSite(t, world.Cluster("db1", "db2"))
			f := c.seen(s.facts())
			problems := plan.Judge(s.cluster, f, positionsOf(s.cluster, f), nil).Problems
			for part, hint := range c.want {
				i := slices.IndexFunc(problems, func(p plan.Problem) bool { return strings.Contains(p.Why, part) })
				if i < 0 || !strings.Contains(problems[i].Hint, hint) {
					t.Errorf("no problem %q with the hint %q: %+v", part, hint, problems)
				}
			}
		})
	}
}

// TestJudgeOfNothingIsNotOK: no link, no verdict.
func TestJudgeOfNothingIsNotOK(t *testing.T) {
	for _, c := range []topology.Cluster{world.Cluster("db1"), world.Cluster("db1", "db2")} {
		if r := plan.Judge(c, facts.Facts{}, nil, nil); r.OK {
			t.Errorf("%+v", r)
		}
	}
	s := securedSite(t, world.Cluster("db1", "db2"))
	if r := plan.Judge(s.cluster, s.facts(), nil, nil); r.OK {
		t.Errorf("ok without a position: %+v", r)
	}
}
