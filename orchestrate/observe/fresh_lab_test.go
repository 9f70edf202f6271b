package observe_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/orchestrate/facts"
)

const everything = facts.PartsQuiet | facts.PartTrial | facts.PartPlaintext

func TestFreshServers(t *testing.T) {
	b := newBench(t, labtest.Start(t, lab.Options{Replicas: 1, Account: lab.AccountEverywhere}))
	f := b.observer.Observe(t.Context(), facts.Look{"primary": everything, "replica1": everything})
	primary, replica := f.Server("primary"), f.Server("replica1")
	for name, test := range map[string]func(*testing.T){
		"instance":           func(t *testing.T) { instanceAsSQL(t, b, primary); instanceAsSQL(t, b, replica) },
		"process":            func(t *testing.T) { processAsProc(t, b, primary, replica) },
		"channels":           func(t *testing.T) { channelsAsStatus(t, b, primary, replica) },
		"sessions":           func(t *testing.T) { sessionsAsList(t, b, primary, replica) },
		"accounts":           func(t *testing.T) { accountsAsCreated(t, primary, replica) },
		"positions":          func(t *testing.T) { positionsAsStatus(t, b, primary) },
		"settings":           func(t *testing.T) { settingsOfPlaintext(t, primary) },
		"config":             func(t *testing.T) { configAsFiles(t, b, primary) },
		"folder":             func(t *testing.T) { equal(t, "TLS dir", known(t, "TLS dir", primary.TLSDir).Kind, facts.DirAbsent) },
		"logins":             func(t *testing.T) { loginsInPlaintext(t, primary, replica) },
		"store":              func(t *testing.T) { equal(t, "authority", known(t, "store", f.Store).CA.IsAbsent(), true) },
		"parts":              func(t *testing.T) { onlyWhatIsAskedFor(t, b) },
		"nothing is touched": func(t *testing.T) { nothingIsTouched(t, b) },
	} {
		t.Run(name, test)
	}
	t.Run("changes are seen", func(t *testing.T) { changesAreSeen(t, b) })
}

func instanceAsSQL(t *testing.T, b *bench, seen facts.Server) {
	i := known(t, "instance", seen.Instance)
	s := must(b.Server(map[uint32]string{1: "primary", 2: "replica1"}[i.ServerID]))(t)
	equal(t, "port", i.Port, s.Port)
	equal(t, "socket", i.Socket, s.Socket)
	equal(t, "pid file", i.PidFile, s.PidFile)
	equal(t, "data folder", filepath.Clean(i.DataDir), s.DataDir)
	equal(t, "version", i.Version.Text, b.value(t, s.Name, "SELECT VERSION()"))
	equal(t, "flavour", i.Version.Flavour, facts.MariaDB)
	equal(t, "host name", i.Hostname, b.value(t, s.Name, "SELECT @@hostname"))
	equal(t, "admin", i.Admin, b.Admin+"@localhost")
	equal(t, "flags", [4]bool{i.ReadOnly, i.LogBin, i.BinlogDB, i.PerfSchema}, [4]bool{false, true, false, false})
}

func processAsProc(t *testing.T, b *bench, primary, replica facts.Server) {
	p, r := known(t, "process", primary.Process), known(t, "process", replica.Process)
	equal(t, "pid", p.PID, must(b.ServerPID("primary"))(t))
	equal(t, "defaults file", p.DefaultsFile, b.Primary().DefaultsFile)
	owner := b.SSHUser
	if owner == "root" {
		owner = "mysql"
	}
	equal(t, "user", p.OSUser, owner)
	if p.Start == r.Start || p.Start == "" {
		t.Errorf("starts: %q and %q", p.Start, r.Start)
	}
	source := strconv.Itoa(b.Primary().Port)
	toSource := func(s facts.Socket) bool { return strconv.Itoa(int(s.Remote.Port())) == source }
	i := slices.IndexFunc(r.Sockets, toSource)
	if i < 0 {
		t.Fatalf("the replica's sockets: %v", r.Sockets)
	}
	back := facts.Socket{Local: r.Sockets[i].Remote, Remote: r.Sockets[i].Local}
	equal(t, "the primary's end is seen", slices.Contains(p.Sockets, back), true)
	threads := known(t, "dump threads", primary.DumpThreads)
	equal(t, "dump threads", len(threads), 1)
	equal(t, "the thread is of that port", strings.HasSuffix(threads[0].Host, ":"+strconv.Itoa(int(back.Remote.Port()))), true)
}

func channelsAsStatus(t *testing.T, b *bench, primary, replica facts.Server) {
	equal(t, "primary's channels", len(known(t, "channels", primary.Channels)), 0)
	channels := known(t, "channels", replica.Channels)
	equal(t, "replica's channels", len(channels), 1)
	c, p := channels[0], b.Primary()
	equal(t, "name", c.Name, "")
	equal(t, "source", c.SourceHost+":"+strconv.Itoa(c.SourcePort), p.MySQLAddress())
	equal(t, "user", c.SourceUser, b.Account.User)
	equal(t, "threads", c.Threads(), facts.Threads{Receiver: true, Applier: true})
	equal(t, "TLS", c.TLS, facts.TLSOptions{})
	equal(t, "applied", c.Exec, c.Read)
	equal(t, "received", c.Read, known(t, "position", primary.Position))
}

