package plan

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// planServers lets each server that is to serve TLS serve its certificate, one server after the other: the next one is touched only when
// the one before serves, and its own receivers run again.
func (b *builder) planServers() {
	var before []string
	for _, s := range b.cluster.TLSServers() {
		if b.persists(s) {
			if steps := b.planServe(s, before); len(steps) > 0 {
				before = steps
			}
			continue
		}
		text, err := b.optionFile(s)
		if err != nil {
			b.block(s.Name, "choose another tls.dir in the inventory, or another --defaults-group-suffix for the server", "%v", err)
			continue
		}
		b.planConfig(s, text)
		if steps := b.planServe(s, before); len(steps) > 0 {
			before = steps
		}
	}
}

func (b *builder) optionFile(s topology.Server) (string, error) {
	suffix := b.facts.Server(s.Name).Config.Or(facts.Config{}).Suffix
	return b.dialect(s.Name).OptionFile(suffix, b.ourPaths(s))
}

func (b *builder) planConfig(s topology.Server, text string) {
	config := b.facts.Server(s.Name).Config.Or(facts.Config{})
	goal := ConfigInPlace{Server: s.Name, Path: config.OwnPath, Text: text}
	alone := HeededAlone{Server: s.Name, Path: config.OwnPath}
	if goal.Holds(b.facts).Holds() {
		b.warnUnlessAlone(alone)
		return
	}
	switch {
	case config.OwnPath == "":
		b.block(s.Name, "add a line !includedir DIR to "+config.DefaultsFile+", with a folder DIR that exists",
			"%s names no include folder, into which the TLS settings would go", config.DefaultsFile)
		return
	case len(config.Later) > 0:
		b.block(s.Name, takeOut, "a TLS setting that is read later would win: %s", strings.Join(config.Later, "; "))
		return
	case config.Own.IsUnknown():
		b.block(s.Name, config.Own.Hint(), "%s: %s", config.OwnPath, config.Own.Why())
		return
	case !alone.Holds(b.facts).Holds():
		v := alone.Holds(b.facts)
		b.block(s.Name, v.Hint(), "%s", v.Why())
		return
	case b.facts.Server(s.Name).ConfigCheck.IsUnknown():
		b.block(s.Name, b.facts.Server(s.Name).ConfigCheck.Hint(), "the server's own check of its configuration: %s", b.facts.Server(s.Name).ConfigCheck.Why())
		return
	}
	back := b.configBack(s)
	b.add(Step{
		ID: stepID("config", s.Name), Target: s.Name, Title: fmt.Sprintf("give %s its TLS settings", s.Name),
		Reason: goal.Holds(b.facts).Why() + b.standsToday(s),
		Needs:  []string{stepID("files", s.Name)},
		Goal:   goal, Deadline: fileDeadline,
		Guards:  []Guard{{Condition: b.setInUse(s, b.sets[s.Name])}, {Condition: alone}},
		Actions: []Action{WriteConfig{Server: s.Name, Path: config.OwnPath, Text: text}},
		Undo:    Undo{Actions: []Action{back}},
		Rescue:  []Action{back}, Rescued: b.configIs(s),
	})
}

// warnUnlessAlone tells of a server that came later, and reads what was written before.
func (b *builder) warnUnlessAlone(alone HeededAlone) {
	if v := alone.Holds(b.facts); !v.Holds() {
		b.warnOf(alone.Server, "%s; %s", v.Why(), v.Hint())
	}
}

// configBack puts our option file back as it is now.
func (b *builder) configBack(s topology.Server) Action {
	config := b.facts.Server(s.Name).Config.Or(facts.Config{})
	if text, ok := config.Own.Get(); ok {
		return WriteConfig{Server: s.Name, Path: config.OwnPath, Text: text}
	}
	return RemoveConfig{Server: s.Name, Path: config.OwnPath}
}

// configIs is our option file as it is now.
func (b *builder) configIs(s topology.Server) ConfigIs {
	config := b.facts.Server(s.Name).Config.Or(facts.Config{})
	text, there := config.Own.Get()
	return ConfigIs{Server: s.Name, Path: config.OwnPath, There: there, Text: text}
}
