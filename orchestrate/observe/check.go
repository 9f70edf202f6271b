package observe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/shell"
)

// noDataDir keeps a program that only explains itself out of the data of the running server: it would make and remove a file there,
// to see whether names are case-sensitive (tried on MariaDB 10.11).
const noDataDir = "--datadir=/nonexistent/replssl"

// program is the server's own, which can judge its option files.
func (g *glance) program(args arguments) (string, error) {
	if len(args) == 0 || !path.IsAbs(args[0]) {
		return "", fmt.Errorf("%s: the command line of the server does not name its program by an absolute path", g.server.Name)
	}
	return args[0], nil
}

// lookAtCheck takes the judgement that was begun with the arguments of the last look, where they still are those of the server.
func (g *glance) lookAtCheck(ctx context.Context, early *earlyCheck) {
	p, ok := g.seen.Process.Get()
	switch {
	case !ok:
		g.seen.ConfigCheck = facts.As[facts.Check](g.seen.Process)
	case early.isOf(g.found, p.OSUser):
		g.seen.ConfigCheck = early.wait()
	default:
		g.seen.ConfigCheck = g.check(ctx, subject{g.dialect, g.found, p.OSUser})
	}
}

// check lets the server's program judge its option files, as the OS user of the server and with the arguments of the running
// one, by --validate-config or, where it has none, by asking for its help: then it reads everything, and starts nothing.
//
// It refuses settings that it does not know, and values that make no sense. It opens no certificate (tried on MariaDB 10.11 and MySQL 8.0.33).
// An unknown setting may be one of a plugin, of which the data folder alone tells, which is the running server's: then the program is called
// again, with the plugins that the server says it loads from there. It does not start them.
func (g *glance) check(ctx context.Context, s subject) facts.Value[facts.Check] {
	args, _ := s.process.Args.Get()
	program, err := g.program(args)
	if err != nil {
		return failed[facts.Check](err)
	}
	variables, _ := s.process.Environment.Get()
	call := slices.Concat(environment(variables).words(), []string{program}, args[1:], []string{noDataDir})
	outcome, err := g.judge(ctx, s, call)
	if err == nil && namesUnknown(outcome.Text) {
		if plugins := g.installed(ctx, s.dialect); len(plugins) > 0 {
			outcome, err = g.judge(ctx, s, append(call, plugins...))
		}
	}
	switch {
	case err != nil:
		return failed[facts.Check](err)
	case namesUnknown(outcome.Text):
		return facts.Unknown[facts.Check](g.named(outcome.Text)).WithHint(
			"with this setting the server does not start, unless it is one of a plugin that is installed in its data folder: mend it, or write it with the prefix loose-")
	}
	return facts.Known(outcome)
}

// installed are the arguments that load what the running server loads from its data folder: plugins that INSTALL SONAME put there.
func (g *glance) installed(ctx context.Context, d dialect.Dialect) arguments {
	var load arguments
	for _, plugin := range access.Ask(ctx, g.asker(), d.InstalledPlugins()).Or(nil) {
		load = append(load, "--plugin-load-add="+plugin)
	}
	return load
}

// subject is whose option files are judged.
type subject struct {
	dialect dialect.Dialect
	process process.Process // with its arguments and environment
	user    string          // whom it runs as
}

// earlyCheck is a judgement that does not wait for a look at the process: it takes the process to be the one of the last look.
type earlyCheck struct {
	subject

	outcome facts.Value[facts.Check]
	done    chan struct{}
}

// beginCheck gives nil when nothing is remembered, or nothing is to be judged.
func (g *glance) beginCheck(ctx context.Context, last remembered) *earlyCheck {
	args, _ := last.process.Args.Get()
	if !g.wants(facts.PartCheck) || len(args) == 0 {
		return nil
	}
	d, _ := dialect.For(last.version)
	e := &earlyCheck{subject: subject{d, last.process, last.place.osUser}, done: make(chan struct{})}
	go func() {
		defer close(e.done)
		e.outcome = g.check(ctx, e.subject)
	}()
	return e
}

