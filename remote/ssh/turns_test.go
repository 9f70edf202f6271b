package ssh_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/shell"
	"github.com/replssl/replssl/remote/ssh"
)

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-deadline.C:
			t.Fatalf("it does not come true: %s", what)
		}
	}
}

func contains(path, text string) func() bool {
	return func() bool {
		got, err := os.ReadFile(path)
		return err == nil && string(got) == text
	}
}

// bothServers runs a test over the server of the kit and over OpenSSH, each behind a valve and with all spare sessions open.
func bothServers(t *testing.T, check func(t *testing.T, client *ssh.Client, v *valve)) {
	t.Helper()
	for name, config := range map[string]ssh.Config{
		"kit": configFor(remotetest.Serve(t, remotetest.ServerOptions{})), "OpenSSH": startOpenSSH(t),
	} {
		t.Run(name, func(t *testing.T) {
			config, v := throughValve(t, config)
			config.KeepAlive = time.Hour // the client speaks only of what the test asks for
			client := open(t, config)
			eventually(t, "the spare sessions are open", func() bool { return client.Idle() == ssh.Spare })
			check(t, client, v)
		})
	}
}

// begin runs a command, and gives what waits for its success.
func begin(t *testing.T, client *ssh.Client, cmd remote.Command) (succeeds func()) {
	t.Helper()
	ended := make(chan error, 1)
	go func() {
		_, err := client.Run(t.Context(), cmd)
		ended <- err
	}()
	return func() {
		t.Helper()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestACommandTakesOneRoundTrip(t *testing.T) {
	bothServers(t, func(t *testing.T, client *ssh.Client, v *valve) {
		mark := filepath.Join(t.TempDir(), "mark")
		for _, text := range []string{"first", "second"} {
			v.set(valveHeld)
			succeeds := begin(t, client, remote.Command{Line: shell.Script(`printf %s "$2" >"$1"`, mark, text)})
			eventually(t, "the command has ended and the client has heard nothing", contains(mark, text))
			v.set(valveOpen)
			succeeds()
			eventually(t, "a new session was opened ahead", func() bool { return client.Idle() == ssh.Spare })
		}
	})
}

// sshd gives a session no window before its command runs. So input cannot follow the command at once, whatever the client does.
func TestInputTakesOneRoundTripMore(t *testing.T) {
	bothServers(t, func(t *testing.T, client *ssh.Client, v *valve) {
		folder := t.TempDir()
		started, mark := filepath.Join(folder, "started"), filepath.Join(folder, "mark")
		cmd := remote.Command{
			Line:  shell.Script(`: >"$1"; cat >"$2"`, started, mark),
			Stdin: strings.NewReader("input"),
		}
		v.set(valveHeld)
		succeeds := begin(t, client, cmd)
		eventually(t, "the command runs", contains(started, ""))
		v.set(valveStep)
		eventually(t, "the input is there after one answer", contains(mark, "input"))
		v.set(valveOpen)
		succeeds()
	})
}
