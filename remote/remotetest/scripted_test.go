package remotetest_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/shell"
)

// judge is a test that is watched: what it complains of, and what it does at its end.
type judge struct {
	complaints []string
	cleanups   []func()
}

func (j *judge) Helper() {}
func (j *judge) Errorf(format string, args ...any) {
	j.complaints = append(j.complaints, fmt.Sprintf(format, args...))
}
func (j *judge) Cleanup(cleanup func()) { j.cleanups = append(j.cleanups, cleanup) }

func (j *judge) end() string {
	for _, cleanup := range j.cleanups {
		cleanup()
	}
	return strings.Join(j.complaints, "\n")
}

func words(name string, args ...string) remote.Command {
	return remote.Command{Line: shell.Words(name, args...)}
}

func TestScriptedAnswersWhatIsExpected(t *testing.T) {
	j, ours, theirs := &judge{}, "", fmt.Errorf("db1: no route")
	near, far := net.Pipe()
	defer func() { _, _ = near.Close(), far.Close() }()
	host := remotetest.NewScripted(j, "db1",
		remotetest.OnRun(remotetest.Reply{Stdout: "mysql\n"}, "id", "-un"),
		remotetest.OnRun(remotetest.Reply{Stderr: "no", Code: 2}, "cat").Reading(func(stdin []byte) { ours = string(stdin) }),
		remotetest.OnDial(remotetest.Reply{Conn: near}, "unix", "/x.sock"),
		remotetest.OnRun(remotetest.Reply{Err: theirs}, "true"),
	)
	if out, err := host.Run(t.Context(), words("id", "-un")); err != nil || string(out.Stdout) != "mysql\n" {
		t.Errorf("got %q, %v", out.Stdout, err)
	}
	cat := words("cat")
	cat.Stdin = strings.NewReader("in")
	var failed *remote.ExitError
	if _, err := host.Run(t.Context(), cat); !errors.As(err, &failed) || failed.Code != 2 || ours != "in" {
		t.Errorf("got %v and %q", err, ours)
	}
	if conn, err := host.Dial(t.Context(), "unix", "/x.sock"); conn != near || err != nil {
		t.Errorf("got %v, %v", conn, err)
	}
	if _, err := host.Run(t.Context(), words("true")); !errors.Is(err, theirs) {
		t.Errorf("got %v", err)
	}
	if complaints := j.end(); complaints != "" {
		t.Error(complaints)
	}
}

func TestScriptedFailsTheTest(t *testing.T) {
	expected := remotetest.OnRun(remotetest.Reply{}, "id")
	for name, c := range map[string]struct {
		play func(host *remotetest.Scripted)
		want string
	}{
		"left over":    {func(*remotetest.Scripted) {}, "was never asked for a run of a line with"},
		"another line": {func(h *remotetest.Scripted) { _, _ = h.Run(t.Context(), words("true")) }, "unexpected run true"},
		"one more": {func(h *remotetest.Scripted) {
			_, _ = h.Run(t.Context(), words("id"))
			_, _ = h.Dial(t.Context(), "tcp", "x:1")
		}, "expected nothing more"},
		"after Close": {func(h *remotetest.Scripted) {
			_ = h.Close()
			_, _ = h.Run(t.Context(), words("id"))
		}, "nothing after Close"},
	} {
		j := &judge{}
		c.play(remotetest.NewScripted(j, "db1", expected))
		if complaints := j.end(); !strings.Contains(complaints, c.want) {
			t.Errorf("%s: %q does not tell %q", name, complaints, c.want)
		}
	}
}
