package sudo_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/shell"
	"github.com/replssl/replssl/remote/sudo"
)

// freely is what the hint tells people to put into sudoers.
const freely = "USER ALL=(root) NOPASSWD: /bin/sh"

func TestAHostConformsWhereSudoAsksForNothing(t *testing.T) {
	p := newPerson(t, freely)
	remotetest.Conformance(t, func(*testing.T) remote.Host {
		return sudo.Host(person{Local: remotetest.NewLocal("db1"), user: p.user}, p.user)
	})
}

// TestSudoOfManyKinds: what sudo prints and how it starts commands is up to each host.
func TestSudoOfManyKinds(t *testing.T) {
	for name, settings := range map[string][]string{
		"with a lecture and insults": {"Defaults:USER lecture=always, insults"},
		"that uses a pty":            {"Defaults:USER use_pty, log_output, !log_input"},
		"that wants no terminal":     {"Defaults:USER requiretty", "Defaults:USER !requiretty"},
		"that keeps no environment":  {"Defaults:USER env_reset, !env_check, env_keep=NOTHING"},
		"that speaks German":         {"Defaults:USER sudoers_locale=de_DE.UTF-8"},
		"for another user by default": {
			"Defaults:USER runas_default=nobody",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, append(settings, freely)...)
			p.env = []string{"LANG=de_DE.UTF-8", "LC_ALL=de_DE.UTF-8", "LANGUAGE=de"}
			out, err := p.root(t).Run(t.Context(), script(`id -un; echo "$HOME"; cat; echo oops >&2; exit 3`))
			var failed *remote.ExitError
			if !errors.As(err, &failed) || failed.Code != 3 || failed.Stderr != "oops\n" || string(out.Stderr) != "oops\n" {
				t.Errorf("got %q, %v", out.Stderr, err)
			}
			if string(out.Stdout) != "root\n/root\n" {
				t.Errorf("got %q", out.Stdout)
			}
		})
	}
}

// refused wants a host on which sudo runs nothing: neither by Run nor by Open nor by Dial.
func refused(t *testing.T, p person, why sudo.Why, hint ...string) {
	t.Helper()
	_ = refusal(t, p, why, hint...)
}

func refusal(t *testing.T, p person, why sudo.Why, hint ...string) *sudo.Error {
	t.Helper()
	host, marker := p.root(t), filepath.Join(t.TempDir(), "ran")
	_, err := host.Run(t.Context(), script(`echo >"$1"; exit 1`, marker))
	var e *sudo.Error
	if !errors.As(err, &e) || e.Why != why || e.User != p.user || e.Host != "db1" {
		t.Fatalf("got %v", err)
	}
	for _, part := range hint {
		if !strings.Contains(e.Hint(), strings.ReplaceAll(part, "USER", p.user)) {
			t.Errorf("the hint %q lacks %q", e.Hint(), part)
		}
	}
	conn, err := host.Open(t.Context(), shell.Script(`echo >"$1"`, marker))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.ReadAll(conn); !errors.As(err, &e) || e.Why != why {
		t.Errorf("Open: got %v", err)
	}
	if _, err := host.Dial(t.Context(), "unix", "/nowhere"); !errors.As(err, &e) || e.Why != why {
		t.Errorf("Dial: got %v", err)
	}
	if _, err := os.Stat(marker); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something ran: %v", err)
	}
	return e
}

func TestSudoThatAsksForAPassword(t *testing.T) {
	e := refusal(t, newPerson(t, "USER ALL=(ALL) ALL", "Defaults:USER lecture=always, insults"), sudo.Password,
		"visudo -f /etc/sudoers.d/replssl): USER ALL=(root) NOPASSWD: /bin/sh")
	if want := "db1: sudo for " + e.User + ": it asks for a password; sudoers does not let the user run /bin/sh without one"; e.Error() != want {
		t.Errorf("got %v", e)
	}
}

// TestAUserWhomSudoersDoesNotName: sudo asks such a user for a password first, unless it asks nobody.
func TestAUserWhomSudoersDoesNotName(t *testing.T) {
	refused(t, newPerson(t), sudo.Password, "USER ALL=(root) NOPASSWD: /bin/sh")
	t.Run("and who is not asked", func(t *testing.T) {
		e := refusal(t, newPerson(t, "Defaults:USER !authenticate"), sudo.Unlisted, "USER ALL=(root) NOPASSWD: /bin/sh")
		if !strings.HasSuffix(e.Error(), ": sudoers does not name the user") {
			t.Errorf("got %v", e)
		}
	})
}

