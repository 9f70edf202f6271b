package ui_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

var update = flag.Bool("update", false, "write the golden files anew")

// secured is a cluster after a whole run.
func secured(t *testing.T, c topology.Cluster) *world.World {
	t.Helper()
	w := world.New(c)
	for _, step := range plan.Build(c, quiet(w), plan.Options{}).Steps {
		for _, action := range step.Actions {
			if err := w.Do(context.Background(), action, func(event.Event) error { return nil }); err != nil {
				t.Fatalf("%s: %v", action, err)
			}
		}
	}
	return w
}

// quiet is what `status` looks at.
func quiet(w *world.World) facts.Facts {
	return w.Observe(context.Background(), world.Everything(w.Cluster()))
}

func three() topology.Cluster { return world.Cluster("db1", "db2", "db3") }

func editServer(f facts.Facts, name topology.ServerName, change func(*facts.Server)) facts.Facts {
	f.Servers = maps.Clone(f.Servers)
	server := f.Servers[name]
	change(&server)
	f.Servers[name] = server
	return f
}

func editChannels(f facts.Facts, name topology.ServerName, change func([]facts.Channel) []facts.Channel) facts.Facts {
	return editServer(f, name, func(s *facts.Server) {
		s.Channels = facts.Known(change(slices.Clone(s.Channels.Or(nil))))
	})
}

// TestStatusGolden shows what a person sees of clusters in all kinds of states.
func TestStatusGolden(t *testing.T) {
	for name, show := range map[string]func(*testing.T) (topology.Cluster, facts.Facts){
		"plaintext": func(*testing.T) (topology.Cluster, facts.Facts) { return three(), quiet(world.New(three())) },
		"secured":   func(t *testing.T) (topology.Cluster, facts.Facts) { return three(), quiet(secured(t, three())) },
		"chained": func(*testing.T) (topology.Cluster, facts.Facts) {
			c := world.Chained(three(), "db3", "db2")
			return c, quiet(world.New(c))
		},
		"stopped-threads":    stoppedThreads,
		"unreachable":        unreachable,
		"no-primary":         noPrimary,
		"by-hand":            byHand,
		"ends-soon":          func(t *testing.T) (topology.Cluster, facts.Facts) { return inDays(t, 730-12) },
		"expired":            func(t *testing.T) (topology.Cluster, facts.Facts) { return inDays(t, 731) },
		"two-channels":       twoChannels,
		"interrupted":        interrupted,
		"not-a-replica":      notAReplica,
		"what-nobody-sees":   whatNobodySees,
		"another-is-served":  anotherIsServed,
		"restart-needs-word": restartNeedsWord,
	} {
		t.Run(name, func(t *testing.T) {
			c, f := show(t)
			var out bytes.Buffer
			ui.Status(&out, plan.StatusOf(c, f, plan.Build(c, f, plan.Options{})))
			golden(t, filepath.Join("testdata", "status", name+".txt"), trimmed(out.String()))
		})
	}
}

func stoppedThreads(t *testing.T) (topology.Cluster, facts.Facts) {
	t.Helper()
	w := secured(t, world.Cluster("db1", "db2", "db3", "db4"))
	w.With("db2", func(s *world.Settings) { s.Stop(facts.Threads{Applier: true}) })
	f := editChannels(quiet(w), "db3", func(list []facts.Channel) []facts.Channel {
		list[0].Receiver = facts.Connecting
		list[0].ReceiverError = facts.ThreadError{Number: 2003, Text: "error connecting to master"}
		list[0].Lag = facts.Unknown[time.Duration]("the replica shows no lag while its receiver is not connected")
		return list
	})
	return w.Cluster(), editChannels(f, "db4", func(list []facts.Channel) []facts.Channel {
		list[0].Applier, list[0].ApplierError = facts.No, facts.ThreadError{Number: 1396, Text: "Operation ALTER USER failed"}
		return list
	})
}

func unreachable(t *testing.T) (topology.Cluster, facts.Facts) {
	t.Helper()
	return three(), lose(quiet(secured(t, three())), "db3")
}

