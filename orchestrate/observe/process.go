package observe

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/seen"
)

// arguments are a server's command line.
type arguments []string

// option is the value of an option that the server takes as NAME=VALUE; the last one counts.
func (a arguments) option(name string) (value string, ok bool) {
	for _, arg := range a {
		if v, found := strings.CutPrefix(arg, name+"="); found {
			value, ok = v, true
		}
	}
	return value, ok
}

func (a arguments) has(flag string) bool {
	for _, arg := range a {
		if arg == flag {
			return true
		}
	}
	return false
}

// settings are the options of the command line that bear on TLS or on the start of replication, as those of a file.
func (a arguments) settings(d dialect.Dialect) []dialect.Option {
	var list []dialect.Option
	for i, arg := range a {
		name, ok := strings.CutPrefix(arg, "--")
		if !ok {
			continue
		}
		option, ok := d.Argument(name)
		if !ok {
			continue
		}
		if option.Text = arg; d.WantsValue(option) && i+1 < len(a) { // which may be an argument of its own
			option.Value, option.Text = a[i+1], arg+" "+a[i+1]
		}
		list = append(list, option)
	}
	return list
}

// The options by which a server is told where its option files are. They come first, if at all.
const (
	defaultsFile   = "--defaults-file"
	extraFile      = "--defaults-extra-file"
	groupSuffix    = "--defaults-group-suffix"
	noDefaultsFlag = "--no-defaults"
)

const ownPIDFile = "the PID file that the server names (SELECT @@pid_file) must have its own process: where several servers share a host, give each a pid_file of its own"

func (g *glance) takeProcess(pidFile string, found seen.Value[process.Process]) {
	p, ok := found.Get()
	switch {
	case found.IsAbsent():
		g.seen.Process = facts.Unknownf[facts.Process]("%s: the server answers, but %s names a process that is not there", g.server.Name, pidFile).WithHint(ownPIDFile)
	case !ok:
		g.seen.Process = facts.Unknown[facts.Process](g.named(found.Why())).WithHint(ownPIDFile)
	default:
		g.seen.Process = g.describe(p)
	}
}

// describe wants the arguments and connections too: where they are hidden, no proof could be found and no reason would be told.
func (g *glance) describe(p process.Process) facts.Value[facts.Process] {
	args, known := p.Args.Get()
	if !known {
		return g.hidden("arguments", p.Args.Why())
	}
	connections, known := p.Connections.Get()
	if !known {
		return g.hidden("connections", p.Connections.Why())
	}
	g.args, g.found = args, p
	file, _ := g.args.option(defaultsFile)
	described := facts.Process{PID: p.PID, OSUser: userName(p.Effective), DefaultsFile: file, Start: startID(p)}
	for _, c := range connections {
		described.Sockets = append(described.Sockets, facts.Socket{Local: c.Local, Remote: c.Remote})
	}
	return facts.Known(described)
}

func (g *glance) hidden(what, why string) facts.Value[facts.Process] {
	return facts.Unknownf[facts.Process]("%s: the %s of the server's process: %s", g.server.Name, what, why).
		WithHint(fmt.Sprintf("work there as root, by ssh.sudo: true or ssh.user: root, or log in as the OS user of the server: servers: {%s: {ssh: {sudo: true}}}", g.server.Name))
}

func userName(user process.User) string {
	if name, ok := user.Name.Get(); ok {
		return name
	}
	return strconv.Itoa(user.ID)
}

// startID: no later process of the host has the same id and the same start.
func startID(p process.Process) facts.StartID {
	return facts.StartID(fmt.Sprintf("%d.%d", p.PID, p.Start))
}

// named begins a reason with the server, unless it does so already.
func (g *glance) named(why string) string {
	prefix := string(g.server.Name) + ": "
	if strings.HasPrefix(why, prefix) {
		return why
	}
	return prefix + why
}
