package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// planServers lets each server that others replicate from serve its certificate, one server after the other.
func (b *builder) planServers() {
	before := ""
	for _, s := range b.cluster.Sources() {
		text, err := b.optionFile(s)
		if err != nil {
			b.block(s.Name, "choose another tls.dir in the inventory, or another --defaults-group-suffix for the server", "%v", err)
			continue
		}
		b.planConfig(s, text)
		if b.planServe(s, before) {
			before = stepID("serve", s.Name)
		}
	}
}

func (b *builder) optionFile(s topology.Server) (string, error) {
	suffix := b.facts.Server(s.Name).Config.Or(facts.Config{}).Suffix
	return b.dialect(s.Name).OptionFile(suffix, currentFile(s, "ca.pem"), currentFile(s, "cert.pem"), currentFile(s, "key.pem"))
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
		Reason: goal.Holds(b.facts).Why(),
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

// planServe lets the server read its certificate: by a reload where it uses these paths already, else by a restart.
func (b *builder) planServe(s topology.Server, before string) bool {
	goal := Serves{Server: s.Name}
	changed := b.has(stepID("files", s.Name)) || b.has(stepID("config", s.Name))
	if !changed && goal.Holds(b.facts).Holds() {
		return false
	}
	step := Step{
		ID: stepID("serve", s.Name), Target: s.Name,
		Reason: goal.Holds(b.facts).Why(),
		Needs:  []string{stepID("files", s.Name), stepID("config", s.Name), before},
		Goal:   goal, Deadline: serverDeadline,
		Guards: []Guard{{Condition: b.setInUse(s, b.sets[s.Name])}},
	}
	if b.readsOurFiles(s) {
		step.Title = fmt.Sprintf("let %s read its new certificate", s.Name)
		step.Reason = "its certificate set changes"
		step.Actions = []Action{ReloadTLS{Server: s.Name}}
		step.Undo = Undo{Actions: []Action{ReloadTLS{Server: s.Name}}}
		b.add(step)
		return true
	}
	restart, ok := b.restartOf(s)
	if ok {
		b.planRestart(restart, s, step)
	}
	return ok
}

func (b *builder) readsOurFiles(s topology.Server) bool {
	running := b.facts.Server(s.Name).Settings.Or(facts.TLSSettings{})
	return running == facts.TLSSettings{
		Enabled: true, CA: currentFile(s, "ca.pem"), Cert: currentFile(s, "cert.pem"), Key: currentFile(s, "key.pem"), CRL: running.CRL,
	}
}

// disturbedBy are the channels whose threads a restart of the server touches: those that replicate from it, and its own.
func (b *builder) disturbedBy(s topology.Server) []facts.ChannelID {
	var ids []facts.ChannelID
	for _, l := range b.links {
		if l.Source == s.Name || l.Channel.Server == s.Name {
			ids = append(ids, l.Channel)
		}
	}
	return ids
}

func (b *builder) threadsOf(ids ...facts.ChannelID) map[facts.ChannelID]facts.Threads {
	found := map[facts.ChannelID]facts.Threads{}
	for _, id := range ids {
		found[id] = b.threads[id]
	}
	return found
}

// planWakes wakes each receiver at once: by itself it would try again only after its Connect_Retry, 60 s by default.
func (b *builder) planWakes(s topology.Server) {
	for _, l := range b.links {
		if l.Source != s.Name && l.Channel.Server != s.Name || !b.threads[l.Channel].Receiver {
			continue
		}
		if b.needAlso(channelStepID("wake", l.Channel), stepID("serve", s.Name)) {
			continue
		}
		b.add(Step{
			ID: channelStepID("wake", l.Channel), Target: l.Channel.Server, Title: fmt.Sprintf("wake the receiver of %s", l.Channel),
			Reason: fmt.Sprintf("%s was restarted, and a receiver waits for its Connect_Retry before it tries again", s.Name),
			Needs:  []string{stepID("serve", s.Name)},
			Goal:   Attached{l}, Deadline: threadDeadline,
			Actions: wake(l.Channel, b.threads[l.Channel]),
			Undo:    Undo{Reason: "nothing is changed"},
			Urgent:  true,
			Found:   b.threadsOf(l.Channel),
		})
	}
}

// upAgain holds when the server answers, and each receiver that the plan found connected is so again.
func (b *builder) upAgain(s topology.Server, channels []facts.ChannelID) Condition {
	conditions := []Condition{Up{Server: s.Name}}
	for _, l := range b.links {
		if !slices.Contains(channels, l.Channel) {
			continue
		}
		if channel, _ := b.facts.Channel(l.Channel).Get(); channel.Receiver == facts.Yes {
			conditions = append(conditions, Attached{l})
		}
	}
	return All(conditions...)
}

// needAlso adds a need to a step, if it is in the plan.
func (b *builder) needAlso(id, need string) bool {
	place, ok := b.place[id]
	if ok {
		step := &b.plan.Steps[place]
		step.Needs = b.presentOnly(append(step.Needs, need))
	}
	return ok
}

func (b *builder) wakeActions(s topology.Server) []Action {
	var actions []Action
	for _, id := range b.disturbedBy(s) {
		if b.threads[id].Receiver {
			actions = append(actions, wake(id, b.threads[id])...)
		}
	}
	return actions
}

func wake(id facts.ChannelID, threads facts.Threads) []Action {
	return []Action{
		StopThreads{Channel: id, Threads: facts.Threads{Receiver: true}},
		StartThreads{Channel: id, Threads: threads},
	}
}