func noPrimary(t *testing.T) (topology.Cluster, facts.Facts) {
	t.Helper()
	return three(), lose(quiet(secured(t, three())), "db1")
}

// lose makes everything of a server unknown, as a host does that cannot be reached.
func lose(f facts.Facts, name topology.ServerName) facts.Facts {
	why, hint := string(name)+": SSH connect with 192.0.2.13:22: connection refused", "see whether an sshd answers at 192.0.2.13:22"
	return editServer(f, name, func(s *facts.Server) {
		*s = facts.Server{
			Instance:    facts.Unknown[facts.Instance](why).WithHint(hint),
			Process:     facts.Unknown[facts.Process](why).WithHint(hint),
			Channels:    facts.Unknown[[]facts.Channel](why).WithHint(hint),
			DumpThreads: facts.Unknown[[]facts.DumpThread](why).WithHint(hint),
			Accounts:    facts.Unknown[[]facts.AccountRow](why).WithHint(hint),
			ServedTLS:   facts.Unknown[facts.ServedTLS](why).WithHint(hint),
			TLSDir:      facts.Unknown[facts.TLSDir](why),
		}
	})
}

// byHand is a cluster that somebody else took to TLS: replssl knows no set on any host, and the files are elsewhere.
func byHand(t *testing.T) (topology.Cluster, facts.Facts) {
	t.Helper()
	f := quiet(secured(t, three()))
	f.Store = facts.Known(facts.Store{CA: facts.Absent[string]()})
	for _, name := range []topology.ServerName{"db1", "db2", "db3"} {
		f = editServer(f, name, func(s *facts.Server) {
			s.TLSDir = facts.Known(facts.TLSDir{Kind: facts.DirAbsent, Risk: facts.Absent[facts.Risk]()})
			s.Settings = facts.Known(facts.TLSSettings{Enabled: true, CA: "/etc/ssl/ca.pem", Cert: "/etc/ssl/db.pem", Key: "/etc/ssl/db.key"})
			s.Variables, s.Config = setByHand(s.Config.Or(facts.Config{}))
		})
	}
	f = editChannels(f, "db2", func(list []facts.Channel) []facts.Channel {
		list[0].TLS = facts.TLSOptions{Enabled: true, CA: "/etc/ssl/ca.pem", VerifyIdentity: true}
		return list
	})
	return three(), editChannels(f, "db3", func(list []facts.Channel) []facts.Channel {
		list[0].TLS = facts.TLSOptions{Enabled: true}
		return list
	})
}

// setByHand is what a person wrote into the file of the package.
func setByHand(config facts.Config) (facts.Value[map[string]facts.Variable], facts.Value[facts.Config]) {
	const file = "/etc/mysql/mariadb.conf.d/50-server.cnf"
	variables := map[string]facts.Variable{}
	config.Settings, config.Own = nil, facts.Absent[string]()
	for i, name := range []string{"ssl_ca", "ssl_cert", "ssl_key"} {
		value := []string{"/etc/ssl/ca.pem", "/etc/ssl/db.pem", "/etc/ssl/db.key"}[i]
		variables[name] = facts.Variable{Value: value, Origin: facts.FromFile, File: file}
		config.Settings = append(config.Settings, facts.Setting{Name: name, Value: value, Place: fmt.Sprintf("%s:%d", file, i+12), Text: name + "=" + value})
	}
	return facts.Known(variables), facts.Known(config)
}

// inDays is the time after certificates were made for two years.
func inDays(t *testing.T, days int) (topology.Cluster, facts.Facts) {
	t.Helper()
	f := quiet(secured(t, three()))
	f.At = f.At.AddDate(0, 0, days)
	return three(), f
}

func twoChannels(t *testing.T) (topology.Cluster, facts.Facts) {
	t.Helper()
	return three(), editChannels(quiet(secured(t, three())), "db3", func(list []facts.Channel) []facts.Channel {
		other := list[0]
		other.Name, other.SourceHost, other.SourceServerID, other.TLS = "billing", "192.0.2.99", 99, facts.TLSOptions{}
		return append(list, other)
	})
}