// isOf says that it was begun with the arguments and the environment of this process.
func (e *earlyCheck) isOf(p process.Process, user string) bool {
	if e == nil || e.user != user {
		return false
	}
	before, _ := e.process.Args.Get()
	now, _ := p.Args.Get()
	formerly, _ := e.process.Environment.Get()
	variables, _ := p.Environment.Get()
	return slices.Equal(before, now) && maps.Equal(formerly, variables)
}

// wait is safe on a check that was never begun.
func (e *earlyCheck) wait() facts.Value[facts.Check] {
	if e == nil {
		return facts.Value[facts.Check]{}
	}
	<-e.done
	return e.outcome
}

func (g *glance) judge(ctx context.Context, s subject, call []string) (facts.Check, error) {
	line := shell.Words(call[0], append(slices.Clone(call[1:]), s.dialect.ConfigCheck()...)...).Silent()
	switch s.user {
	case g.server.SSH.OSUser():
	default:
		if g.server.SSH.OSUser() != "root" {
			return facts.Check{}, &notAllowedError{server: string(g.server.Name), user: s.user, doing: "run the server's own check"}
		}
		line = line.AsUser(s.user)
	}
	host, err := g.observer.servers.Host(ctx, g.server.Name)
	if err != nil {
		return facts.Check{}, err
	}
	out, err := host.Run(ctx, remote.Command{Line: line})
	var failed *remote.ExitError
	switch {
	case errors.As(err, &failed) && isOfShell(failed.Code):
		return facts.Check{}, err
	case errors.As(err, &failed):
		return facts.Check{Text: complaints(failed.Stderr)}, nil
	case err != nil:
		return facts.Check{}, err
	}
	return judgeComplaints(string(out.Stderr)), nil
}

// notAllowedError says that something must be done as another user than the login.
type notAllowedError struct{ server, user, doing string }

func (e *notAllowedError) Error() string {
	return fmt.Sprintf("%s: only root and the OS user %s can %s", e.server, e.user, e.doing)
}

// Hint is what a person can do.
func (e *notAllowedError) Hint() string {
	return fmt.Sprintf("work there as root, by ssh.sudo: true or ssh.user: root, or log in as %s: servers: {%s: {ssh: {sudo: true}}}", e.user, e.server)
}

// isOfShell says that the program was not run, or not to its end.
func isOfShell(code int) bool { return code == 126 || code == 127 || code > 128 }

// judgeComplaints judges what a program said that went on all the same. It leaves out a storage engine that cannot make sense of its
// settings, which a server would not start without, and the rest of a file that it cannot read.
func judgeComplaints(said string) facts.Check {
	text := complaints(said)
	if strings.Contains(text, "Parsing options for plugin") || strings.Contains("\n"+said, "\nerror: ") {
		return facts.Check{Text: text}
	}
	return facts.Check{OK: true}
}

func namesUnknown(text string) bool {
	return strings.Contains(text, "unknown variable") || strings.Contains(text, "unknown option")
}

// A setting as a complaint quotes it, whose value may be a password.
const quoted = `'([A-Za-z0-9_-]*(?:pass|auth|secret|token)[A-Za-z0-9_-]*=)[^']*'`

// complaints are the errors among what the program said.
func complaints(said string) string {
	const mark, most = "[ERROR] ", 5
	var errs []string
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		_, text, found := strings.Cut(line, mark)
		switch {
		case found:
			errs = append(errs, text)
		case strings.HasPrefix(line, "error: "):
			errs = append(errs, strings.TrimPrefix(line, "error: "))
		}
	}
	if len(errs) == 0 {
		return lastLine(said)
	}
	text := strings.Join(errs[:min(most, len(errs))], "; ")
	return regexp.MustCompile(quoted).ReplaceAllString(text, "'${1}***'")
}

func lastLine(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return lines[len(lines)-1]
}
