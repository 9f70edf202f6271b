package runbook

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/shell"
)

// check is a condition with the commands that show whether it holds, and what they show when it does.
type check struct{ Text, Commands, Shows string }

// shown is a check whose commands are the template of a name, and whose output is that of the name with "-shows".
func (w *writer) shown(name string, data any) (check, error) {
	commands, err := w.texts.Fill(name, data)
	if err != nil {
		return check{}, err
	}
	shows, err := w.texts.Fill(name+"-shows", data)
	return check{Commands: commands, Shows: shows}, err
}

// silent is a check that says by its exit code alone, or by words that cannot be known beforehand.
func (w *writer) silent(name string, data any) (check, error) {
	commands, err := w.texts.Fill(name, data)
	return check{Commands: commands}, err
}

// check renders a condition; patience is how long it may take to come true.
func (w *writer) check(c plan.Condition, patience time.Duration) (check, error) {
	out, err := w.checkOf(c, patience)
	out.Text = c.String()
	return out, err
}

// checkOf knows the conditions that steps are made of. Of one that it does not know, the sentence alone is given.
func (w *writer) checkOf(c plan.Condition, patience time.Duration) (check, error) {
	switch c := c.(type) {
	case plan.AuthorityExists:
		return w.shown("authority-exists", authority{CommonName: nameOfAuthority(w.cluster.Name)})
	case plan.LeafIssued:
		return w.shown("leaf-issued", onFiles{Dir: localSet(c.Leaf.Server, c.Leaf.Version), Names: nameChecks(c.Leaf.Names)})
	case plan.GivenReady:
		return w.givenReady(c)
	case plan.SetInUse:
		return w.setInUse(c)
	case plan.ConfigInPlace:
		return w.configInPlace(c)
	case plan.Serves:
		return w.serves(c)
	case plan.Up:
		return w.silent("up", answer{w.ask(c.Server), versionQuery()})
	case plan.RequiresTLS:
		return w.requiresTLS(c, w.rows(c.Server))
	case plan.RowsAre:
		return w.rowsAre(c)
	case plan.NoStrangers:
		return w.noStrangers(c)
	}
	return w.channelCheck(c, patience)
}

// goal is what a step is to end with. A requirement that went through the binary log is a goal on many servers at once: it is looked
// at where it was set.
func (w *writer) goal(s plan.Step) (check, error) {
	out, err := w.check(s.Goal, s.Deadline)
	if err != nil || out.Commands != "" {
		return out, err
	}
	for _, a := range s.Actions {
		if require, ok := a.(plan.Require); ok {
			out, err = w.requiresTLS(required(s.Goal, require.Server), require.Hosts())
			out.Text = s.Goal.String()
		}
	}
	return out, err
}

type onFiles struct {
	Run, AsServer, Dir, Current, Key string
	Version                          int
	Names                            []nameCheck
	Own                              bool // intermediate authorities may stand behind the certificate
}

func (w *writer) setInUse(c plan.SetInUse) (check, error) {
	current := path.Join(w.server(c.Server).TLSDir, "current")
	return w.shown("set-in-use", onFiles{
		Run: w.run(c.Server), AsServer: w.asServer(c.Server), Current: current, Key: path.Join(current, pki.FileKey),
		Version: c.Version, Names: nameChecks(c.Names), Own: c.Given != "",
	})
}

// asServer is what to put before a command so that it runs as the server's own user: nothing where it does so already.
func (w *writer) asServer(name topology.ServerName) string {
	owner := w.facts.Server(name).Process.Or(facts.Process{}).OSUser
	if !w.isRoot(name) || owner == "" || owner == "root" {
		return ""
	}
	return shell.Words("runuser", "-u", owner, "--").String() + " "
}

// configInPlace lets the program that runs now read its option files anew, and say whether it would start with them.
func (w *writer) configInPlace(c plan.ConfigInPlace) (check, error) {
	d, err := w.dialect(c.Server)
	if err != nil {
		return check{}, err
	}
	return w.shown("config-in-place", struct{ Run, AsServer, Path, Text, PidFile, Defaults, Check string }{
		Run: w.run(c.Server), AsServer: w.asServer(c.Server), Path: c.Path, Text: c.Text, Check: strings.Join(d.ConfigCheck(), " "),
		PidFile:  w.facts.Server(c.Server).Instance.Or(facts.Instance{}).PidFile,
		Defaults: w.facts.Server(c.Server).Process.Or(facts.Process{}).DefaultsFile,
	})
}

func (w *writer) serves(c plan.Serves) (check, error) {
	s := w.server(c.Server)
	d, err := w.dialect(c.Server)
	if err != nil {
		return check{}, err
	}
	return w.shown("serves", struct {
		Run, Address, Cert, Ask, Settings string
		Paths                             []string
	}{
		w.run(c.Server), hostPort(s.Address, s.MySQL.Port), currentFile(s, pki.FileCert), w.ask(c.Server), d.Settings().Statement().String(),
		slices.DeleteFunc([]string{c.Paths.Cert, c.Paths.CRL}, func(path string) bool { return path == "" }),
	})
}

// hostPort puts an address of IPv6 in brackets.
func hostPort(host string, port int) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}

func currentFile(s topology.Server, name string) string { return path.Join(s.TLSDir, "current", name) }

func (w *writer) rows(server topology.ServerName) []string {
	var hosts []string
	for _, row := range w.facts.Server(server).Accounts.Or(nil) {
		hosts = append(hosts, row.Host)
	}
	return hosts
}

// required is the part of a goal that tells what the rows of a server demand.
func required(goal plan.Condition, server topology.ServerName) plan.RequiresTLS {
	for _, c := range plan.Parts(goal) {
		if r, ok := c.(plan.RequiresTLS); ok && r.Server == server {
			return r
		}
	}
	return plan.RequiresTLS{Server: server}
}

type rowCheck struct{ Ask, Shows string }

// requiresTLS asks for each row, and shows the least that it tells.
func (w *writer) requiresTLS(c plan.RequiresTLS, hosts []string) (check, error) {
	demands := make([]plan.RowDemand, len(hosts))
	for i, host := range hosts {
		demands[i] = plan.RowDemand{Host: host, Require: c.Wanted(host)}
	}
	return w.tellRows(c.Server, demands)
}

func (w *writer) rowsAre(c plan.RowsAre) (check, error) { return w.tellRows(c.Server, c.Rows) }

func (w *writer) tellRows(server topology.ServerName, demands []plan.RowDemand) (check, error) {
	d, err := w.dialect(server)
	if err != nil {
		return check{}, err
	}
	var rows []rowCheck
	for _, demand := range demands {
		clause, err := dialect.RequireClause(demand.Require)
		if err != nil {
			return check{}, err
		}
		rows = append(rows, rowCheck{Ask: d.Account(w.cluster.Account.User, demand.Host).Statement().String(), Shows: "REQUIRE " + clause})
	}
	return w.shown("requires-tls", struct {
		Ask  string
		Rows []rowCheck
	}{w.ask(server), rows})
}

func (w *writer) noStrangers(c plan.NoStrangers) (check, error) {
	d, err := w.dialect(c.Server)
	if err != nil {
		return check{}, err
	}
	var replicas []string
	for _, l := range c.Links {
		replicas = append(replicas, string(l.Channel.Server))
	}
	perfSchema := w.facts.Server(c.Server).Instance.Or(facts.Instance{}).PerfSchema
	return w.shown("no-strangers", struct {
		Ask, Sessions, User string
		Replicas            []string
	}{w.ask(c.Server), d.Sessions(perfSchema).Statement().String(), c.User, replicas})
}
