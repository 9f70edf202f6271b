package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// planServe lets the server read its certificate: by a reload where it uses these paths already, else by a restart. It gives the steps that
// the next server waits for, none where nothing is to be done.
func (b *builder) planServe(s topology.Server, before []string) []string {
	goal := b.servesGoal(s)
	changed := b.has(stepID("files", s.Name)) || b.has(stepID("config", s.Name))
	if !changed && goal.Holds(b.facts).Holds() {
		return nil
	}
	step := Step{
		ID: stepID("serve", s.Name), Target: s.Name,
		Reason: b.whyServe(s, goal),
		Needs:  slices.Concat([]string{stepID("files", s.Name), stepID("config", s.Name)}, b.ownSteps("wake", s), before),
		Goal:   goal, Deadline: serverDeadline,
		Guards: []Guard{{Condition: b.setInUse(s, b.sets[s.Name])}},
	}
	if b.persists(s) && !b.keepsOurFiles(s) {
		b.planPersist(s, step)
		return []string{step.ID}
	}
	if b.readsOurFiles(s) && b.reloads(s) {
		b.planReload(s, step)
		return []string{step.ID}
	}
	if restart, ok := b.restartOf(s); ok {
		b.planRestart(restart, s, step)
	}
	return append([]string{step.ID}, b.ownSteps("resume", s)...)
}

// whyServe tells of the server as it is when the step begins: its files are in place then.
func (b *builder) whyServe(s topology.Server, goal Condition) string {
	switch {
	case b.facts.Server(s.Name).ServedTLS.IsAbsent():
		return fmt.Sprintf("%s offers no TLS", s.Name)
	case b.currentSet(s) == 0:
		return fmt.Sprintf("%s serves a certificate that is not of its TLS dir", s.Name)
	}
	return goal.Holds(b.facts).Why()
}

// reloads says that the server reads its certificate files again without a restart.
func (b *builder) reloads(s topology.Server) bool { return b.dialect(s.Name).FilesReload() }

func (b *basis) readsOurFiles(s topology.Server) bool {
	running, ours := b.facts.Server(s.Name).Settings.Or(facts.TLSSettings{}), b.ourPaths(s)
	if ours.CRL == "" {
		running.CRL = "" // somebody's choice, which is kept
	}
	return running == ours
}

// planReload has a way back: a server that cannot read the new set goes on with the one that it has read, but would not start with the new.
func (b *builder) planReload(s topology.Server, step Step) {
	step.Title = fmt.Sprintf("let %s read its new certificate", s.Name)
	step.Reason = "its certificate set changes"
	step.Impact = joined(fmt.Sprintf("%s reads its certificate anew: connections that stand are not cut", s.Name), b.newAuthorityImpact(s))
	step.Actions = []Action{ReloadTLS{Server: s.Name}}
	former := b.former(s)
	b.reload(&step, former, former.asReloaded())
}

// reload gives a step that ends with a reload its way back, and adds it.
func (b *builder) reload(step *Step, former formerServer, c change) {
	s := former.server
	step.Found = b.threadsOf(former.readers...)
	step.Rescue = former.back(c, ReloadTLS{Server: s.Name})
	step.Rescued = former.isBack(c, b.upAgain(s, b.disturbedBy(s)))
	step.Impact = joined(step.Impact, former.noWayBack())
	step.Rescue = append(step.Rescue, b.move(step, former)...)
	step.Undo = Undo{Actions: step.Rescue}
	b.add(*step)
}

// readersOf are the channels of a server whose running receivers read its set.
func (b *builder) readersOf(s topology.Server) []facts.ChannelID {
	var readers []facts.ChannelID
	for _, l := range b.links {
		if l.Channel.Server != s.Name || !b.threads[l.Channel].Receiver {
			continue
		}
		if channel, _ := b.facts.Channel(l.Channel).Get(); channel.TLS.Cert == currentFile(s, "cert.pem") {
			readers = append(readers, l.Channel)
		}
	}
	return readers
}

// disturbedBy are the channels whose threads a restart of the server touches: those that replicate from it, and its own.
func (b *builder) disturbedBy(s topology.Server) []facts.ChannelID {
	return append(b.fromServer(s), b.ownChannels(s)...)
}

func (b *builder) fromServer(s topology.Server) []facts.ChannelID {
	var ids []facts.ChannelID
	for _, l := range b.linksFrom(s.Name) {
		ids = append(ids, l.Channel)
	}
	return ids
}

func (b *builder) ownChannels(s topology.Server) []facts.ChannelID {
	var ids []facts.ChannelID
	for _, l := range b.links {
		if l.Channel.Server == s.Name {
			ids = append(ids, l.Channel)
		}
	}
	return ids
}

// ownSteps are the planned steps of a kind about the server's own channels.
func (b *builder) ownSteps(kind string, s topology.Server) []string {
	var ids []string
	for _, id := range b.ownChannels(s) {
		ids = append(ids, channelStepID(kind, id))
	}
	return b.presentOnly(ids)
}

