package observe_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/observe"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/ssh"
)

func TestWhatCannotBeLookedAt(t *testing.T) {
	b := newBench(t, labtest.Start(t, lab.Options{Replicas: 1}))
	t.Run("a login that is refused", func(t *testing.T) { refusedLogin(t, b) })
	t.Run("rows that are not in force", func(t *testing.T) { rowsNotInForce(t, b) })
	t.Run("a filtered binary log", func(t *testing.T) { filteredBinlog(t, b) })
	t.Run("files that may not be read", func(t *testing.T) { filesOfOthers(t, b) })
	t.Run("a server that hangs", func(t *testing.T) { serverHangs(t, b) })
	t.Run("a server that is down", func(t *testing.T) { serverDown(t, b) })
	t.Run("a host that is down", func(t *testing.T) { hostDown(t, b) })
}

// whys are the reasons of all parts but those of the host's folders.
func whys(seen facts.Server) []string {
	return []string{
		seen.Instance.Why(), seen.Process.Why(), seen.Channels.Why(), seen.DumpThreads.Why(), seen.Sessions.Why(), seen.Accounts.Why(),
		seen.Position.Why(), seen.Binlogs.Why(), seen.ServedTLS.Why(), seen.Settings.Why(), seen.RunTime.Why(), seen.Config.Why(),
		seen.ConfigCheck.Why(), seen.Password.Why(),
	}
}

func allUnknown(t *testing.T, seen facts.Server, want string) {
	t.Helper()
	for i, why := range whys(seen) {
		if !strings.Contains(why, want) || !strings.HasPrefix(why, "replica1: ") {
			t.Errorf("part %d: got %q, want it to tell %q", i, why, want)
		}
	}
}

func refusedLogin(t *testing.T, b *bench) {
	changed := newBench(t, b.Lab, everyServer(func(s *topology.Server) { s.MySQL.Admin = "stranger" }))
	seen := changed.look(t, "replica1", everything)
	allUnknown(t, seen, "SQL login as stranger")
	if hint := seen.Instance.Hint(); !strings.HasPrefix(hint, "set mysql.admin.user in the inventory") {
		t.Errorf("hint: %q", hint)
	}
	equal(t, "folder", known(t, "folder", seen.TLSDir).Kind, facts.DirAbsent)
}

func rowsNotInForce(t *testing.T, b *bench) {
	check(t, b.Exec(t.Context(), "replica1", `SET sql_log_bin=0; INSERT INTO mysql.global_priv VALUES ('10.0.0.%', 'repl', '{"access":0}')`))
	rows := b.look(t, "replica1", facts.PartAccounts).Accounts
	equal(t, "reason", rows.Why(), "replica1: the account row repl@10.0.0.% is in the tables and not in force")
	check(t, b.Exec(t.Context(), "replica1", "FLUSH LOCAL PRIVILEGES"))
	equal(t, "rows", len(known(t, "rows", b.look(t, "replica1", facts.PartAccounts).Accounts)), 1)
}

func filteredBinlog(t *testing.T, b *bench) {
	name := must(b.Server("replica1"))(t).ConfDir + "/filter.cnf"
	check(t, os.WriteFile(name, []byte("[mysqld]\nbinlog_ignore_db=test\n"), 0o644))
	check(t, b.RestartServer(t.Context(), "replica1"))
	equal(t, "filtered", known(t, "instance", b.look(t, "replica1", facts.PartInstance).Instance).BinlogDB, true)
	check(t, os.WriteFile(name, []byte("[mysqld]\nskip_log_bin\nlog_slave_updates=OFF\n"), 0o644))
	check(t, b.RestartServer(t.Context(), "replica1"))
	seen := b.look(t, "replica1", facts.PartInstance|facts.PartPosition)
	equal(t, "binary log", known(t, "instance", seen.Instance).LogBin, false)
	equal(t, "position", seen.Position.IsAbsent(), true)
	equal(t, "binary logs", seen.Binlogs.IsAbsent(), true)
	check(t, os.Remove(name))
	check(t, b.RestartServer(t.Context(), "replica1"))
}

