package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// planServers lets each server that is to serve TLS serve its certificate, one server after the other: the next one is touched only when
// the one before serves, and its own receivers run again.
func (b *builder) planServers() {
	var before []string
	for _, s := range b.cluster.TLSServers() {
		if b.isLeftAlone(s) || !b.planSettings(s, before) {
			continue
		}
		if steps := b.planServe(s, before); len(steps) > 0 {
			before = steps
		}
	}
}

// planSettings writes the option file of a server that does not persist its settings, and tells whether the server can be given settings.
func (b *builder) planSettings(s topology.Server, before []string) bool {
	if b.persists(s) {
		return true
	}
	text, err := b.optionFile(s)
	if err != nil {
		b.block(s.Name, "choose another tls.dir in the inventory, or another --defaults-group-suffix for the server", "%v", err)
		return false
	}
	b.planConfig(s, text, before)
	return true
}

func (b *builder) optionFile(s topology.Server) (string, error) {
	suffix := b.facts.Server(s.Name).Config.Or(facts.Config{}).Suffix
	return b.dialect(s.Name).OptionFile(suffix, b.ourPaths(s))
}

func (b *builder) planConfig(s topology.Server, text string, before []string) {
	config := b.facts.Server(s.Name).Config.Or(facts.Config{})
	goal := ConfigInPlace{Server: s.Name, Path: config.OwnPath, Text: text}
	alone := HeededAlone{Server: s.Name, Path: config.OwnPath}
	if goal.Holds(b.facts).Holds() {
		b.warnUnlessAlone(alone)
		return
	}
	winners := b.dialect(s.Name).Overriding(text, config.Suffix, config.Later)
	switch {
	case config.OwnPath == "":
		b.block(s.Name, "add a line !includedir DIR to "+config.DefaultsFile+", with a folder DIR that exists",
			"%s names no include folder, into which the TLS settings would go", config.DefaultsFile)
		return
	case len(winners) > 0:
		b.block(s.Name, takeOut, "a TLS setting that is read later would win: %s", settingTexts(winners))
		return
	case config.Own.IsUnknown():
		b.block(s.Name, config.Own.Hint(), "%s: %s", config.OwnPath, config.Own.Why())
		return
	case !alone.Holds(b.facts).Holds():
		v := alone.Holds(b.facts)
		b.block(s.Name, v.Hint(), "%s", v.Why())
		return
	case !b.checkRisk(s, "the folder of option files "+config.IncludeDir, config.IncludeDir, config.Risk):
		return
	case b.facts.Server(s.Name).ConfigCheck.IsUnknown():
		b.block(s.Name, b.facts.Server(s.Name).ConfigCheck.Hint(), "the server's own check of its configuration: %s", b.facts.Server(s.Name).ConfigCheck.Why())
		return
	}
	former := b.former(s)
	b.add(Step{
		ID: stepID("config", s.Name), Target: s.Name, Title: fmt.Sprintf("give %s its TLS settings", s.Name),
		Reason: goal.Holds(b.facts).Why() + b.standsToday(s),
		Needs:  append([]string{stepID("files", s.Name)}, before...),
		Goal:   goal, Deadline: fileDeadline,
		Guards:  []Guard{{Condition: b.setInUse(s, b.sets[s.Name])}, {Condition: alone}},
		Actions: []Action{WriteConfig{Server: s.Name, Path: config.OwnPath, Text: text}},
		Undo:    Undo{Actions: []Action{former.configBack()}},
		Rescue:  []Action{former.configBack()}, Rescued: former.configIs(),
	})
}

// warnUnlessAlone tells of a server that came later, and reads what was written before.
func (b *builder) warnUnlessAlone(alone HeededAlone) {
	if v := alone.Holds(b.facts); !v.Holds() {
		b.warnOf(alone.Server, "%s; %s", v.Why(), v.Hint())
	}
}