func (b *builder) threadsOf(ids ...facts.ChannelID) map[facts.ChannelID]facts.Threads {
	found := map[facts.ChannelID]facts.Threads{}
	for _, id := range ids {
		found[id] = b.threads[id]
	}
	return found
}

// planWakes puts replication back after a restart. A receiver that was cut is woken at once: by itself it would try again only after its
// Connect_Retry, 60 s by default. The server's own receivers start with it, unless its settings say otherwise. A channel that moved with
// the server has its threads back already.
func (b *builder) planWakes(s topology.Server) {
	for _, l := range b.links {
		channel, _ := b.facts.Channel(l.Channel).Get()
		switch {
		case l.Source == s.Name && channel.GaveUp > 0: // its own change starts it
		case l.Source == s.Name && b.threads[l.Channel].Receiver && !b.moved[l.Channel]:
			step := b.wakeStep(l, "wake", s)
			step.Title = fmt.Sprintf("wake the receiver of %s", l.Channel)
			step.Reason = fmt.Sprintf("%s was restarted, and a receiver waits for its Connect_Retry before it tries again", s.Name)
			if b.dialect(l.Channel.Server).ForgetsLogins() {
				step.Guards = []Guard{{Condition: LoginWorks{Link: l}}}
			}
			if channel.Receiver != facts.Yes { // its own change may be what lets it in
				step.Goal = b.runsAgain(l)
			}
			b.add(step)
		case l.Channel.Server == s.Name:
			step := b.wakeStep(l, "resume", s)
			step.Title = fmt.Sprintf("see that channel %s runs again", l.Channel)
			step.Reason = fmt.Sprintf("%s was restarted, and its threads may not have started with it", s.Name)
			step.Goal = b.runsAgain(l)
			b.add(step)
		}
	}
}

// runsAgain waits for no receiver that was not connected: its own change, which comes later, may be what lets it back in.
func (b *builder) runsAgain(l Link) Condition {
	channel, _ := b.facts.Channel(l.Channel).Get()
	runs := Former{Link: l, Options: b.optionsAfter(l), Threads: b.threads[l.Channel], Apart: channel.Receiver != facts.Yes && !b.moved[l.Channel]}
	if runs.Apart || !runs.Threads.Receiver {
		return runs
	}
	return All(Attached{l}, runs)
}

func (b *builder) wakeStep(l Link, kind string, restarted topology.Server) Step {
	return Step{
		ID: channelStepID(kind, l.Channel), Target: l.Channel.Server,
		Needs: []string{stepID("serve", restarted.Name)},
		Goal:  Attached{l}, Deadline: threadDeadline,
		Actions: wake(l.Channel, b.threads[l.Channel]),
		Undo:    Undo{Reason: "nothing is changed"},
		Urgent:  true,
		Found:   b.threadsOf(l.Channel),
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

// wakeActions are those for all channels that a restart of the server touches, but for those that get their former options with it.
func (b *builder) wakeActions(s topology.Server) []Action {
	var actions []Action
	for _, id := range b.disturbedBy(s) {
		if id.Server == s.Name || b.threads[id].Receiver && !b.moved[id] {
			actions = append(actions, wake(id, b.threads[id])...)
		}
	}
	return actions
}

// wake lets a receiver connect at once. A thread that was found stopped, and started with its server, is stopped with it.
func wake(id facts.ChannelID, threads facts.Threads) []Action {
	actions := []Action{StopThreads{Channel: id, Threads: facts.Threads{Receiver: true, Applier: !threads.Applier}}}
	if threads != (facts.Threads{}) {
		actions = append(actions, StartThreads{Channel: id, Threads: threads})
	}
	return actions
}

// stopAgain stops the threads that were found stopped: a server that restarts starts them all, unless its settings say otherwise.
func (b *builder) stopAgain(s topology.Server) []Action {
	var actions []Action
	for _, id := range b.ownChannels(s) {
		if stopped := others(b.threads[id]); stopped != (facts.Threads{}) {
			actions = append(actions, StopThreads{Channel: id, Threads: stopped})
		}
	}
	return actions
}

func others(t facts.Threads) facts.Threads {
	return facts.Threads{Receiver: !t.Receiver, Applier: !t.Applier}
}

func (b *builder) stoppedImpact(s topology.Server) string {
	var told []string
	for _, action := range b.stopAgain(s) {
		if stop, is := action.(StopThreads); is {
			told = append(told, fmt.Sprintf("the %s of %s, which does not run, starts with the server and is stopped again at once (skip_slave_start in its option files keeps it from starting)",
				threadNames(stop.Threads), stop.Channel))
		}
	}
	return strings.Join(told, "; ")
}

// ownRun holds when the channels of a server have their threads and options as after the steps before.
func (b *builder) ownRun(s topology.Server) Condition {
	var conditions []Condition
	for _, l := range b.links {
		if l.Channel.Server == s.Name {
			conditions = append(conditions, b.runsAgain(l))
		}
	}
	return All(conditions...)
}