// filesOfOthers: to root nothing is closed, so that root's servers lose the files instead.
func filesOfOthers(t *testing.T, b *bench) {
	s := must(b.Server("replica1"))(t)
	hide := func(name string) (restore func()) {
		if b.SSHUser == "root" {
			check(t, os.Rename(name, name+".away"))
			return func() { check(t, os.Rename(name+".away", name)) }
		}
		mode := must(os.Stat(name))(t).Mode()
		check(t, os.Chmod(name, 0))
		return func() { check(t, os.Chmod(name, mode)) }
	}
	restore := hide(s.DataDir + "/master.info")
	seen := b.look(t, "replica1", facts.PartPassword|facts.PartPlaintext|facts.PartTrial)
	restore()
	for what, value := range map[string]interface {
		IsUnknown() bool
		Hint() string
	}{"password": seen.Password, "plaintext": seen.Plaintext[""], "trial": seen.Trials[""]} {
		equal(t, what, value.IsUnknown(), true)
		equal(t, what+"'s hint", value.Hint(), "set account.password_file in the inventory to a file on this machine that has the password as its one line")
	}
	restore = hide(s.PidFile)
	process := b.look(t, "replica1", facts.PartProcess).Process
	restore()
	equal(t, "process: "+process.Why(), strings.Contains(process.Why(), s.PidFile), true)
	if b.SSHUser != "root" {
		restore = hide(s.DefaultsFile)
		config := b.look(t, "replica1", facts.PartConfig).Config
		restore()
		equal(t, "config: "+config.Why(), strings.Contains(config.Why(), s.DefaultsFile), true)
	}
}

func serverHangs(t *testing.T, b *bench) {
	known(t, "instance", b.look(t, "replica1", facts.PartInstance).Instance)
	pid := must(b.ServerPID("replica1"))(t)
	check(t, syscall.Kill(pid, syscall.SIGSTOP))
	await(t, "the stop of every thread", func() bool { return stopped(t, pid) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	seen := b.observer.Observe(ctx, facts.Look{"replica1": everything}).Server("replica1")
	check(t, syscall.Kill(pid, syscall.SIGCONT))
	allUnknown(t, seen, "no answer in time")
	known(t, "instance", b.look(t, "replica1", facts.PartInstance).Instance)
}

// stopped says that all threads of a process are stopped, which a signal does not do at once.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	for _, name := range must(filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid)))(t) {
		text, err := os.ReadFile(name)
		if err == nil && !strings.Contains(string(text), "\nState:\tT") {
			return false
		}
	}
	return true
}

func serverDown(t *testing.T, b *bench) {
	known(t, "instance", b.look(t, "replica1", facts.PartInstance).Instance)
	check(t, b.StopServer(t.Context(), "replica1"))
	seen := b.look(t, "replica1", everything)
	allUnknown(t, seen, "SQL login as "+b.Admin)
	if hint := seen.Instance.Hint(); !strings.HasPrefix(hint, "see whether the server runs") {
		t.Errorf("hint: %q", hint)
	}
	equal(t, "folder", known(t, "folder", seen.TLSDir).Kind, facts.DirAbsent)
	check(t, b.StartServer(t.Context(), "replica1"))
	known(t, "instance", b.look(t, "replica1", facts.PartInstance).Instance)
}

func hostDown(t *testing.T, b *bench) {
	check(t, b.StopSSH(t.Context(), "replica1"))
	f := b.observer.Observe(t.Context(), facts.Look{"primary": facts.PartInstance, "replica1": everything})
	known(t, "the other's instance", f.Server("primary").Instance)
	allUnknown(t, f.Server("replica1"), "SSH connect")
	equal(t, "folder", strings.Contains(f.Server("replica1").TLSDir.Why(), "SSH connect"), true)
	check(t, b.StartSSH(t.Context(), "replica1"))
	known(t, "instance", b.look(t, "replica1", facts.PartInstance).Instance)
}

func TestAHostThatHangsIsGivenUp(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{Fault: remotetest.HangAfterLogin})
	c := topology.Cluster{Servers: []topology.Server{{Name: "replica1", TLSDir: "/etc/tls", MySQL: topology.MySQL{Socket: "/run/mysqld.sock"}}}}
	servers := access.New(c, func(ctx context.Context, s topology.Server) (remote.Host, error) {
		return new(ssh.Dialer).Dial(ctx, ssh.Config{
			Name: string(s.Name), Address: server.Address, User: "any", IdentityFiles: []string{server.Identity}, KnownHosts: []string{server.KnownHosts},
		})
	})
	defer func() { _ = servers.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	seen := observe.New(c, servers, pkistore.Open(t.TempDir()), time.Now).Observe(ctx, facts.Look{"replica1": everything}).Server("replica1")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	allUnknown(t, seen, "no answer in time")
	equal(t, "folder", seen.TLSDir.IsUnknown(), true)
}