// TestACommandThatIsNotAllowed: sudo asks for a password before it says so, unless a rule forbids the command by name.
func TestACommandThatIsNotAllowed(t *testing.T) {
	for name, c := range map[string]struct {
		rule string
		why  sudo.Why
	}{
		"another command": {"USER ALL=(root) NOPASSWD: /bin/systemctl", sudo.Password},
		"as another user": {"USER ALL=(nobody) NOPASSWD: ALL", sudo.Password},
		"no shells":       {"USER ALL=(root) NOPASSWD: ALL, !/bin/sh", sudo.NotAllowed},
		"and not asked":   {"Defaults:USER !authenticate\nUSER ALL=(root) /bin/systemctl", sudo.NotAllowed},
	} {
		t.Run(name, func(t *testing.T) { refused(t, newPerson(t, c.rule), c.why, "USER ALL=(root) NOPASSWD: /bin/sh") })
	}
}

func TestSudoThatWantsATerminal(t *testing.T) {
	p := newPerson(t, "Defaults:USER requiretty", freely)
	p.detached = true
	refused(t, p, sudo.Terminal, "Defaults:USER !requiretty and USER ALL=(root) NOPASSWD: /bin/sh")
}

func TestTheLanguageOfTheUserDoesNotMatter(t *testing.T) {
	p := newPerson(t, "USER ALL=(ALL) ALL")
	p.env = []string{"LANG=de_DE.UTF-8", "LC_ALL=de_DE.UTF-8", "LC_MESSAGES=de_DE.UTF-8", "LANGUAGE=de:fr"}
	refused(t, p, sudo.Password)
}

func TestAHostWithoutSudo(t *testing.T) {
	p := newPerson(t)
	p.env = []string{"PATH=" + without(t, "env", "sh")}
	e := refusal(t, p, sudo.Missing, "install sudo on the host", "ssh.user: root")
	if !strings.HasSuffix(e.Error(), ": the host has no sudo") {
		t.Errorf("got %v", e)
	}
}

// without is a folder of programs that has these alone.
func without(t *testing.T, names ...string) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "bin")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.Symlink(filepath.Join("/usr/bin", name), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestAnExitStatusAloneProvesNothing: a command may end as sudo does when it refuses, and say the same.
func TestAnExitStatusAloneProvesNothing(t *testing.T) {
	host := newPerson(t, freely).root(t)
	for _, code := range []string{"1", "127"} {
		_, err := host.Run(t.Context(), script(`echo 'sudo: a password is required' >&2; exit "$1"`, code))
		var failed *remote.ExitError
		if !errors.As(err, &failed) || fmt.Sprint(failed.Code) != code {
			t.Errorf("got %v", err)
		}
	}
}

// TestALoginThatRunsNothing, such as one of a user who may not log in, is no success of the command.
func TestALoginThatRunsNothing(t *testing.T) {
	for name, reply := range map[string]remotetest.Reply{
		"and succeeds": {Stdout: "This service allows sftp connections only.\n"},
		"and fails":    {Stderr: "This account is currently not available.\n", Code: 1},
	} {
		t.Run(name, func(t *testing.T) {
			host := sudo.Host(remotetest.NewScripted(t, "db1", remotetest.OnRun(reply, "sudo")), "ops")
			_, err := host.Run(t.Context(), script("true"))
			var e *sudo.Error
			if !errors.As(err, &e) || e.Why != sudo.Unclear || !strings.Contains(e.Error(), "db1: sudo for ops: the command was not run") {
				t.Errorf("got %v", err)
			}
			if reply.Stderr != "" && !strings.Contains(err.Error(), "This account is currently not available.") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestConfidentialCommandsStaySo(t *testing.T) {
	host := newPerson(t, freely).root(t)
	cmd := script("echo hunter2; echo hunter2 >&2; exit 3")
	cmd.Confidential = true
	_, err := host.Run(t.Context(), cmd)
	var failed *remote.ExitError
	if !errors.As(err, &failed) || failed.Stderr != "" || strings.Contains(fmt.Sprintf("%v %+v", err, err), "hunter2") {
		t.Errorf("got %v", err)
	}
}

// TestASocketSeesRoot and not the user, by what the kernel tells of the other end.
func TestASocketSeesRoot(t *testing.T) {
	host, seen := newPerson(t, freely).root(t), make(chan uint32, 1)
	conn, err := host.Dial(t.Context(), "unix", remotetest.Listen(t, "unix", func(conn net.Conn) {
		seen <- peer(t, conn)
		_, _ = conn.Write([]byte("hello"))
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if got, err := io.ReadAll(conn); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
	if uid := <-seen; uid != 0 {
		t.Errorf("the server saw the user %d", uid)
	}
}

func peer(t *testing.T, conn net.Conn) (uid uint32) {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		t.Error(err)
		return 1
	}
	err = raw.Control(func(fd uintptr) {
		credentials, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
		if err != nil {
			t.Error(err)
			return
		}
		uid = credentials.Uid
	})
	if err != nil {
		t.Error(err)
	}
	return uid
}
