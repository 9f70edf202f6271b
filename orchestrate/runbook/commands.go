package runbook

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/shell"
)

// place is where a command runs.
type place uint8

const (
	here place = iota
	onHost
	inDatabase
)

// command is a text to be run at one place: shell, or statements.
type command struct {
	place  place
	server topology.ServerName
	text   string
	alone  bool // what comes before or after must not share its session
}

// commands renders actions in their order. Those that follow each other at one place share a session, so that nothing comes between a
// stop and its start.
func (w *writer) commands(actions []plan.Action) (string, error) {
	var all []command
	for _, a := range actions {
		next, err := w.action(a)
		if err != nil {
			return "", fmt.Errorf("%s: %w", a, err)
		}
		for _, c := range next {
			all = join(all, c)
		}
	}
	var text strings.Builder
	for _, c := range all {
		one, err := w.session(c)
		if err != nil {
			return "", err
		}
		text.WriteString(one)
	}
	return text.String(), nil
}

func join(all []command, next command) []command {
	if len(all) > 0 {
		last := &all[len(all)-1]
		if last.place == next.place && last.server == next.server && !last.alone && !next.alone {
			last.text += next.text
			return all
		}
	}
	return append(all, next)
}

// session puts a command where it belongs. What it sends there stands in a here-document, which ends at a line of its own.
func (w *writer) session(c command) (string, error) {
	name, end, function := "", "", ""
	switch c.place {
	case here:
		return c.text, nil
	case onHost:
		name, end, function = "on-host", "HOST", w.run(c.server)
	case inDatabase:
		name, end, function = "in-database", "SQL", w.ask(c.server)
	}
	if strings.Contains("\n"+c.text, "\n"+end+"\n") {
		return "", fmt.Errorf("a line of what goes to %s is the word %s", c.server, end)
	}
	return w.texts.Fill(name, struct{ Function, Text string }{function, c.text})
}

// action renders an action of the closed vocabulary.
func (w *writer) action(action plan.Action) ([]command, error) {
	switch a := action.(type) {
	case plan.CreateAuthority:
		return w.createAuthority(a)
	case plan.IssueLeaf:
		return w.issueLeaf(a)
	case plan.InstallSet:
		return w.installSet(a)
	case plan.SwitchSet:
		return w.shell(a, onHost, "switch-set", linksOf(a.Dir, a.Version))
	case plan.UnswitchSet:
		return w.shell(a, onHost, "unswitch-set", linksOf(a.Dir, 0))
	case plan.RepairSet:
		return w.repairSet(a)
	case plan.PruneSets:
		return w.pruneSets(a)
	case plan.Persist:
		return w.persist(a)
	case plan.Unpersist:
		return w.unpersist(a)
	case plan.WriteConfig:
		return w.writeConfig(a)
	case plan.RemoveConfig:
		return w.shell(a, onHost, "remove-config", config{Path: a.Path})
	case plan.Restart:
		return w.restart(a)
	case plan.ReloadTLS:
		d, err := w.dialect(a.Server)
		return sql(a, err, d.ReloadTLS())
	case plan.StopThreads:
		return w.threads(a, a.Channel, a.Threads, dialect.Dialect.StopThreads)
	case plan.StartThreads:
		return w.threads(a, a.Channel, a.Threads, dialect.Dialect.StartThreads)
	case plan.ChangeTLS:
		return w.changeTLS(a)
	case plan.Require:
		return w.require(a)
	}
	return nil, fmt.Errorf("the runbook has no words for %T", action)
}

// shell renders an action by the template of that name, below the action's sentence.
func (w *writer) shell(a plan.Action, at place, name string, data any) ([]command, error) {
	text, err := w.texts.Fill(name, data)
	return []command{{place: at, server: a.Target(), text: "# " + oneLine(a) + "\n" + text}}, err
}

func oneLine(about fmt.Stringer) string { return strings.Join(strings.Fields(about.String()), " ") }

// sql renders an action that is statements and nothing else, below the action's sentence.
func sql(a plan.Action, err error, statements ...dialect.Statement) ([]command, error) {
	text := "-- " + oneLine(a) + "\n"
	for _, s := range statements {
		text += s.String() + ";\n"
	}
	return []command{{place: inDatabase, server: a.Target(), text: text}}, err
}

type config struct{ Path, Part, Text string }

func (w *writer) writeConfig(a plan.WriteConfig) ([]command, error) {
	if text := "\n" + a.Text; strings.Contains(text, "\nCONFIG\n") || !strings.HasSuffix(text, "\n") {
		return nil, fmt.Errorf("the text of %s cannot stand in a here-document", a.Path)
	}
	return w.shell(a, onHost, "write-config", config{Path: a.Path, Part: a.Path + ".part", Text: a.Text})
}

// restart runs the inventory's command as the tool does, and waits until the server answers.
func (w *writer) restart(a plan.Restart) ([]command, error) {
	line := shell.Raw(a.Command)
	if err := line.Err(); err != nil {
		return nil, err
	}
	commands, err := w.shell(a, onHost, "restart", struct{ Line string }{line.String()})
	if err != nil {
		return nil, err
	}
	wait, err := w.texts.Fill("up", answer{w.ask(a.Server), versionQuery()})
	return append(commands, command{text: wait}), err
}

// answer is what a server is asked to see whether it is there.
type answer struct{ Ask, Version string }

func versionQuery() string { return dialect.Version().Statement().String() }

func (w *writer) threads(
	a plan.Action, id facts.ChannelID, threads facts.Threads,
	build func(dialect.Dialect, string, facts.Threads) ([]dialect.Statement, error),
) ([]command, error) {
	d, err := w.dialect(id.Server)
	if err != nil {
		return nil, err
	}
	statements, err := build(d, id.Name, threads)
	return sql(a, err, statements...)
}

func (w *writer) changeTLS(a plan.ChangeTLS) ([]command, error) {
	d, err := w.dialect(a.Channel.Server)
	if err != nil {
		return nil, err
	}
	change, err := d.ChangeTLSKeeping(a.Channel.Name, a.Options, a.Heartbeat)
	return sql(a, err, change)
}

// require is a session of its own, since what must not reach the binary log of one statement must not keep another out of it.
func (w *writer) require(a plan.Require) ([]command, error) {
	d, err := w.dialect(a.Server)
	if err != nil {
		return nil, err
	}
	statements, err := d.RequireRows(a.User, a.Rows, a.Binlog)
	if err != nil {
		return nil, err
	}
	commands, err := sql(a, nil, statements...)
	commands[0].alone = true
	return commands, err
}

// back renders the actions that take a step back, and waits for each receiver that they start.
func (w *writer) back(actions []plan.Action) (string, error) {
	text, err := w.commands(actions)
	if err != nil {
		return "", err
	}
	for _, a := range actions {
		start, ok := a.(plan.StartThreads)
		if !ok || !start.Threads.Receiver {
			continue
		}
		wait, err := w.texts.Fill("await-receiver", struct{ Ask, Channel string }{w.ask(start.Channel.Server), start.Channel.Name})
		if err != nil {
			return "", err
		}
		text += wait
	}
	return text, nil
}