func sessionsAsList(t *testing.T, b *bench, primary, replica facts.Server) {
	thread := known(t, "dump threads", primary.DumpThreads)[0]
	equal(t, "user", thread.User, b.Account.User)
	equal(t, "transport", thread.Transport.IsUnknown(), true)
	equal(t, "id", strconv.FormatUint(thread.ID, 10), b.value(t, "primary", "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'"))
	equal(t, "sessions", len(known(t, "sessions", primary.Sessions)), 0)
	equal(t, "replica's dump threads", len(known(t, "dump threads", replica.DumpThreads)), 0)
}

func accountsAsCreated(t *testing.T, primary, replica facts.Server) {
	want := facts.AccountRow{User: "repl", Host: "%", Require: facts.Requirement{Kind: facts.RequireNone}}
	for name, seen := range map[string]facts.Server{"primary": primary, "replica": replica} {
		if rows := known(t, "rows", seen.Accounts); !slices.Equal(rows, []facts.AccountRow{want}) {
			t.Errorf("%s: %v", name, rows)
		}
	}
}

func positionsAsStatus(t *testing.T, b *bench, primary facts.Server) {
	status := must(b.Query(t.Context(), "primary", "SHOW MASTER STATUS"))(t).Maps()[0]
	position := known(t, "position", primary.Position)
	equal(t, "position", position.File+":"+strconv.FormatUint(position.Pos, 10), status["File"]+":"+status["Position"])
	equal(t, "binary logs", strings.Join(known(t, "binary logs", primary.Binlogs), " "), "binlog.000001")
}

func settingsOfPlaintext(t *testing.T, primary facts.Server) {
	equal(t, "settings", known(t, "settings", primary.Settings), facts.TLSSettings{})
	equal(t, "run time", len(known(t, "run time", primary.RunTime)), 0)
	equal(t, "served", primary.ServedTLS.IsAbsent(), true)
}

func configAsFiles(t *testing.T, b *bench, primary facts.Server) {
	config := known(t, "config", primary.Config)
	s := b.Primary()
	equal(t, "defaults file", config.DefaultsFile, s.DefaultsFile)
	equal(t, "include folder", config.IncludeDir, s.ConfDir)
	equal(t, "own path", config.OwnPath, s.ConfDir+"/zz-replssl.cnf")
	equal(t, "own file", config.Own.IsAbsent(), true)
	equal(t, "later", len(config.Later), 0)
	equal(t, "check", known(t, "check", primary.ConfigCheck), facts.Check{OK: true})
}

func loginsInPlaintext(t *testing.T, primary, replica facts.Server) {
	equal(t, "primary's password", primary.Password.IsAbsent(), true)
	equal(t, "password", string(known(t, "password", replica.Password)), "the receiver's own settings (master.info)")
	equal(t, "trials of the primary", len(primary.Trials), 0)
	equal(t, "plaintext", known(t, "plaintext", replica.Plaintext[""]), facts.Attempt{OK: true})
	equal(t, "trial", strings.Contains(replica.Trials[""].Why(), "no certificate set is in use"), true)
}

func onlyWhatIsAskedFor(t *testing.T, b *bench) {
	seen := b.look(t, "replica1", facts.PartChannels)
	known(t, "channels", seen.Channels)
	want := facts.Server{Channels: seen.Channels}
	for what, same := range map[string]bool{
		"instance": seen.Instance.String() == want.Instance.String(), "process": seen.Process.String() == want.Process.String(),
		"sessions": seen.Sessions.String() == want.Sessions.String(), "folder": seen.TLSDir.String() == want.TLSDir.String(),
		"config": seen.Config.String() == want.Config.String(), "position": seen.Position.String() == want.Position.String(),
	} {
		equal(t, what+" is not looked at", same, true)
	}
	equal(t, "a stranger", b.look(t, "stranger", everything).Instance.IsUnknown(), true)
}

// nothingIsTouched: no file but those that the storage engines write at their own time, no position, no thread.
func nothingIsTouched(t *testing.T, b *bench) {
	before := b.snapshot(t)
	b.observer.Observe(t.Context(), facts.Look{"primary": everything, "replica1": everything})
	if after := b.snapshot(t); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func (b *bench) snapshot(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, s := range b.Servers {
		all.WriteString(must(os.Stat(s.DataDir))(t).ModTime().String() + "\n")
		for _, pattern := range []string{"/*.cnf", "/conf.d/*", "/data/*.info", "/data/binlog.*", "/data/relay*"} {
			for _, name := range must(filepath.Glob(s.Dir + pattern))(t) {
				all.WriteString(name + " " + must(os.Stat(name))(t).ModTime().String() + "\n")
			}
		}
	}
	return all.String() + must(b.Query(t.Context(), "replica1", "SHOW SLAVE STATUS"))(t).String()
}

func changesAreSeen(t *testing.T, b *bench) {
	check(t, b.Exec(t.Context(), "primary", "SET GLOBAL max_connections = 77"))
	equal(t, "run time", strings.Join(known(t, "run time", b.look(t, "primary", facts.PartSettings).RunTime), " "), "max_connections=77")
	check(t, b.Exec(t.Context(), "replica1", "STOP SLAVE SQL_THREAD"))
	channel := known(t, "channels", b.look(t, "replica1", facts.PartChannels).Channels)[0]
	equal(t, "threads", channel.Threads(), facts.Threads{Receiver: true})
	check(t, b.Exec(t.Context(), "replica1", "START SLAVE SQL_THREAD"))
	before := known(t, "process", b.look(t, "primary", facts.PartProcess).Process)
	check(t, b.RestartServer(t.Context(), "primary"))
	after := known(t, "process", b.look(t, "primary", facts.PartProcess).Process)
	equal(t, "another start", before.Start != after.Start, true)
}
