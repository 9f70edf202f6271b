package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// StartsAlike holds when the server, if it runs with the files of its TLS dir, or with others that our option file gave it, would also start with
// them. That a reload worked does not show it.
type StartsAlike struct {
	Server topology.ServerName
	Cert   string // the certificate file of the TLS dir
}

func (StartsAlike) condition() {}

// Look needs what runs and what the next start would read.
func (g StartsAlike) Look() facts.Look {
	return lookAt(g.Server, facts.PartInstance|facts.PartSettings|facts.PartConfig)
}

// Holds compares the files. Settings that are not ours are for a warning.
func (g StartsAlike) Holds(f facts.Facts) Verdict {
	server := f.Server(g.Server)
	running, ok := server.Settings.Get()
	switch {
	case !ok:
		return notSeen(server.Settings, "the TLS settings of %s", g.Server)
	case running.Cert != g.Cert && !givenByUs(server):
		return yes()
	}
	differences, v := differencesOf(f, g.Server)
	if !v.Holds() {
		return v
	}
	for _, d := range differences {
		if ofOurs(d.Name) {
			return no("%s", describeDifference(f, g.Server, d)).hinting(cureOf(f, g.Server, d))
		}
	}
	return yes()
}

// givenByUs says that the running server has its certificate from our option file, which may have named another TLS dir then.
func givenByUs(server facts.Server) bool {
	own := server.Config.Or(facts.Config{}).OwnPath
	return own != "" && server.Variables.Or(nil)["ssl_cert"].File == own
}

func (g StartsAlike) String() string {
	return fmt.Sprintf("%s would start with the TLS files that it runs with", g.Server)
}

// ofOurs are the variables that our own settings bear on.
func ofOurs(name string) bool {
	return name == "ssl" || facts.IsTLSPath(name)
}

// differencesOf holds when they are known. Of a server that would start without TLS no file matters.
func differencesOf(f facts.Facts, name topology.ServerName) ([]dialect.Difference, Verdict) {
	server := f.Server(name)
	config, ok := server.Config.Get()
	if !ok {
		return nil, notSeen(server.Config, "the option files of %s", name)
	}
	variables, ok := server.Variables.Get()
	if !ok {
		return nil, notSeen(server.Variables, "the TLS variables of %s", name)
	}
	settings, ok := server.Settings.Get()
	if !ok {
		return nil, notSeen(server.Settings, "the TLS settings of %s", name)
	}
	d, err := dialectOf(f, name)
	if err != nil {
		return nil, unclear("%s: %v", name, err)
	}
	all := d.Differences(variables, settings.Enabled, config.Settings)
	if slices.ContainsFunc(all, func(d dialect.Difference) bool { return d.Name == "ssl" && d.Starts == "OFF" }) {
		all = slices.DeleteFunc(all, func(d dialect.Difference) bool { return d.Name != "ssl" && ofOurs(d.Name) })
	}
	return all, yes()
}

// describeDifference says what runs, what a restart would make of it, and which line does that.
func describeDifference(f facts.Facts, server topology.ServerName, d dialect.Difference) string {
	by := "as nothing sets it any more"
	switch {
	case d.By.Place != "":
		by = d.By.String()
	case f.Server(server).Variables.Or(nil)[d.Name].Origin == facts.FromRunTime:
		by = "as it was set with SET GLOBAL alone"
	}
	if d.Name == "ssl" {
		return fmt.Sprintf("%s runs %s TLS, and would start %s it (%s)", server, withOrNot(d.Runs), withOrNot(d.Starts), by)
	}
	return fmt.Sprintf("%s runs with %s %s, and would start with %s (%s)", server, d.Name, valueOr(d.Runs), valueOr(d.Starts), by)
}

func withOrNot(word string) string {
	if word == "ON" {
		return "with"
	}
	return "without"
}

func valueOr(value string) string {
	if value == "" {
		return "unset"
	}
	return value
}

// cureOf offers a restart only where nothing is known that would keep the server from coming back.
func cureOf(f facts.Facts, server topology.ServerName, d dialect.Difference) string {
	named := f.Server(server).Named
	switch {
	case d.By.Place == "":
		return fmt.Sprintf("put %s = %s into an option file of the server, if it shall stay; else a restart ends it", d.Name, d.Runs)
	case named.IsUnknown() && ofOurs(d.Name), len(startFaults(f, server)) > 0:
		return "correct " + d.By.Place
	}
	return fmt.Sprintf("correct %s, or restart the server at a time of your choice to see that it starts", d.By.Place)
}

// warnOfStarts tells where a restart would not bring back what runs. What the plan itself changes is left out.
func (b *builder) warnOfStarts(s topology.Server) {
	differences, v := differencesOf(b.facts, s.Name)
	if !v.Holds() {
		return // what was not looked at blocks already where it matters
	}
	changed := b.warnOfWaiting(s) || b.has(stepID("config", s.Name)) || b.has(stepID("serve", s.Name))
	for _, d := range differences {
		if !changed || !ofOurs(d.Name) {
			b.warnOf(s.Name, "%s; %s", describeDifference(b.facts, s.Name, d), cureOf(b.facts, s.Name, d))
		}
	}
	for _, name := range b.facts.Server(s.Name).Config.Or(facts.Config{}).Open {
		b.warnOf(s.Name, "anybody may write to the option file %s, so that the server passes over it: chmod o-w %s", name, name)
	}
}

// standsToday tells which files the server is given today, and where, by settings that are not ours.
func (b *builder) standsToday(s topology.Server) string {
	config := b.facts.Server(s.Name).Config.Or(facts.Config{})
	d, err := dialectOf(b.facts, s.Name)
	if err != nil {
		return ""
	}
	winners := d.Winners(config.Settings)
	var told []string
	for _, name := range []string{"ssl", "ssl_cert", "ssl_key", "ssl_ca"} {
		by, ok := winners[name]
		if !ok || name == "ssl" && by.Name != "ssl" || strings.HasPrefix(by.Place, config.OwnPath+":") {
			continue
		}
		told = append(told, fmt.Sprintf("%s is %s (%s)", name, valueOr(by.Value), by.Place))
	}
	if len(told) == 0 {
		return ""
	}
	return "; today " + strings.Join(told, ", ")
}
