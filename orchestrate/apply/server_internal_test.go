package apply

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

func TestWhatIsARestart(t *testing.T) {
	server := func(id facts.StartID, dataDir string) facts.Server {
		return facts.Server{Instance: facts.Known(facts.Instance{DataDir: dataDir}), Process: facts.Known(facts.Process{Start: id})}
	}
	down := facts.Server{Instance: facts.Unknown[facts.Instance]("connection refused"), Process: facts.Unknown[facts.Process]("connection refused")}
	hidden := facts.Server{Instance: facts.Known(facts.Instance{DataDir: "/a/"}), Process: facts.Unknown[facts.Process]("denied")}
	for name, c := range map[string]struct {
		before, after facts.Server
		want          string
	}{
		"a new start":         {server("7.1", "/a/"), server("8.2", "/a/"), ""},
		"the same process":    {server("7.1", "/a/"), server("7.1", "/a/"), "still the same process"},
		"it was down":         {down, server("8.2", "/a/"), ""},
		"it does not answer":  {server("7.1", "/a/"), down, "does not answer after the restart: connection refused"},
		"nobody can tell":     {server("7.1", "/a/"), hidden, "is not known: denied"},
		"another one answers": {server("7.1", "/a/"), server("8.2", "/b/"), "another server answers after the restart: its data folder is /b/, and was /a/"},
	} {
		err := judgeStart("db1", startIn(c.before), c.after)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestAReloadThatIsNotAnsweredMayStillHappen, while one that was refused, or never sent, does not. It reads what stands there then, so that it is not
// pending as a restart is.
func TestAReloadThatIsNotAnsweredMayStillHappen(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	refused := errors.New("error 1105")
	for name, c := range map[string]struct {
		late   bool
		err    error
		queued bool
	}{
		"not answered": {true, context.DeadlineExceeded, true},
		"refused":      {false, refused, false},
		"never sent":   {true, &unsentError{refused}, false},
		"it worked":    {true, nil, false},
	} {
		ctx := t.Context()
		if c.late {
			ctx = over
		}
		err := queuedAtDeadline(ctx, c.err)
		var queued *queuedError
		if errors.As(err, &queued) != c.queued || !errors.Is(err, c.err) || c.queued && !strings.Contains(err.Error(), "may do it yet") {
			t.Errorf("%s: %v", name, err)
		}
		var pending interface{ Pending() bool }
		if errors.As(err, &pending) {
			t.Errorf("%s: it is pending: %v", name, err)
		}
	}
}

func TestHintsOfAFailedRestart(t *testing.T) {
	for want, action := range map[string]plan.Restart{
		`look at the error log of db1, and on its host at: journalctl -n 50 -u 'mariadb@a'\\'x2db.service'`: {
			Server: "db1", Command: "systemctl restart", Unit: `mariadb@a\x2db.service`,
		},
		"look at the error log of db1, and whether its host restarts it by: service mysql restart": {Server: "db1", Command: "service mysql restart"},
	} {
		if hint := (&restartError{action: action}).Hint(); hint != want {
			t.Errorf("got  %s\nwant %s", hint, want)
		}
	}
}
