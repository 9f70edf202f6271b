package lab_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

func TestUpReplicatesInPlaintext(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{})
	for _, s := range l.Replicas() {
		status := must(l.SlaveStatus(t.Context(), s.Name))(t)
		for column, want := range map[string]string{
			"Slave_IO_Running": "Yes", "Slave_SQL_Running": "Yes", "Master_SSL_Allowed": "No", "Using_Gtid": "Slave_Pos",
			"Master_Host": "127.0.0.2", "Master_User": "repl", "Connect_Retry": "60",
		} {
			equal(t, s.Name+"."+column, status[column], want)
		}
	}
	equal(t, "primary's have_ssl", value(t, l, "primary", "SELECT @@have_ssl"), "DISABLED")
	equal(t, "primary's status", len(must(l.SlaveStatus(t.Context(), "primary"))(t)), 0)
	sameRows(t, l, 5)
	equal(t, "account in the binlog", strings.Contains(
		must(l.Query(t.Context(), "primary", "SHOW BINLOG EVENTS"))(t).String(), "repl"), false)
	commandLinesNameTheFileOnly(t, l)
	inventoryIsComplete(t, l)
}

func commandLinesNameTheFileOnly(t *testing.T, l *lab.Lab) {
	t.Helper()
	for _, s := range l.Servers {
		pid := must(l.ServerPID(s.Name))(t)
		text := must(os.ReadFile(filepath.Join("/proc", itoa(pid), "cmdline")))(t)
		equal(t, s.Name+"'s command line", string(text), s.Programs.Server+"\x00--defaults-file="+s.DefaultsFile+"\x00")
		equal(t, s.Name+"'s pid file", strings.TrimSpace(string(must(os.ReadFile(s.PidFile))(t))), itoa(pid))
	}
}

func inventoryIsComplete(t *testing.T, l *lab.Lab) {
	t.Helper()
	text := string(must(os.ReadFile(l.Inventory()))(t))
	for _, s := range l.Servers {
		for _, want := range []string{
			"\n  " + s.Name + ": {address: " + s.Address + ", ssh: {port: " + itoa(s.SSHPort) + "}, ",
			"mysql: {port: " + itoa(s.Port) + ", socket: " + s.Socket + "}, ",
			"tls: {dir: " + s.TLSDir + "}, restart: " + s.RestartCommand + "}\n",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the inventory lacks %q:\n%s", want, text)
			}
		}
	}
	if strings.Contains(text, l.Account.Password) {
		t.Error("the inventory tells the password")
	}
}

func TestAccountIsWhereItWasAskedFor(t *testing.T) {
	t.Parallel()
	for mode, want := range map[lab.AccountMode]string{
		lab.AccountPrimaryOnly: "1 0 0", lab.AccountSome: "1 1 0", lab.AccountEverywhere: "1 1 1",
	} {
		t.Run(string(mode), func(t *testing.T) {
			l := labtest.Start(t, lab.Options{Account: mode})
			var found []string
			for _, s := range l.Servers {
				found = append(found, value(t, l, s.Name, "SELECT COUNT(*) FROM mysql.user WHERE user = 'repl'"))
			}
			equal(t, "accounts", strings.Join(found, " "), want)
		})
	}
}

func TestOptionsReachTheServers(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{
		Replicas: 2, ReplicatesFrom: map[string]string{"replica2": "replica1"},
		ExtraConfig:       map[string][]string{"replica1": {"slave_net_timeout = 17", "read_only = ON"}},
		PerformanceSchema: true, SkipNameResolve: true,
	})
	equal(t, "chain", must(l.SlaveStatus(t.Context(), "replica2"))(t)["Master_Host"], l.Servers[1].Address)
	if want := "restart: " + l.Servers[2].RestartCommand + ", replicates_from: replica1}\n"; !strings.Contains(
		string(must(os.ReadFile(l.Inventory()))(t)), want) {
		t.Errorf("the inventory lacks %q", want)
	}
	equal(t, "extra", value(t, l, "replica1", "SELECT CONCAT(@@slave_net_timeout, @@read_only)"), "17ON")
	equal(t, "no extra", value(t, l, "replica2", "SELECT @@slave_net_timeout"), "60")
	equal(t, "options", value(t, l, "primary", "SELECT CONCAT(@@performance_schema, @@skip_name_resolve)"), "ONON")
	sameRows(t, l, 5)
}