// interrupted: a dead run noted that both threads of db2 ran before it stopped them.
func interrupted(t *testing.T) (topology.Cluster, facts.Facts) {
	t.Helper()
	both := facts.Threads{Receiver: true, Applier: true}
	w := secured(t, three()).With("db2", func(s *world.Settings) { s.Stop(both) })
	f := quiet(w)
	f.Marks.Threads = map[facts.ChannelID]facts.Threads{{Server: "db2"}: both}
	return three(), f
}

func notAReplica(t *testing.T) (topology.Cluster, facts.Facts) {
	t.Helper()
	f := editChannels(quiet(world.New(three())), "db2", func([]facts.Channel) []facts.Channel { return nil })
	return three(), editChannels(f, "db3", func(list []facts.Channel) []facts.Channel {
		list[0].SourceUser = "other"
		return list
	})
}

func whatNobodySees(t *testing.T) (topology.Cluster, facts.Facts) {
	t.Helper()
	f := editServer(quiet(secured(t, three())), "db1", func(s *facts.Server) {
		s.ServedTLS = facts.Unknown[facts.ServedTLS]("db1: no answer within 1m")
		s.Accounts = facts.Unknown[[]facts.AccountRow]("db1: the account row repl@% is in the tables and not in force").WithHint("FLUSH PRIVILEGES on db1")
	})
	return three(), editServer(f, "db2", func(s *facts.Server) {
		s.ServedTLS = facts.Unknown[facts.ServedTLS]("db2: no answer within 1m")
	})
}

// anotherIsServed: files were switched, and the server was never told.
func anotherIsServed(t *testing.T) (topology.Cluster, facts.Facts) {
	t.Helper()
	f := quiet(secured(t, three()))
	other := f.Server("db2").TLSDir.Or(facts.TLSDir{}).Sets[1].Cert
	return three(), editServer(f, "db1", func(s *facts.Server) { s.ServedTLS = facts.Known(facts.ServedTLS{Chain: other}) })
}

func restartNeedsWord(*testing.T) (topology.Cluster, facts.Facts) {
	c := three()
	c.Policy.AllowRestart = false
	return c, quiet(world.New(c))
}

// TestStatusFitsTheTerminal: names as people give them, in the widest of the usual states.
func TestStatusFitsTheTerminal(t *testing.T) {
	c := world.Cluster("db1.example.com", "db2.example.com", "db3.example.com")
	for name, f := range map[string]facts.Facts{"plaintext": quiet(world.New(c)), "secured": quiet(secured(t, c))} {
		var out bytes.Buffer
		ui.Status(&out, plan.StatusOf(c, f, plan.Build(c, f, plan.Options{})))
		table, _, _ := strings.Cut(out.String(), "\n\n")
		for line := range strings.Lines(table) {
			if width := len(strings.TrimRight(line, "\n")); width > 120 {
				t.Errorf("%s: %d columns: %s", name, width, line)
			}
		}
	}
}

// TestStatusCutsAtAWord: the last column has no room for a reason, and no half of a word.
func TestStatusCutsAtAWord(t *testing.T) {
	for why, want := range map[string]string{
		"it is on fire":                           "blocked: it is on fire",
		"it is on fire and rainy":                 "blocked: it is on fire and rainy",
		"SSH connection to 127.0.0.1:22: refused": "blocked: SSH connection to...",
		"the applier is stopped by hand":          "blocked: the applier is stopped...",
		"the applier: is stopped, by whom":        "blocked: the applier: is stopped...",
	} {
		var out bytes.Buffer
		ui.Status(&out, plan.StatusOf(three(), quiet(world.New(three())), plan.Plan{Blocked: []plan.Blocked{{Target: "db1", Why: why}}}))
		_, rows, _ := strings.Cut(out.String(), "\n")
		row, _, _ := strings.Cut(rows, "\n")
		if !strings.HasSuffix(row, "  "+want) {
			t.Errorf("%s: the row is %q, want %q at its end", why, row, want)
		}
	}
}

func trimmed(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimRight(line, " \n")+"\n")
	}
	return strings.Join(lines, "")
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it with git diff after go test -update\ngot:\n%s", path, got)
	}
}
