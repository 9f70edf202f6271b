package sudo_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/shell"
	"github.com/replssl/replssl/remote/sudo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// person is a user of this machine, who runs commands here.
type person struct {
	*remotetest.Local
	user     string
	env      []string // of the login
	detached bool     // from the terminal that the test may have
}

func (p person) as(line shell.Line) shell.Line {
	if line.Err() != nil {
		return line
	}
	if len(p.env) > 0 {
		line = shell.Words("env", append(p.env, "/bin/sh", "-c", line.String())...)
	}
	line = shell.Words("runuser", "-u", p.user, "--", "/bin/sh", "-c", line.String())
	if p.detached {
		return shell.Words("setsid", "-w", "/bin/sh", "-c", line.String())
	}
	return line
}

func (p person) Run(ctx context.Context, cmd remote.Command) (remote.Output, error) {
	cmd.Line = p.as(cmd.Line)
	return p.Local.Run(ctx, cmd)
}

func (p person) Open(ctx context.Context, line shell.Line) (net.Conn, error) {
	return p.Local.Open(ctx, p.as(line))
}

// newPerson makes a user for this test, to whom sudoers says what is given, with USER for the name.
func newPerson(t *testing.T, sudoers ...string) person {
	t.Helper()
	needRoot(t)
	user := fmt.Sprintf("replssl-%d-%d", os.Getpid(), len(t.Name()))
	must(t, "useradd", "--no-create-home", "--shell", "/bin/sh", user)
	t.Cleanup(func() { must(t, "userdel", user) })
	allow(t, user, sudoers)
	return person{Local: remotetest.NewLocal("db1"), user: user}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make users and say in sudoers what they may do")
	}
	if _, err := exec.LookPath("sudo"); err != nil {
		t.Fatalf("scripts/setup.sh ci installs it: %v", err)
	}
}

// allow writes a file that sudo reads last.
func allow(t *testing.T, user string, sudoers []string) {
	t.Helper()
	if len(sudoers) == 0 {
		return
	}
	path := filepath.Join("/etc/sudoers.d", "zz-"+user)
	text := strings.ReplaceAll(strings.Join(sudoers, "\n"), "USER", user) + "\n"
	draft := filepath.Join(t.TempDir(), "sudoers")
	if err := os.WriteFile(draft, []byte(text), 0o440); err != nil {
		t.Fatal(err)
	}
	must(t, "visudo", "-cf", draft)
	if err := os.WriteFile(path, []byte(text), 0o440); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(path) })
}

func must(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
}

func (p person) root(t *testing.T) remote.Host {
	t.Helper()
	host := sudo.Host(p, p.user)
	t.Cleanup(func() { _ = host.Close() })
	return host
}

func script(text string, args ...string) remote.Command {
	return remote.Command{Line: shell.Script(text, args...)}
}