func TestRestartOverSSH(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{Replicas: -1})
	before := must(l.ServerPID("primary"))(t)
	if err := os.WriteFile(filepath.Join(l.Primary().ConfDir, "zz-try.cnf"), []byte("[mysqld]\nslave_net_timeout = 18\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := run(t, l, "primary", l.Primary().RestartCommand); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	equal(t, "setting from conf.d", value(t, l, "primary", "SELECT @@slave_net_timeout"), "18")
	if after := must(l.ServerPID("primary"))(t); after == before {
		t.Errorf("process %d serves as before", after)
	}
}

func TestRestartTellsWhyTheServerDoesNotCome(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{Replicas: -1})
	broken := filepath.Join(l.Primary().ConfDir, "broken.cnf")
	if err := os.WriteFile(broken, []byte("[mysqld]\nno_such_setting = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	out, err := run(t, l, "primary", l.Primary().RestartCommand)
	var failed *ssh.ExitError
	if !errors.As(err, &failed) || failed.ExitStatus() != 1 || !strings.Contains(out, "no_such_setting") {
		t.Fatalf("got %v: %s", err, out)
	}
	if took := time.Since(start); took > 25*time.Second {
		t.Errorf("it took %s to see that the process had ended", took)
	}
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	if out, err := run(t, l, "primary", l.Primary().RestartCommand); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestStopKillStart(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{Replicas: 1})
	for name, end := range map[string]func(context.Context, string) error{"stop": l.StopServer, "kill": l.KillServer} {
		for range 2 { // the second finds nothing to end
			if err := end(t.Context(), "replica1"); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			equal(t, name+"ped server's pid", must(l.ServerPID("replica1"))(t), 0)
		}
		if err := l.StartServer(t.Context(), "replica1"); err != nil {
			t.Fatal(err)
		}
		running := must(l.ServerPID("replica1"))(t)
		if err := l.StartServer(t.Context(), "replica1"); err != nil {
			t.Fatal(err)
		}
		equal(t, "pid after a start in vain", must(l.ServerPID("replica1"))(t), running)
	}
	sameRows(t, l, 5)
}

func TestStopSSHDropsItsConnections(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{Replicas: 1})
	client := must(l.DialSSH(t.Context(), "replica1"))(t)
	other := must(l.DialSSH(t.Context(), "primary"))(t)
	if err := l.StopSSH(t.Context(), "replica1"); err != nil {
		t.Fatal(err)
	}
	if err := client.Wait(); err == nil {
		t.Error("the connection ended without an error")
	}
	if _, err := l.DialSSH(t.Context(), "replica1"); err == nil {
		t.Error("a stopped sshd lets in")
	}
	if _, _, err := other.SendRequest("keepalive@openssh.com", true, nil); err != nil {
		t.Errorf("the other host's connection: %v", err)
	}
	if err := l.StartSSH(t.Context(), "replica1"); err != nil {
		t.Fatal(err)
	}
}

func TestDownEndsItsOwnOnly(t *testing.T) {
	t.Parallel()
	mine := labtest.Start(t, lab.Options{Replicas: 1})
	other := labtest.Start(t, lab.Options{Replicas: -1})
	if err := mine.RestartServer(t.Context(), "replica1"); err != nil {
		t.Fatal(err)
	}
	again := must(lab.Open(mine.Dir))(t)
	for range 2 {
		if err := again.Down(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range mine.Servers {
		equal(t, s.Name+"'s pid", must(mine.ServerPID(s.Name))(t), 0)
	}
	equal(t, "the other lab", value(t, other, "primary", "SELECT 1"), "1")
	if err := again.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mine.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}
